from typing import Any

import pulumi
import pytest

from components.tenancy import access, manifests
from components.tenancy.budget import TeamBudget, TeamBudgetArgs
from components.tenancy.team import LakeAccess, Team, TeamArgs
from infra.environment import teams
from infra.environment.pools import Pool
from infra.environment.pools.devices import devices
from infra.environment.storage.mounts import Mount
from tests.components.support import PLACE, SCOPE, Found, cluster, lake, record_component, statements

SETTINGS = {"members": ["oidc:one", "oidc:two"], "gpus": 8, "cpu": 10, "memory": "1TiB"}
NAMESPACES = ["fraud-exploration", "fraud-serving", "fraud-training"]


def recorded(with_lake: bool = True, **settings: Any) -> Found:
    section = teams.Team.model_validate({**SETTINGS, **settings})

    def build(opts: pulumi.ResourceOptions) -> None:
        way = LakeAccess(place=PLACE, cluster=cluster(), lake=lake()) if with_lake else None
        last = pulumi.ComponentResource("mlcluster:test:Last", "last", {}, opts)
        made = Team("fraud", TeamArgs(scope=SCOPE, name="fraud", team=section, lake=way, after=(last,)), opts)
        pulumi.export("namespaces", list(made.namespaces))

    return record_component(build)


def test_a_team_has_three_namespaces_and_the_same_in_each() -> None:
    found = recorded()
    assert sorted(found.recording.outputs["namespaces"]) == NAMESPACES
    assert sorted(one.inputs["metadata"]["name"] for one in found.all("Namespace")) == NAMESPACES
    for kind in ("ResourceQuota", "LimitRange", "ServiceAccount", "RoleBinding"):
        assert sorted(one.inputs["metadata"]["namespace"] for one in found.all(kind)) == NAMESPACES
    assert sorted({one.inputs["metadata"]["namespace"] for one in found.all("NetworkPolicy")}) == NAMESPACES


def test_everything_in_a_namespace_comes_after_it_and_goes_before_it() -> None:
    found = recorded()
    for one in found.resources:
        namespace = one.inputs.get("metadata", {}).get("namespace")
        if namespace is not None:
            assert found.one("Namespace", namespace).urn in one.dependencies


@pytest.mark.parametrize(
    ("phase", "level"), [("exploration", "baseline"), ("training", "baseline"), ("serving", "restricted")]
)
def test_namespaces_tell_whose_they_are_and_what_pods_may_be(phase: str, level: str) -> None:
    labels = recorded().inputs("Namespace", f"fraud-{phase}")["metadata"]["labels"]
    assert labels["mlcluster.io/team"] == "fraud"
    assert labels["mlcluster.io/phase"] == phase
    assert labels["mlcluster.io/environment"] == "test"
    assert labels["pod-security.kubernetes.io/enforce"] == level
    assert labels["pod-security.kubernetes.io/warn"] == "restricted"


def test_the_budget_is_written_on_the_namespaces() -> None:
    metadata = recorded(budget=40000).inputs("Namespace", "fraud-training")["metadata"]
    assert metadata["annotations"] == {"mlcluster.io/monthly-budget-usd": "40000.00"}
    without = recorded().inputs("Namespace", "fraud-training")["metadata"]
    assert "annotations" not in without, "an empty mapping would own the annotations that others write"


def test_the_quota_is_shared_and_nothing_of_it_is_lost() -> None:
    hard = {one.name: one.inputs["spec"]["hard"] for one in recorded().all("ResourceQuota")}
    assert hard["fraud-training"]["requests.nvidia.com/gpu"] == "4"
    assert sum(int(one["requests.nvidia.com/gpu"]) for one in hard.values()) == 8
    assert hard["fraud-training"]["requests.cpu"] == "5"
    assert hard["fraud-exploration"]["requests.cpu"] == "2500m"
    assert hard["fraud-training"]["requests.memory"] == "512Gi"


