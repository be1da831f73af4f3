"""Ids of things at AWS that somebody else made."""

from __future__ import annotations

from typing import Annotated

from infra.environment.fields import Form


def _id(prefix: str, kind: str) -> Form:
    """The form of EC2's ids: 8 hexadecimal digits in old accounts, else 17.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
    """
    example = f"{prefix}-0123456789abcdef0"
    return Form(
        pattern=f"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})",
        wrong=f"is not the id of a {kind}",
        hint=f"write one such as {example}",
        example=example,
    )


VpcId = Annotated[str, _id("vpc", "VPC")]
SubnetId = Annotated[str, _id("subnet", "subnet")]
RouteTableId = Annotated[str, _id("rtb", "route table")]
TransitGatewayId = Annotated[str, _id("tgw", "transit gateway")]
