"""Roles that AWS' own services need in the account, and that nobody makes by the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from operations.doctor.finding import Finding, failed, passed
from operations.doctor.patient import Patient

SPOT: Final = "AWSServiceRoleForEC2Spot"
EMR: Final = "AWSServiceRoleForAmazonEMRContainers"
_MAKE: Final = "aws iam create-service-linked-role --aws-service-name"


def check(patient: Patient) -> Iterator[Finding]:
    """Whether the account has the roles that the environment's services cannot make for themselves."""
    yield from _spot(patient)
    yield from _emr(patient)


def _spot(patient: Patient) -> Iterator[Finding]:
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
        message = f"{who}: the account has no role {SPOT}, so no spot instance starts"
        yield failed("roles", message, f"{_MAKE} spot.amazonaws.com")


def _emr(patient: Patient) -> Iterator[Finding]:
    """Whether EMR has its role for EKS, which it is let into the cluster by.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/using-service-linked-roles.html
    """
    spark = patient.environment.spark
    if spark is None or spark.managed is None:
        return
    if _has(patient, EMR):
        yield passed("roles", f"spark.managed: the account has {EMR}")
    else:
        message = f"spark.managed: the account has no role {EMR}, so EMR cannot be let into the cluster"
        yield failed("roles", message, f"{_MAKE} emr-containers.amazonaws.com")


def _has(patient: Patient, role: str) -> bool:
    try:
        patient.aws("iam").get_role(RoleName=role)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return False
        raise
    return True
