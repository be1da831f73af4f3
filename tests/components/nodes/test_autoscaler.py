import json
from pathlib import Path

import pulumi
import pytest
import yaml

from components.nodes import autoscaler, from_zero
from components.nodes.autoscaler import Autoscaler, AutoscalerArgs
from infra.environment.pools import Pool
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component

VALUES = Path(__file__).parents[4] / "shared" / "upstream" / "cluster-autoscaler" / "values.yaml"


def recorded() -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        Autoscaler("autoscaler", AutoscalerArgs(scope=SCOPE, place=PLACE, cluster=cluster()), opts)

    return record_component(build)


def test_it_only_changes_groups_of_its_own_cluster() -> None:
    looks, groups, changes = json.loads(autoscaler.policy(PLACE, "mlcluster-test"))["Statement"]
    assert all("Describe" in action or "Get" in action for action in looks["Action"])
    assert groups["Action"] == "eks:DescribeNodegroup"
    assert groups["Resource"].endswith(":111122223333:nodegroup/mlcluster-test/*/*")
    owned = {"aws:ResourceTag/k8s.io/cluster-autoscaler/mlcluster-test": "owned"}
    assert changes["Condition"] == {"StringEquals": owned}


def test_its_pods_are_those_that_have_the_rights() -> None:
    found = recorded()
    association = found.inputs("PodIdentityAssociation")
    values = found.inputs("Release")["values"]
    assert association["serviceAccount"] == values["rbac"]["serviceAccount"]["name"]
    assert association["namespace"] == found.inputs("Release")["namespace"] == "kube-system"
    assert values["autoDiscovery"] == {"clusterName": "mlcluster-test"}
    assert values["awsRegion"] == PLACE.region


def test_it_goes_before_its_rights_do() -> None:
    found = recorded()
    before = found.before(found.one("Release"))
    assert {"PodIdentityAssociation::autoscaler", "RolePolicy::autoscaler"} <= before


@pytest.mark.skipif(not VALUES.is_file(), reason="the chart's values are not in ../shared/upstream")
def test_the_chart_knows_its_values() -> None:
    known = yaml.safe_load(VALUES.read_text("utf-8"))
    assert autoscaler.values("c", "r").keys() <= known.keys()


def test_an_autoscaler_is_told_what_nodes_will_offer() -> None:
    pool = Pool.model_validate(
        {"instances": ["p4d.24xlarge"], "zone": "us-east-1a", "huge_pages": "10GiB", "sharing": {"mps": 4}}
    )
    said = {key.rpartition("/resources/")[2]: value for key, value in from_zero.tags(pool).items()}
    assert said == {
        "ephemeral-storage": "7812500000Ki",
        "hugepages-2Mi": "10Gi",
        "nvidia.com/gpu": "32",
        "vpc.amazonaws.com/efa": "4",
    }


def test_without_local_disks_scratch_is_on_the_volume() -> None:
    pool = Pool.model_validate({"instances": ["m7i.large"], "disk": "50GiB"})
    assert list(from_zero.tags(pool).values()) == ["50Gi"]
