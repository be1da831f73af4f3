"""A network that somebody else made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Cidr
from infra.environment.network.ids import SubnetId, VpcId
from infra.environment.section import Section
from infra.problems import Wrong


class GivenSubnet(Section):
    """A subnet that exists."""

    id: SubnetId
    """Its id."""
    cidr: Cidr
    """Its range, for the plan of addresses; it is not looked up."""


Subnets = Mapping[str, GivenSubnet]


class Existing(Section):
    """A VPC that exists, and the subnets of it to use. Nothing in it is made, changed or deleted."""

    vpc: VpcId
    """Its id."""
    private: Annotated[Mapping[str, GivenSubnet], Field(min_length=2, max_length=6)]
    """Subnets for nodes and their pods, one for each of 2 to 6 zones, by zone. They need a way out, and the
    tag `kubernetes.io/role/internal-elb: 1`. Karpenter is given them by id, and needs no tag."""
    intra: Mapping[str, GivenSubnet] = {}
    """Subnets for the control plane's network interfaces, in at least 2 zones, by zone. Default: those of
    `private`."""
    pods: Mapping[str, GivenSubnet] = {}
    """Subnets for pods alone, one for each zone of `private`, by zone. Default: pods live in `private`."""

    @field_validator("intra")
    @classmethod
    def _two_zones(cls, intra: Subnets) -> Subnets:
        if len(intra) == 1:
            raise Wrong("has one zone, and EKS needs two", "write another, or leave intra out")
        return intra

    @field_validator("pods")
    @classmethod
    def _same_zones(cls, pods: Subnets, info: ValidationInfo) -> Subnets:
        private = info.data.get("private", pods)
        missing, more = sorted(private.keys() - pods.keys()), sorted(pods.keys() - private.keys())
        if pods and (missing or more):
            raise Wrong(
                f"lacks {', '.join(missing)}" if missing else f"has {', '.join(more)}, which private has not",
                "write one subnet for each zone of private",
            )
        return pods

    @property
    def subnets(self) -> Mapping[str, GivenSubnet]:
        """All of them, by the path within this section: ``private.us-east-1a``."""
        kinds = {"private": self.private, "intra": self.intra, "pods": self.pods}
        return {f"{kind}.{zone}": one for kind, zones in kinds.items() for zone, one in zones.items()}
