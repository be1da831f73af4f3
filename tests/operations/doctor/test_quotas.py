from typing import Any

import pytest

from infra.catalog import quotas as catalog
from infra.environment.kafka import Kafka
from infra.environment.pools import Pool
from infra.environment.storage import Storage
from operations.doctor import quotas
from operations.doctor.demands import demands
from operations.doctor.finding import Finding
from tests.operations.doctor.conftest import Account, edited, patient

P = "L-417A185B"
STANDARD = "L-1216C47A"


def pools(**written: dict[str, Any]) -> dict[str, Pool]:
    return {name: Pool.model_validate(pool) for name, pool in written.items()}


def needed(**written: dict[str, Any]) -> dict[str, float]:
    return {quota.code: need for quota, need in demands(edited("prod", pools=pools(**written))).items()}


def test_pools_of_one_family_add_up_at_their_largest() -> None:
    need = needed(
        train={"instances": ["p4d.24xlarge"], "max": 16},
        more={"instances": ["p5.48xlarge"], "max": 2},
        system={"instances": ["m7i.xlarge"], "min": 1, "max": 3},
    )
    assert need[P] == 16 * 96 + 2 * 192
    assert need[STANDARD] == 3 * 4


def test_of_alternatives_the_largest_counts() -> None:
    assert needed(one={"instances": ["m7i.xlarge", "m7i.2xlarge"], "max": 5})[STANDARD] == 5 * 8


def test_what_is_bought_in_a_block_counts_for_no_quota_of_instances() -> None:
    block = {"block": "cr-0123456789abcdef0", "ends": "2026-12-05T11:30:00Z"}
    train = {"instances": ["p5.48xlarge"], "max": 16, "zone": "us-east-1a", "capacity": block}
    assert P not in needed(train=train)


def test_spot_has_quotas_of_its_own() -> None:
    need = needed(spark={"instances": ["r7i.8xlarge"], "max": 2, "capacity": "spot"})
    assert need["L-34B43A08"] == 64
    assert STANDARD not in need


@pytest.mark.parametrize(
    ("kind", "market", "code"),
    [
        ("p5en.48xlarge", "spot", "L-C4BD4855"),
        ("p4d.24xlarge", "spot", "L-7212CCBC"),
        ("p6-b300.48xlarge", "on-demand", P),
        ("g6e.xlarge", "on-demand", "L-DB2E81BA"),
        ("trn2.48xlarge", "on-demand", "L-2C3B7624"),
        ("inf2.xlarge", "spot", "L-B5D1601B"),
        ("c7i.large", "on-demand", STANDARD),
    ],
)
def test_a_type_counts_for_the_quota_of_its_family(kind: str, market: Any, code: str) -> None:
    assert catalog.vcpus(kind, market).code == code


def test_the_network_and_the_cluster_take_their_part() -> None:
    by_name = {quota.name: need for quota, need in demands(edited("prod")).items()}
    assert by_name["EC2-VPC Elastic IPs"] == 3
    assert by_name["VPCs per Region"] == 1
    assert by_name["Clusters"] == 1


def test_lustre_counts_its_capacity_by_kind() -> None:
    storage = Storage.model_validate(
        {"lustre": {"a": {"capacity": "48000GiB"}, "b": {"deployment": "scratch", "capacity": "1200GiB"}}}
    )
    by_name = {quota.name: need for quota, need in demands(edited("prod", storage=storage)).items()}
    assert by_name["Lustre Persistent_2 storage capacity"] == 48000
    assert by_name["Lustre Scratch storage capacity"] == 1200


@pytest.mark.parametrize(
    ("managed", "count"), [({}, 3), ({"brokers": 6}, 6), ({"kind": "serverless"}, None), (None, None)]
)
def test_brokers_that_msk_runs_count(managed: dict[str, Any] | None, count: int | None) -> None:
    kafka = None if managed is None else Kafka.model_validate({"managed": managed})
    by_name = {quota.name: need for quota, need in demands(edited("prod", kafka=kafka)).items()}
    assert by_name.get("Number of brokers per account") == count


def test_a_large_pool_counts_as_the_groups_that_it_is_made_of() -> None:
    train = {"instances": ["p4d.24xlarge"], "max": 512, "zone": "us-east-1a"}
    large = edited("prod", pools=pools(train=train))
    by_name = {quota.name: need for quota, need in demands(large).items()}
    assert by_name["Managed node groups per cluster"] == 2
    assert by_name["Nodes per managed node group"] == 256


def judged(account: Account, value: float) -> Finding:
    """What is found of the quota of P instances, with that value, for a pool of 16 times 96 vCPUs."""
    listed = [{"ServiceCode": "ec2", "QuotaCode": P, "Value": value}]
    account.answer("service-quotas", "ListServiceQuotas", {"Quotas": listed})
    environment = edited("prod", pools=pools(train={"instances": ["p4d.24xlarge"], "max": 16}))
    return next(one for one in quotas.check(patient(environment, account)) if "On-Demand P" in one.words)


def test_a_quota_with_room_passes_and_one_without_says_how_to_raise_it(account: Account) -> None:
    assert judged(account, 1536).status == "passed"
    short = judged(account, 1535)
    assert short.status == "failed"
    assert "request-service-quota-increase" in short.hint
    assert "--desired-value 1536" in short.hint


def test_what_others_run_takes_room_and_what_is_its_own_does_not(account: Account) -> None:
    ec2 = account.connect("ec2", "us-east-1")
    image = ec2.describe_images(Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"][0][
        "ImageId"
    ]
    for owner in ("else", "prod"):
        tags = [{"Key": "mlcluster:environment", "Value": owner}]
        ec2.run_instances(
            ImageId=image,
            InstanceType="p4d.24xlarge",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )
    found = judged(account, 1536)
    assert found.status == "failed"
    used = int(found.words.partition("besides ")[2].partition(" ")[0])
    assert used > 0
    assert judged(account, 1536 + used).status == "passed"


def test_a_quota_that_aws_does_not_list_is_a_warning(account: Account) -> None:
    account.answer("service-quotas", "ListServiceQuotas", {"Quotas": []})
    found = list(quotas.check(patient(edited("prod"), account)))
    assert {one.status for one in found} == {"warning"}
    assert len(found) == len(demands(edited("prod")))
