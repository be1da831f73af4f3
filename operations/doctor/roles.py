"""Roles that AWS' own services need in the account, and that nobody makes by the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from operations.doctor.finding import Finding, failed, passed
from operations.doctor.patient import Patient

SPOT: Final = "AWSServiceRoleForEC2Spot"
_MAKE: Final = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"


def check(patient: Patient) -> Iterator[Finding]:
    """Whether EC2 has its role for spot instances, where Karpenter is to ask for some.

    The first request of an account makes it, if whoever asks may; Karpenter may not, and its nodes would
    never come. Managed node groups have it made by EKS.
    https://karpenter.sh/v1.14/getting-started/getting-started-with-karpenter/
    """
    pools = patient.environment.pools
    wanting = [name for name, one in pools.items() if one.scaling == "karpenter" and one.market == "spot"]
    if not wanting:
        return
    who = f"pool {', '.join(wanting)}"
    if _has(patient, SPOT):
        yield passed("roles", f"{who}: the account has {SPOT}")
    else:
        yield failed("roles", f"{who}: the account has no role {SPOT}, so no spot instance starts", _MAKE)


def _has(patient: Patient, role: str) -> bool:
    try:
        patient.aws("iam").get_role(RoleName=role)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return False
        raise
    return True
