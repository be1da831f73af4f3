"""Who one is at AWS, and whether that is the account that the environment names."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient

_LOG_IN = "log in: aws sso login, or set AWS_PROFILE"


def check(patient: Patient) -> Iterator[Finding]:
    """Credentials, the account, and whether whoever runs this may administrate the cluster."""
    try:
        identity = patient.aws("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        yield failed("account", f"no credentials that AWS takes: {error}", _LOG_IN)
        return
    environment = patient.environment
    if identity["Account"] != environment.account:
        words = f"these credentials are for account {identity['Account']}, and the environment is in"
        yield failed("account", f"{words} {environment.account}", "choose another profile: AWS_PROFILE=…")
        return
    yield passed("account", f"{identity['Arn']} in account {identity['Account']}")
    admins = environment.cluster.admins if environment.cluster else ()
    if admins and principal(identity["Arn"]) not in admins:
        words = f"{principal(identity['Arn'])} is not among cluster.admins, so it could not reach the cluster"
        yield warning("account", words, "assume one of the roles there, or add it")


def principal(arn: str) -> str:
    """The role or user behind an identity, as policies and access entries name it.

    A session of a role has an ARN of its own. That of a role with a path leaves the path out, so such a role
    is not recognised: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    start, _, name = arn.partition(":assumed-role/")
    if not name:
        return arn
    return f"{start.replace(':sts:', ':iam:')}:role/{name.partition('/')[0]}"
