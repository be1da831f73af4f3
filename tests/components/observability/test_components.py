"""What the components make, with which rights, and what goes before what."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.observability.costs import ClusterCosts, ClusterCostsArgs
from components.observability.costs_values import price_list
from components.observability.logs import ClusterLogs, ClusterLogsArgs, LogsAtAws
from components.observability.lustre_metrics import LustreMetrics, LustreMetricsArgs
from components.observability.prometheus import AtAws, ClusterMonitoring, MonitoringArgs
from components.observability.reach import TeamReach, TeamReachArgs
from infra.catalog.instances import shape
from infra.environment.costs import Costs
from infra.environment.logs import Logs
from infra.environment.monitoring import Monitoring
from infra.handles import Edge, Metrics, TeamSpace
from tests.components.observability.support import EVERYTHING
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements

ALERTS: dict[str, Any] = {
    "default": "oncall",
    "teams": {"fraud": "fraud"},
    "receivers": {
        "oncall": {"webhook": {"secret": "hook", "key": "url"}},
        "fraud": {"slack": {"secret": "slack", "key": "url", "channel": "#fraud"}},
    },
}


def monitored(*, aws: bool = True, edge: Edge | None = None, own: str | None = None, **given: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = MonitoringArgs(
            scope=SCOPE,
            monitoring=Monitoring.model_validate(given),
            aws=AtAws(place=PLACE, cluster=cluster()) if aws else None,
            features=EVERYTHING,
            nodes=10,
            gpus=8,
            replicas=2,
            own_dashboards={} if own is None else {"team": own},
            edge=edge or Edge(),
        )
        ClusterMonitoring("monitoring", args, opts)

    return record_component(build)


def security(found: Found) -> dict[str, str]:
    spaces = [one.inputs["metadata"] for one in found.all("Namespace")]
    return {one["name"]: one["labels"]["pod-security.kubernetes.io/enforce"] for one in spaces}


def test_only_what_looks_into_nodes_is_privileged() -> None:
    found = monitored()
    assert security(found) == {"monitoring": "restricted", "node-exporter": "privileged"}
    exporter = found.inputs("Release")["values"]["prometheus-node-exporter"]
    assert exporter["namespaceOverride"] == "node-exporter"


def test_without_anything_else_there_is_nothing_at_aws() -> None:
    found = monitored()
    assert not [one for one in found.resources if one.type.startswith("aws:")]
    assert found.inputs("Release")["values"]["prometheus"]["prometheusSpec"]["remoteWrite"] == []
    assert not found.all("ExternalSecret")


def test_metrics_are_also_written_to_a_workspace_by_prometheus_pods_alone() -> None:
    found = monitored(remote_write={})
    (written,) = found.inputs("Release")["values"]["prometheus"]["prometheusSpec"]["remoteWrite"]
    assert written["url"].endswith("/api/v1/remote_write")
    assert written["sigv4"] == {"region": PLACE.region}
    (statement,) = statements(found.inputs("RolePolicy")["policy"])
    assert statement["Action"] == ["aps:RemoteWrite"]
    association = found.inputs("PodIdentityAssociation")
    account = found.inputs("Release")["values"]["prometheus"]["serviceAccount"]["name"]
    assert (association["namespace"], association["serviceAccount"]) == ("monitoring", account)
    assert "PodIdentityAssociation::monitoring-remote" in found.before(found.one("Release"))
    assert found.inputs("Workspace")["tags"]["mlcluster:environment"] == "test"


def test_a_given_workspace_is_written_to_and_not_made() -> None:
    found = monitored(remote_write={"workspace": "ws-0a"})
    assert not found.all("Workspace")
    (written,) = found.inputs("Release")["values"]["prometheus"]["prometheusSpec"]["remoteWrite"]
    assert (
        written["url"]
        == "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-0a/api/v1/remote_write"
    )
    (statement,) = statements(found.inputs("RolePolicy")["policy"])
    assert statement["Resource"] == ["arn:aws:aps:eu-west-1:111122223333:workspace/ws-0a"]


def test_receivers_secrets_come_from_the_store_before_alertmanager() -> None:
    found = monitored(alerts=ALERTS, edge=Edge(store="platform", passwords=True))
    key = found.inputs("ExternalSecret", "monitoring-slack")["spec"]["data"][0]["remoteRef"]
    assert key == {"key": "mlcluster/test/platform/slack", "property": "url"}
    before = found.before(found.one("Release"))
    assert {"ExternalSecret::monitoring-slack", "ExternalSecret::monitoring-hook"} <= before


def test_without_a_store_secrets_are_there_already() -> None:
    found = monitored(alerts=ALERTS)
    assert not found.all("ExternalSecret")
    assert found.inputs("Release")["values"]["alertmanager"]["alertmanagerSpec"]["secrets"] == [
        "hook",
        "slack",
    ]


def test_the_administrators_password_is_made_in_the_cluster() -> None:
    found = monitored(edge=Edge(passwords=True))
    spec = found.inputs("ExternalSecret", "monitoring-admin-secret")["spec"]
    assert set(spec["target"]["template"]["data"]) == {"admin-user", "admin-password"}
    assert found.inputs("Release")["values"]["grafana"]["admin"] == {"existingSecret": "grafana-admin"}
    assert not found.all("Secret"), "a Secret of ours would be in the state"


def test_dashboards_are_found_by_their_label() -> None:
    found = monitored(own=json.dumps({"title": "Team", "uid": "team", "panels": []}))
    maps = found.all("ConfigMap")
    assert {one.inputs["metadata"]["labels"]["grafana_dashboard"] for one in maps} == {"1"}
    assert {one.inputs["metadata"]["annotations"]["grafana_folder"] for one in maps} == {"mlcluster", "Own"}
    for one in maps:
        ((file, text),) = one.inputs["data"].items()
        assert file.endswith(".json")
        assert json.loads(text)["title"]
    assert len(maps) == 11


@needs_upstream
def test_rules_are_accepted_and_come_after_their_kind() -> None:
    found = monitored()
    rule = found.one("PrometheusRule")
    assert complaints(rule.inputs) == []
    assert "Release::monitoring" in found.before(rule)


@needs_upstream
def test_monitors_are_accepted_and_come_after_their_kind() -> None:
    found = monitored()
    assert found.names("PodMonitor") == ["monitoring-cert-manager", "monitoring-mesh"]
    for one in found.all("PodMonitor"):
        assert complaints(one.inputs) == []
        assert "Release::monitoring" in found.before(one)


def test_prometheus_and_nobody_else_is_let_into_teams_namespaces() -> None:
    def build(opts: pulumi.ResourceOptions) -> None:
        space = TeamSpace(namespaces=("fraud-training", "fraud-serving"), ready=())
        TeamReach("metrics", TeamReachArgs(scope=SCOPE, teams={"fraud": space}), opts)

    policies = {
        one.inputs["metadata"]["namespace"]: one.inputs["spec"]
        for one in record_component(build).all("NetworkPolicy")
    }
    assert set(policies) == {"fraud-training", "fraud-serving"}
    for spec in policies.values():
        assert spec["policyTypes"] == ["Ingress"]
        ((let_in,),) = [one["from"] for one in spec["ingress"]]
        assert let_in["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
        assert let_in["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}


def test_alerts_link_to_the_given_address() -> None:
    found = monitored(runbooks="https://wiki.example.com/r")
    rules = found.inputs("PrometheusRule")["spec"]["groups"][1]["rules"]
    assert all(
        rule["annotations"]["runbook_url"] == f"https://wiki.example.com/r/{rule['alert']}.md"
        for rule in rules
    )


def logged(*, aws: bool = True, **given: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        site = LogsAtAws(place=PLACE, cluster=cluster()) if aws else None
        ClusterLogs("logs", ClusterLogsArgs(scope=SCOPE, logs=Logs.model_validate(given), aws=site), opts)

    return record_component(build)


def test_logs_are_encrypted_kept_as_long_as_was_said_and_written_by_fluent_bit_alone() -> None:
    found = logged(retention="90d")
    groups = {one.inputs["name"]: one.inputs for one in found.all("LogGroup")}
    assert set(groups) == {"/mlcluster/mlcluster-test/containers", "/mlcluster/mlcluster-test/nodes"}
    assert {one["retentionInDays"] for one in groups.values()} == {90}
    assert all(one["kmsKeyId"] for one in groups.values())
    _, service = statements(found.inputs("Key")["policy"])
    arns = service["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    assert {arn.partition("log-group:")[2] for arn in arns} == set(groups)
    (statement,) = statements(found.inputs("RolePolicy")["policy"])
    assert "logs:CreateLogGroup" not in statement["Action"]
    assert all(":log-group:/mlcluster/mlcluster-test/" in arn for arn in statement["Resource"])
    before = found.before(found.one("Release"))
    assert {"LogGroup::logs-containers", "LogGroup::logs-nodes", "PodIdentityAssociation::logs"} <= before


@pytest.mark.parametrize("aws", [True, False])
def test_logs_for_a_loki_need_nothing_at_aws(aws: bool) -> None:
    found = logged(aws=aws, to="loki", loki="http://loki.loki:3100")
    assert not [one for one in found.resources if one.type.startswith("aws:")]
    assert "port 3100" in found.inputs("Release")["values"]["config"]["outputs"]


def spent(prices: str | None, **given: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        metrics = Metrics(
            namespace="monitoring", address="http://p.monitoring.svc:9090", consoles={}, ready=()
        )
        args = ClusterCostsArgs(
            scope=SCOPE, costs=Costs.model_validate(given), metrics=metrics, price_list=prices
        )
        ClusterCosts("costs", args, opts)

    return record_component(build)


def test_costs_are_reckoned_by_the_catalogs_prices() -> None:
    found = spent(price_list("eu-west-1", [shape("g6.xlarge")], {}))
    assert "g6.xlarge" in found.inputs("ConfigMap")["data"]["prices.csv"]
    values = found.inputs("Release")["values"]
    assert values["opencost"]["exporter"]["extraEnv"]["CSV_PATH"].endswith("/prices.csv")
    assert values["extraVolumes"][0]["configMap"]["name"] == found.inputs("ConfigMap")["metadata"]["name"]
    assert values["opencost"]["prometheus"]["internal"] == {
        "enabled": True,
        "serviceName": "p",
        "namespaceName": "monitoring",
        "port": 9090,
    }
    assert "ConfigMap::costs" in found.before(found.one("Release"))


def test_costs_on_ones_own_machines_are_what_the_file_says() -> None:
    found = spent(None, rates={"cpu": 0.02, "memory": 0.003, "gpu": 1.1, "storage": 0.0001})
    assert not found.all("ConfigMap")
    assert found.inputs("Release")["values"]["opencost"]["customPricing"]["costModel"]["GPU"] == "1.1"


def test_lustre_is_read_with_rights_to_look_only() -> None:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = LustreMetricsArgs(scope=SCOPE, place=PLACE, cluster=cluster())
        LustreMetrics("lustre-metrics", args, opts)

    found = record_component(build)
    (statement,) = statements(found.inputs("RolePolicy")["policy"])
    assert all(action.split(":")[1].startswith(("Get", "List")) for action in statement["Action"])
    association = found.inputs("PodIdentityAssociation")
    assert association["serviceAccount"] == found.inputs("Release")["values"]["serviceAccount"]["name"]
