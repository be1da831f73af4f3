"""Virtual clusters of EMR on EKS in the twin."""

from __future__ import annotations

from typing import Any

import pytest

from operations.twin.aws.cloud import ApiError
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, Made, network
from tests.operations.twin.aws.bench import cluster as make_cluster

TYPE = "aws:emrcontainers/virtualCluster:VirtualCluster"
ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/emr-containers.amazonaws.com/"
    "AWSServiceRoleForAmazonEMRContainers"
)


@pytest.fixture
def cluster(bench: Bench) -> Made:
    return make_cluster(bench, network(bench))


def provider(cluster: str, namespace: str) -> dict[str, Any]:
    return {"id": cluster, "type": "EKS", "info": {"eksInfo": {"namespace": namespace}}}


def let_in(bench: Bench, cluster: Made, user: str = "emr-containers") -> Made:
    return bench.make(
        "aws:eks/accessEntry:AccessEntry",
        clusterName=cluster["name"],
        principalArn=ROLE,
        type="STANDARD",
        userName=user,
    )


def test_virtual_clusters(bench: Bench, cluster: Made) -> None:
    let_in(bench, cluster)
    given = provider(cluster["name"], "fraud-training")
    made = bench.make(TYPE, name="mlcluster-dev-emr-fraud", containerProvider=given, tags=TAGS)
    assert made["arn"] == f"arn:aws:emr-containers:us-east-1:{ACCOUNT}:/virtualclusters/{made.id}"
    assert "virtual cluster" in [item.type for item in bench.package.inventory()]
    changed = bench.change(made, tags={"Name": "new"})
    assert (changed.id, changed["tags"]) == (made.id, {"Name": "new"})
    other = provider(cluster["name"], "search-training")
    assert bench.diff(changed, containerProvider=other)[1] == ("containerProvider",)
    assert bench.diff(changed, name="another")[1] == ("name",)
    bench.drop(changed)
    assert "virtual cluster" not in [item.type for item in bench.package.inventory()]
    again = bench.make(TYPE, name="mlcluster-dev-emr-fraud", containerProvider=given)
    assert again.id != made.id


def test_a_namespace_has_one(bench: Bench, cluster: Made) -> None:
    let_in(bench, cluster)
    given = provider(cluster["name"], "fraud-training")
    bench.make(TYPE, "one", name="one", containerProvider=given)
    with pytest.raises(ApiError, match="already exists in the given namespace"):
        bench.make(TYPE, "two", name="two", containerProvider=given)


@pytest.mark.parametrize("user", [None, "somebody"])
def test_emr_has_to_be_let_in_first(bench: Bench, cluster: Made, user: str | None) -> None:
    if user is not None:
        let_in(bench, cluster, user)
    with pytest.raises(ApiError, match=r"Unauthorized to perform read namespace on \(fraud-training\)"):
        bench.make(TYPE, name="one", containerProvider=provider(cluster["name"], "fraud-training"))


def test_the_cluster_has_to_be_there(bench: Bench) -> None:
    with pytest.raises(ApiError, match="No cluster found for name: nowhere"):
        bench.make(TYPE, name="one", containerProvider=provider("nowhere", "fraud-training"))
