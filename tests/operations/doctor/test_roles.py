import boto3
import pytest
from botocore.exceptions import ClientError

from infra.environment.pools import Pool
from infra.environment.spark import Spark
from operations.doctor import roles
from operations.doctor.finding import Finding
from tests.operations.doctor.conftest import Account, edited, patient

SPOT = {"instances": ["r7i.8xlarge"], "max": 4, "capacity": "spot", "scaling": "karpenter"}


def found(account: Account, **fields: object) -> list[Finding]:
    made = Pool.model_validate({**SPOT, **fields})
    return list(roles.check(patient(edited("prod", pools={"spark": made}), account)))


def test_karpenter_cannot_start_spot_instances_without_the_role(account: Account) -> None:
    (only,) = found(account)
    assert only.status == "failed"
    assert roles.SPOT in only.words
    assert "spark" in only.words
    assert only.hint == "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"


def test_with_the_role_all_is_well(account: Account) -> None:
    # moto gives roles of services other names than AWS, so the role is made by its real one.
    boto3.client("iam").create_role(
        RoleName=roles.SPOT, Path="/aws-service-role/spot.amazonaws.com/", AssumeRolePolicyDocument="{}"
    )
    (only,) = found(account)
    assert only.status == "passed"


@pytest.mark.parametrize("fields", [{"capacity": "on-demand"}, {"scaling": "managed"}])
def test_nobody_else_needs_it(account: Account, fields: dict[str, str]) -> None:
    account.answer("iam", "GetRole", "AccessDenied")
    assert found(account, **fields) == []


def test_who_may_not_look_is_told_by_the_report(account: Account) -> None:
    account.answer("iam", "GetRole", "AccessDenied")
    with pytest.raises(ClientError):
        found(account)


def of_emr(account: Account, spark: Spark | None) -> list[Finding]:
    return list(roles.check(patient(edited("prod", pools={}, spark=spark), account)))


MANAGED = Spark.model_validate({"managed": {"release": "emr-7.9.0-latest"}})


def test_emr_cannot_be_let_in_without_its_role(account: Account) -> None:
    (only,) = of_emr(account, MANAGED)
    assert only.status == "failed"
    assert only.hint == "aws iam create-service-linked-role --aws-service-name emr-containers.amazonaws.com"
    boto3.client("iam").create_role(
        RoleName=roles.EMR,
        Path="/aws-service-role/emr-containers.amazonaws.com/",
        AssumeRolePolicyDocument="{}",
    )
    (only,) = of_emr(account, MANAGED)
    assert only.status == "passed"


@pytest.mark.parametrize("spark", [None, Spark()])
def test_the_operator_needs_no_role_of_emrs(account: Account, spark: Spark | None) -> None:
    assert of_emr(account, spark) == []