def test_no_team_opens_a_port_to_the_world() -> None:
    for one in recorded().all("ResourceQuota"):
        assert one.inputs["spec"]["hard"]["services.loadbalancers"] == "0"
        assert one.inputs["spec"]["hard"]["services.nodeports"] == "0"


def test_containers_that_ask_for_nothing_get_something_within_the_quota() -> None:
    (limit,) = recorded().inputs("LimitRange", "fraud-training")["spec"]["limits"]
    assert limit["defaultRequest"] == {"cpu": "250m", "memory": "512Mi"}
    assert limit["default"] == {"memory": "2Gi"}
    (small,) = recorded(cpu="200m", memory="400MiB").inputs("LimitRange", "fraud-training")["spec"]["limits"]
    assert small["defaultRequest"] == {"cpu": "100m", "memory": "200Mi"}
    assert small["default"] == {"memory": "200Mi"}


def policies() -> dict[str, dict[str, Any]]:
    prefix = "fraud-training-"
    return {
        one.name.removeprefix(prefix): dict(one.inputs["spec"])
        for one in recorded().all("NetworkPolicy")
        if one.name.startswith(prefix)
    }


def test_by_default_nothing_comes_in_or_goes_out() -> None:
    deny = policies()["default-deny"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_only_the_teams_own_namespaces_reach_each_other() -> None:
    own = [{"namespaceSelector": {"matchLabels": {"mlcluster.io/team": "fraud"}}}]
    same = policies()["same-team"]
    assert same["ingress"] == [{"from": own}]
    assert same["egress"] == [{"to": own}]
    assert not any("ingress" in spec for name, spec in policies().items() if name != "same-team")


def test_the_ways_out_are_names_credentials_and_https_but_not_instance_metadata() -> None:
    dns, credentials, https = policies()["ways-out"]["egress"]
    assert {(port["protocol"], port["port"]) for port in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    (to,) = dns["to"]
    assert to["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kube-system"}
    assert credentials["to"] == [{"ipBlock": {"cidr": "169.254.170.23/32"}}]
    assert credentials["ports"] == [{"protocol": "TCP", "port": 80}]
    assert https["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]
    assert https["ports"] == [{"protocol": "TCP", "port": 443}]


def test_members_are_bound_to_a_role_that_cannot_lift_its_own_limits() -> None:
    found = recorded()
    binding = found.inputs("RoleBinding", "fraud-serving")
    assert [one["name"] for one in binding["subjects"]] == ["oidc:one", "oidc:two"]
    assert {one["kind"] for one in binding["subjects"]} == {"Group"}
    (role,) = [
        one
        for one in found.all("Role")
        if one.type.startswith("kubernetes:") and one.inputs["metadata"]["namespace"] == "fraud-serving"
    ]
    assert binding["roleRef"]["name"] == role.inputs["metadata"]["name"]
    writes = {
        resource
        for rule in role.inputs["rules"]
        if {"create", "update", "patch", "delete"} & set(rule["verbs"])
        for resource in rule["resources"]
    }
    assert "pods" in writes
    limits = {
        "resourcequotas",
        "limitranges",
        "networkpolicies",
        "roles",
        "rolebindings",
        "serviceaccounts",
        "namespaces",
    }
    assert not limits & writes
    assert not any(
        "*" in rule[key] for rule in role.inputs["rules"] for key in ("apiGroups", "resources", "verbs")
    )


def test_pods_of_the_service_account_get_the_teams_role() -> None:
    found = recorded()
    associations = found.all("PodIdentityAssociation")
    assert sorted(one.inputs["namespace"] for one in associations) == NAMESPACES
    assert {one.inputs["serviceAccount"] for one in associations} == {access.SERVICE_ACCOUNT}
    assert {one.inputs["metadata"]["name"] for one in found.all("ServiceAccount")} == {access.SERVICE_ACCOUNT}
    assert {one.inputs["roleArn"] for one in associations} == {
        "arn:aws:iam::111122223333:role/mlcluster-test-team-fraud"
    }
    for one in associations:
        assert found.one("RolePolicy").urn in one.dependencies
    (role,) = [one for one in found.all("Role") if one.type.startswith("aws:")]
    (trust,) = statements(role.inputs["assumeRolePolicy"])
    condition = trust["Condition"]["StringEquals"]
    assert sorted(condition["aws:RequestTag/kubernetes-namespace"]) == NAMESPACES
    assert condition["aws:RequestTag/eks-cluster-name"] == "mlcluster-test"
    assert role.inputs["tags"]["mlcluster:team"] == "fraud"


def test_the_teams_role_reaches_its_own_prefix_and_nothing_else() -> None:
    listing, objects, key = statements(recorded().inputs("RolePolicy")["policy"])
    assert listing["Resource"] == [
        f"arn:aws:s3:::a-{zone}" for zone in ("raw", "curated", "features", "models")
    ]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["teams/fraud", "teams/fraud/*"]}}
    assert all(arn.endswith("/teams/fraud/*") for arn in objects["Resource"])
    assert len(objects["Resource"]) == 4
    assert key["Resource"] == "arn:aws:kms:eu-west-1:111122223333:key/1"
    assert key["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}


def test_without_a_lake_there_is_nothing_at_aws() -> None:
    found = recorded(with_lake=False)
    assert not [one for one in found.resources if one.type.startswith("aws:")]
    assert len(found.all("Namespace")) == 3


def test_what_all_teams_mount_can_be_read_and_nothing_beside_it() -> None:
    mounts = [
        Mount.model_validate({"path": "models/base"}),
        Mount.model_validate({"path": "datasets", "writable": True}),
        Mount.model_validate({"path": "raw"}),
    ]
    buckets = {zone: f"a-{zone}" for zone in ("raw", "curated", "features", "models")}
    found = {
        one["Sid"]: one
        for one in statements(access.lake_policy(PLACE, "fraud", buckets, "arn:key", mounts))
        if one["Sid"].startswith("Mount")
    }
    assert found["MountObjects0"]["Resource"] == "arn:aws:s3:::a-models/base/*"
    assert found["MountObjects0"]["Action"] == ["s3:GetObject"]
    assert found["MountList0"]["Condition"] == {"StringLike": {"s3:prefix": ["base/*"]}}
    assert found["MountObjects1"]["Resource"] == "arn:aws:s3:::a-curated/datasets/*"
    assert {"s3:PutObject", "s3:DeleteObject"} <= set(found["MountObjects1"]["Action"])
    assert found["MountObjects2"]["Resource"] == "arn:aws:s3:::a-raw/*"
    assert "Condition" not in found["MountList2"]


def test_of_a_team_that_leaves_data_stays_and_nobody_gets_in() -> None:
    before, found = recorded(), recorded(offboard=True)
    for kind in ("Namespace", "ResourceQuota", "LimitRange", "ServiceAccount", "NetworkPolicy"):
        assert {one.urn for one in found.all(kind)} >= {one.urn for one in before.all(kind)}
    bound = [one.inputs["subjects"] for one in found.all("RoleBinding")]
    assert {subject["kind"] for subjects in bound for subject in subjects} == {"ServiceAccount"}
    assert found.all("PodIdentityAssociation") == []
    assert found.all("RolePolicy") == []
    for one in found.all("ResourceQuota"):
        assert one.inputs["spec"]["hard"]["pods"] == "0"
    labels = found.inputs("Namespace", "fraud-training")["metadata"]["labels"]
    assert labels["mlcluster.io/leaving"] == "true"
    assert "mlcluster.io/leaving" not in before.inputs("Namespace", "fraud-training")["metadata"]["labels"]


def test_pods_of_a_team_that_leaves_are_stopped_when_none_can_follow() -> None:
    found = recorded(offboard=True)
    job = found.one("Job")
    assert {f"ResourceQuota::{name}" for name in NAMESPACES} <= found.before(job)
    assert job.inputs["metadata"]["namespace"] == "kube-system"
    pod = job.inputs["spec"]["template"]["spec"]
    account = found.inputs("ServiceAccount", "fraud-leaving")["metadata"]
    assert (account["name"], account["namespace"]) == (pod["serviceAccountName"], "kube-system")
    stopped = [[*one["args"][:3], one["args"][3].rpartition("=")[2]] for one in pod["containers"]]
    assert sorted(stopped) == [["delete", "pods", "--all", name] for name in NAMESPACES]
    for one in found.all("Role"):
        if one.name.startswith("fraud-leaving-"):
            (rule,) = one.inputs["rules"]
            assert (rule["apiGroups"], rule["resources"]) == ([""], ["pods"])
            assert "create" not in rule["verbs"]


def hard(pools: dict[str, dict[str, Any]], **team: Any) -> dict[str, str]:
    """The limits of the training namespace of a team where there are some pools."""
    section = teams.Team.model_validate({**SETTINGS, "gpus": 0, **team})
    there = devices([Pool.model_validate(pool) for pool in pools.values()])
    return manifests.quota(section.split()["training"], there)


TRAIN = {"instances": ["p4d.24xlarge"], "max": 2, "zone": "us-east-1a"}  # 8 GPUs and 4 EFA interfaces
TRAINIUM = {"instances": ["trn1.32xlarge"], "max": 2, "zone": "us-east-1a"}  # 16 devices and 8 interfaces


def test_adapters_go_with_accelerators() -> None:
    assert hard({"train": TRAIN}, gpus=16)["requests.vpc.amazonaws.com/efa"] == "4"
    assert hard({"train": TRAIN}, gpus=2)["requests.vpc.amazonaws.com/efa"] == "1"
    assert hard({"train": TRAIN})["requests.vpc.amazonaws.com/efa"] == "0"
    processors = {"instances": ["m7i.48xlarge"], "max": 1, "zone": "us-east-1a", "efa": True}
    assert "requests.vpc.amazonaws.com/efa" not in hard({"train": TRAIN, "mpi": processors}, gpus=1)
    without = {"one": {"instances": ["g6.xlarge"], "max": 1}}
    assert "requests.vpc.amazonaws.com/efa" not in hard(without, gpus=1)


def test_neuron_devices_are_asked_for_whole() -> None:
    limits = hard({"train": TRAINIUM}, neurons=32)
    assert limits["requests.aws.amazon.com/neuron"] == "16"
    assert limits["requests.aws.amazon.com/neuroncore"] == "0"
    assert limits["requests.vpc.amazonaws.com/efa"] == "8"
    assert hard({"train": TRAINIUM})["requests.aws.amazon.com/neuron"] == "0"
    assert not [name for name in hard({"train": TRAIN}) if "neuron" in name]


def test_a_budget_is_of_what_carries_the_teams_tag_in_its_environment() -> None:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = TeamBudgetArgs(scope=SCOPE, team="fraud", monthly=40000, notify=("a@example.com",))
        TeamBudget("budget-fraud", args, opts)

    budget = record_component(build).inputs("Budget")
    ands = [one["tags"] for one in budget["filterExpression"]["ands"]]
    assert ands == [
        {"key": "mlcluster:environment", "values": ["test"]},
        {"key": "mlcluster:team", "values": ["fraud"]},
    ]
    assert (budget["limitAmount"], budget["metrics"]) == ("40000.00", "UnblendedCost")
    assert {one["notificationType"] for one in budget["notifications"]} == {"ACTUAL", "FORECASTED"}
    assert all(one["subscriberEmailAddresses"] == ["a@example.com"] for one in budget["notifications"])
    assert budget["tags"]["mlcluster:team"] == "fraud"
