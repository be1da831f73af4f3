"""The operator, the history server, and what teams have: with which rights, and in which order."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
import yaml

from components.data.spark import emr_manifests, history_manifests, operator_values, rights
from components.data.spark.emr import EmrAccess, EmrAccessArgs, TeamEmr, TeamEmrArgs
from components.data.spark.history import SparkHistory, SparkHistoryArgs
from components.data.spark.operator import SparkOperator, SparkOperatorArgs
from components.data.spark.team import AtAws, TeamSpark, TeamSparkArgs
from infra.catalog import spark as catalog
from infra.environment.spark import Managed, Spark
from infra.handles import TableCatalog
from tests.components.chart_values import unknown_paths
from tests.components.data.spark.support import AT_AWS, GPU, POOLS
from tests.components.support import PLACE, SCOPE, Found, cluster, known, lake, record_component, statements

SPACES = ("fraud-exploration", "fraud-training")
OWN = '{"Version": "2012-10-17", "Statement": []}'
CATALOG = TableCatalog(database=known("mlcluster_test"))


def operator(**given: Any) -> Found:
    return record_component(
        lambda opts: SparkOperator("spark-operator", SparkOperatorArgs(scope=SCOPE, **given), opts)
    )


def history(**settings: Any) -> Found:
    spark = Spark.model_validate({"history": True, **settings})

    def build(opts: pulumi.ResourceOptions) -> None:
        args = SparkHistoryArgs(scope=SCOPE, place=PLACE, cluster=cluster(), spark=spark, lake=lake())
        SparkHistory("spark-history", args, opts)

    return record_component(build)


def team(*, on_s3: bool = True, catalog: TableCatalog | None = CATALOG, **settings: Any) -> Found:
    spark = Spark.model_validate(settings)

    def build(opts: pulumi.ResourceOptions) -> None:
        args = TeamSparkArgs(
            scope=SCOPE,
            team="fraud",
            namespaces=SPACES,
            groups=("oidc:fraud",),
            spark=spark,
            pools=POOLS,
            lake=lake() if on_s3 else None,
            catalog=catalog if on_s3 else None,
            aws=AtAws(place=PLACE, cluster=cluster(), own=OWN) if on_s3 else None,
        )
        TeamSpark("spark-fraud", args, opts)

    return record_component(build)


def emr(**settings: Any) -> Found:
    managed = Managed(release="emr-7.9.0-latest")

    def build(opts: pulumi.ResourceOptions) -> None:
        EmrAccess("emr", EmrAccessArgs(scope=SCOPE, place=PLACE, cluster=cluster()), opts)
        args = TeamEmrArgs(
            scope=SCOPE,
            place=PLACE,
            cluster=cluster(),
            team="fraud",
            namespace="fraud-training",
            spark=Spark.model_validate(settings),
            managed=managed,
            lake=lake(),
            own=OWN,
            catalog=CATALOG,
        )
        TeamEmr("emr-fraud", args, opts)

    return record_component(build)


# --- the operator


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("monitored", [True, False])
def test_the_chart_has_the_values(replicas: int, monitored: bool) -> None:
    values = operator_values.values(replicas, monitored=monitored)
    assert unknown_paths("spark-operator", values) == []
    assert unknown_paths("spark-operator", {"spark": {"jobNamespace": [""]}}) == ["spark.jobNamespace"]


def test_the_operator_watches_all_namespaces_and_makes_nothing_in_them() -> None:
    values = operator().inputs("Release")["values"]
    assert values["spark"]["jobNamespaces"] == [""]
    assert values["spark"]["serviceAccount"] == {"create": False}
    assert values["spark"]["rbac"] == {"create": False}
    assert values["controller"]["leaderElection"] == {"enable": True}
    assert values["prometheus"]["podMonitor"]["create"] is False


def test_two_operators_are_spread_and_one_is_always_there() -> None:
    values = operator(replicas=2, monitored=True).inputs("Release")["values"]
    for part in ("controller", "webhook"):
        assert values[part]["replicas"] == 2
        assert values[part]["podDisruptionBudget"] == {"enable": True, "minAvailable": 1}
        assert values[part]["topologySpreadConstraints"]
    assert values["prometheus"]["podMonitor"]["create"] is True
    alone = operator().inputs("Release")["values"]
    assert "topologySpreadConstraints" not in alone["controller"], "the chart refuses it for a single pod"


def test_a_submission_has_room_for_the_packages_of_a_job() -> None:
    (volume,) = operator().inputs("Release")["values"]["controller"]["volumes"]
    assert volume == {"name": "tmp", "emptyDir": {"sizeLimit": "8Gi"}}


# --- the history server


def test_the_history_server_reads_the_logs_that_jobs_write() -> None:
    found = history(keep_events="14d")
    (container,) = found.inputs("Deployment")["spec"]["template"]["spec"]["containers"]
    command = container["command"]
    assert "spark.history.fs.logDirectory=s3a://a-raw/spark-events/" in command
    assert AT_AWS.events == "s3a://a-raw/spark-events/"
    assert "spark.history.fs.cleaner.maxAge=14d" in command
    assert command[command.index("--packages") + 1] == catalog.packages()["s3"]
    assert command[-1] == "spark-internal"


def test_an_image_with_all_it_needs_fetches_nothing() -> None:
    found = history(image="registry.example.com/spark:1", packages=[])
    (container,) = found.inputs("Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/spark:1"
    assert "--packages" not in container["command"]
    assert not [part for part in container["command"] if "ivy" in part]


def test_the_history_server_may_read_logs_and_remove_old_ones_and_no_more() -> None:
    policy = history().inputs("RolePolicy")["policy"]
    by_sid = {one["Sid"]: one for one in statements(policy)}
    assert by_sid["Events"]["Resource"] == "arn:aws:s3:::a-raw/spark-events/*"
    assert by_sid["Events"]["Action"] == ["s3:GetObject", "s3:DeleteObject"]
    assert by_sid["Names"]["Resource"] == ["arn:aws:s3:::a-raw"]
    assert set(by_sid) == {"Names", "Events", "Key"}


def test_the_history_server_goes_before_its_rights() -> None:
    found = history()
    before = found.before(found.one("Deployment"))
    assert {"PodIdentityAssociation::spark-history", "RolePolicy::spark-history"} <= before
    assert "Deployment::spark-history" in found.before(found.one("Service"))
    association = found.inputs("PodIdentityAssociation")
    assert (association["namespace"], association["serviceAccount"]) == ("spark-history", "spark-history")


def test_its_pod_is_restricted() -> None:
    found = history()
    labels = found.inputs("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    pod = found.inputs("Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    paths = {mount["mountPath"] for mount in container["volumeMounts"]}
    written = [part.partition("=")[2] for part in container["command"] if "=/work" in part]
    assert written
    assert "/work" in paths
    (port,) = found.inputs("Service")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (history_manifests.SERVICE_PORT, "http")


# --- teams


def test_each_namespace_has_an_account_for_jobs_that_may_make_executors() -> None:
    found = team()
    for space in SPACES:
        account = found.inputs("ServiceAccount", f"spark-fraud-{space}")
        assert (account["metadata"]["name"], account["metadata"]["namespace"]) == ("spark", space)
        (rule,) = found.inputs("Role", f"spark-fraud-{space}")["rules"]
        assert set(rule["resources"]) == {"pods", "services", "configmaps", "persistentvolumeclaims"}
        assert "secrets" not in rule["resources"]
        binding = found.inputs("RoleBinding", f"spark-fraud-{space}-members")
        assert binding["roleRef"]["name"] == "mlcluster-spark"
        assert [one["name"] for one in binding["subjects"]] == ["oidc:fraud"]


def test_members_may_hand_in_jobs() -> None:
    role = operator().inputs("ClusterRole")
    allowed = {kind: rule["verbs"] for rule in role["rules"] for kind in rule["resources"]}
    assert "create" in allowed["sparkapplications"]
    assert "create" in allowed["scheduledsparkapplications"]
    assert "update" not in allowed["sparkapplications/status"]


def test_each_profile_is_there_to_make_jobs_from() -> None:
    found = team(profiles={"small": {}, "gpu": GPU})
    data = found.inputs("ConfigMap", "spark-fraud-fraud-training")["data"]
    assert sorted(data) == ["gpu.yaml", "small.yaml"]
    manifest = yaml.safe_load(data["small.yaml"])
    assert manifest["metadata"]["namespace"] == "fraud-training"
    assert manifest["spec"]["sparkConf"]["spark.eventLog.dir"] == "s3a://a-raw/spark-events/"
    assert manifest["spec"]["sparkConf"]["spark.sql.catalog.lake.type"] == "glue"
    assert found.names("ConfigMap").count("spark-fraud-fraud-training-gpus") == 1
    assert [one for one in team().names("ConfigMap") if one.endswith("gpus")] == []
    assert list(team().inputs("ConfigMap", "spark-fraud-fraud-training")["data"]) == ["standard.yaml"]


def test_only_jobs_in_the_teams_namespaces_have_its_role() -> None:
    found = team()
    trust = json.loads(found.inputs("Role", "spark-fraud")["assumeRolePolicy"])["Statement"][0]
    condition = trust["Condition"]["StringEquals"]
    assert condition["aws:RequestTag/kubernetes-service-account"] == "spark"
    assert condition["aws:RequestTag/kubernetes-namespace"] == list(SPACES)
    for space in SPACES:
        association = found.inputs("PodIdentityAssociation", f"spark-fraud-{space}")
        assert (association["namespace"], association["serviceAccount"]) == (space, "spark")
    assert found.inputs("RolePolicy", "spark-fraud-lake")["policy"] == OWN


def test_jobs_change_their_teams_tables_and_see_all_of_them() -> None:
    policy = team().inputs("RolePolicy", "spark-fraud-spark")["policy"]
    by_sid = {one["Sid"]: one for one in statements(policy)}
    here = "arn:aws:glue:eu-west-1:111122223333"
    assert by_sid["Tables"]["Resource"] == [
        f"{here}:catalog",
        f"{here}:database/mlcluster_test",
        f"{here}:table/mlcluster_test/fraud__*",
    ]
    assert by_sid["See"]["Resource"][-1] == f"{here}:table/mlcluster_test/*"
    assert not [action for action in by_sid["See"]["Action"] if not action.startswith("glue:Get")]
    assert by_sid["Write"]["Resource"] == [
        "arn:aws:s3:::a-raw/spark-events/*",
        "arn:aws:s3:::a-curated/tables/fraud__*",
    ]


def test_without_a_catalog_nothing_is_allowed_there() -> None:
    for none in (None, TableCatalog(database=known(""))):
        assert "glue:" not in team(catalog=none).inputs("RolePolicy", "spark-fraud-spark")["policy"]


def test_no_teams_tables_begin_as_anothers() -> None:
    names = ("fraud", "fraud-eu", "a", "a-b", "a--b", "a-b-c", "frauds")
    prefixes = [rights.table_prefix(name) for name in names]
    for one in prefixes:
        assert [other for other in prefixes if other.startswith(one)] == [one]
        assert one.replace("_", "").isalnum(), "Glue and SQL take it without quotes"


def test_without_aws_there_is_no_role() -> None:
    found = team(on_s3=False)
    assert not found.all("RolePolicy")
    assert not found.all("PodIdentityAssociation")
    assert len(found.all("ServiceAccount")) == 2


# --- EMR


def test_emr_enters_under_the_name_that_it_has_rights_by() -> None:
    found = emr()
    entry = found.inputs("AccessEntry")
    assert entry["principalArn"].endswith("emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers")
    assert entry["userName"] == "emr-containers"
    assert "kubernetesGroups" not in entry
    (subject,) = found.inputs("RoleBinding")["subjects"]
    assert (subject["kind"], subject["name"]) == ("User", "emr-containers")
    (role,) = [one for one in found.all("Role") if one.type.startswith("kubernetes:")]
    words = {verb for rule in role.inputs["rules"] for verb in rule["verbs"]}
    assert words <= {"create", "delete", "deletecollection", "get", "list", "patch", "watch"}


def test_a_virtual_cluster_comes_after_emrs_rights_and_the_roles_of_its_jobs() -> None:
    found = emr()
    made = found.one("VirtualCluster")
    assert made.inputs["containerProvider"]["info"]["eksInfo"]["namespace"] == "fraud-training"
    before = found.before(made)
    assert "RoleBinding::emr-fraud" in before
    assert {
        f"PodIdentityAssociation::emr-fraud-{part}" for part in ("client", "driver", "executor")
    } <= before


def test_the_role_is_for_the_accounts_that_emr_makes_for_it() -> None:
    found = emr()
    (role,) = [one for one in found.all("Role") if one.type.startswith("aws:")]
    accounts = emr_manifests.accounts("111122223333", role.inputs["name"])
    trust = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Condition"]["StringEquals"]
    assert trust["aws:RequestTag/kubernetes-service-account"] == list(accounts)
    given = [one.inputs["serviceAccount"] for one in found.all("PodIdentityAssociation")]
    assert sorted(given) == sorted(accounts)


def test_accounts_are_called_as_awss_command_line_calls_them() -> None:
    number = int.from_bytes(b"a-role", "big")
    for part, name in zip(
        ("client", "driver", "executor"), emr_manifests.accounts("1", "a-role"), strict=True
    ):
        stem, _, digits = name.rpartition("-")
        assert stem == f"emr-containers-sa-spark-{part}-1"
        assert int(digits, 36) == number


def test_a_job_is_started_from_its_profile() -> None:
    found = emr(profiles={"large": {"executor": {"cores": 8, "memory": "48GiB", "pool": "spark"}, "max": 50}})
    asked = json.loads(found.inputs("ConfigMap")["data"]["large.json"])
    assert asked["releaseLabel"] == "emr-7.9.0-latest"
    (defaults,) = asked["configurationOverrides"]["applicationConfiguration"]
    properties = defaults["properties"]
    assert properties["spark.executor.cores"] == "8"
    assert properties["spark.dynamicAllocation.maxExecutors"] == "50"
    assert properties["spark.kubernetes.executor.node.selector.mlcluster.io/pool"] == "spark"
    assert properties["spark.kubernetes.driver.node.selector.eks.amazonaws.com/capacityType"] == "ON_DEMAND"
    logs = asked["configurationOverrides"]["monitoringConfiguration"]["s3MonitoringConfiguration"]
    assert logs["logUri"] == "s3://a-raw/teams/fraud/emr-logs/"
    assert properties["spark.jars"].startswith("local:///usr/share/aws/iceberg/"), "or it knows no Iceberg"
    fallback = properties["spark.storage.decommission.fallbackStorage.path"]
    assert fallback == "s3://a-raw/teams/fraud/spark-shuffle/"


def test_what_a_job_is_started_from_is_what_aws_asks() -> None:
    """By botocore's own model of the call, with the job's name and program added."""
    session = pytest.importorskip("botocore.session").get_session()
    validate = pytest.importorskip("botocore.validate").ParamValidator()
    shape = session.get_service_model("emr-containers").operation_model("StartJobRun").input_shape
    asked = json.loads(emr().inputs("ConfigMap")["data"]["standard.json"])
    driver = {"sparkSubmitJobDriver": {"entryPoint": "s3://a-raw/teams/fraud/jobs/clean.py"}}
    whole = {**asked, "virtualClusterId": "x", "executionRoleArn": "arn:aws:iam::111122223333:role/x-role"}
    report = validate.validate({**whole, "name": "clean", "clientToken": "1", "jobDriver": driver}, shape)
    assert not report.has_errors(), report.generate_report()
    assert validate.validate({**asked, "releaseLabels": "x"}, shape).has_errors()
