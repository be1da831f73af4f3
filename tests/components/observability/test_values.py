"""Values of the charts, against the charts' own, and what follows from what."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.observability import alerting, costs_values, efa_counters, logs_values, lustre_metrics
from components.observability.costs_values import Prices
from components.observability.logs_values import CloudWatch, Loki
from components.observability.prometheus_values import Console, Stack, values
from components.observability.sizing import size
from infra.catalog.charts import chart
from infra.catalog.instances import shape
from infra.environment.alerts import Alerts
from infra.environment.costs import Rates
from infra.units import DAY, GiB
from tests.components.chart_values import unknown_paths
from tests.components.storage.judging import complaints, needs_upstream

SIZE = size(nodes=20, gpus=8, retention_s=15 * DAY, storage=None)
ALERTS = Alerts.model_validate(
    {
        "default": "oncall",
        "teams": {"fraud": "fraud"},
        "receivers": {
            "oncall": {"pagerduty": {"secret": "pagerduty", "key": "integration"}},
            "fraud": {"slack": {"secret": "slack", "key": "url", "channel": "#fraud"}},
        },
    }
)
STACK = Stack(environment="test", size=SIZE, retention="15d", replicas=2, managed=True)
FULL = replace(
    STACK,
    efa=True,
    alerts=ALERTS,
    admin_secret="grafana-admin",
    console=Console(
        url="https://grafana.test.example.com",
        settings={"auth.generic_oauth": {"enabled": True}},
        secrets={"GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET": ("login", "client-secret")},
    ),
    remote_write={"url": "https://x/api/v1/remote_write", "sigv4": {"region": "eu-west-1"}},
)
RATES = Rates(cpu=0.02, memory=0.003, gpu=1.1, storage=0.0001)


@pytest.mark.parametrize("stack", [STACK, FULL, replace(STACK, managed=False, replicas=1)])
def test_the_chart_of_prometheus_has_all_values_that_are_set(stack: Stack) -> None:
    assert unknown_paths("kube-prometheus-stack", values(stack)) == []


@pytest.mark.parametrize("prices", [Prices(), Prices(listed=True), Prices(rates=RATES)])
def test_the_chart_of_opencost_has_all_values_that_are_set(prices: Prices) -> None:
    made = costs_values.values("test", "http://monitoring-prometheus.monitoring.svc:9090", prices)
    assert unknown_paths("opencost", made) == []


@needs_upstream
def test_prometheus_is_as_the_operator_wants_it() -> None:
    spec = values(FULL)["prometheus"]["prometheusSpec"]
    taken = ("replicas", "retention", "retentionSize", "externalLabels", "replicaExternalLabelName")
    manifest = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "monitoring"},
        "spec": {
            **{key: spec[key] for key in (*taken, "resources", "topologySpreadConstraints", "remoteWrite")},
            "storage": spec["storageSpec"],
        },
    }
    assert complaints(manifest) == []


def test_monitors_and_rules_of_every_namespace_count() -> None:
    spec = values(STACK)["prometheus"]["prometheusSpec"]
    for kind in ("rule", "serviceMonitor", "podMonitor", "probe", "scrapeConfig"):
        assert spec[f"{kind}SelectorNilUsesHelmValues"] is False


def test_what_the_cloud_keeps_to_itself_is_not_scraped() -> None:
    parts = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
    assert all(values(STACK)[part]["enabled"] is False for part in parts)
    assert not set(parts) & set(values(replace(STACK, managed=False)))


def test_no_password_is_among_the_values() -> None:
    text = json.dumps(values(FULL))
    assert "adminPassword" not in text
    assert values(FULL)["grafana"]["admin"] == {"existingSecret": "grafana-admin"}
    assert values(FULL)["grafana"]["envValueFrom"]["GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET"] == {
        "secretKeyRef": {"name": "login", "key": "client-secret"}
    }


def test_teams_alerts_go_to_their_receivers_and_all_others_to_the_default() -> None:
    config = values(FULL)["alertmanager"]["config"]
    assert config["route"]["receiver"] == "oncall"
    silent, fraud = config["route"]["routes"]
    assert silent["receiver"] == "null"
    assert fraud == {"receiver": "fraud", "matchers": ['team = "fraud"']}
    by_name = {one["name"]: one for one in config["receivers"]}
    assert by_name["fraud"]["slack_configs"][0]["api_url_file"] == "/etc/alertmanager/secrets/slack/url"
    assert (
        by_name["oncall"]["pagerduty_configs"][0]["routing_key_file"]
        == "/etc/alertmanager/secrets/pagerduty/integration"
    )
    assert values(FULL)["alertmanager"]["alertmanagerSpec"]["secrets"] == ["pagerduty", "slack"]


def test_without_receivers_nobody_is_told() -> None:
    config = alerting.config(None)
    assert config["route"]["receiver"] == "null"
    assert [one["name"] for one in config["receivers"]] == ["null"]


def test_two_keys_of_one_secret_come_together() -> None:
    both = Alerts.model_validate(
        {
            "default": "a",
            "teams": {"x": "b"},
            "receivers": {
                "a": {"webhook": {"secret": "hooks", "key": "first"}},
                "b": {"webhook": {"secret": "hooks", "key": "second"}},
            },
        }
    )
    assert alerting.keys(both) == {"hooks": {"first": "first", "second": "second"}}


def test_size_follows_nodes_and_retention() -> None:
    small = size(nodes=3, gpus=0, retention_s=15 * DAY, storage=None)
    large = size(nodes=600, gpus=4096, retention_s=15 * DAY, storage=None)
    long = size(nodes=3, gpus=0, retention_s=150 * DAY, storage=None)
    assert small.storage < long.storage
    assert small.memory == long.memory < large.memory
    assert small.storage < large.storage < 500 * GiB
    assert 8 * GiB < large.memory < 64 * GiB
    assert size(nodes=3, gpus=0, retention_s=DAY, storage=7 * GiB).storage == 7 * GiB


def test_prometheus_drops_old_data_before_its_volume_is_full() -> None:
    limit = values(STACK)["prometheus"]["prometheusSpec"]["retentionSize"]
    found = re.fullmatch(r"(\d+)MiB", limit)
    assert found is not None
    assert 0.8 < int(found[1]) * 1024 * 1024 / SIZE.storage < 0.9


def test_counters_of_adapters_are_written_as_prometheus_reads_them(tmp_path: Path) -> None:
    """The script itself, once over made-up counters."""
    counters = tmp_path / "sys/class/infiniband/rdmap0s29/ports/1/hw_counters"
    counters.mkdir(parents=True)
    (counters / "rx_bytes").write_text("42\n")
    (counters / "tx_bytes").write_text("7\n")
    (tmp_path / "out").mkdir()
    once = efa_counters.SCRIPT.replace("while true; do", "for once in 1; do").replace("sleep 15", "true")
    here = once.replace("/host/sys", f"{tmp_path}/sys").replace(efa_counters.FOLDER, f"{tmp_path}/out")
    subprocess.run(["sh", "-c", here], check=True)
    assert (tmp_path / "out/efa.prom").read_text().splitlines() == [
        'node_amazonefa_rx_bytes{device="rdmap0s29",port="1"} 42',
        'node_amazonefa_tx_bytes{device="rdmap0s29",port="1"} 7',
    ]


def test_the_exporters_own_exclusions_stay_beside_the_folder_of_counters() -> None:
    given = values(FULL)["prometheus-node-exporter"]["extraArgs"]
    upstream = Path(__file__).parents[4] / "shared/upstream/kube-prometheus-stack/values.yaml"
    if not upstream.is_file():
        pytest.skip("the chart's values are not in ../shared/upstream")
    theirs = yaml.load(upstream.read_text(), Loader=yaml.CSafeLoader)["prometheus-node-exporter"]["extraArgs"]
    assert given == [*theirs, "--collector.textfile.directory=/textfile"]


def test_the_price_list_is_as_opencost_reads_it() -> None:
    text = costs_values.price_list("eu-west-1", [shape("g6.xlarge"), shape("p5.48xlarge")], {"gp3": "gp3"})
    header, *rows = csv.reader(text.splitlines())
    assert header[:4] == ["EndTimestamp", "InstanceID", "Region", "AssetClass"]
    assert all(len(row) == len(header) for row in rows)
    nodes = {row[1]: row for row in rows if row[3] == "node"}
    assert float(nodes["g6.xlarge"][6]) == pytest.approx(shape("g6.xlarge").usd_per_hour)
    assert nodes["g6.xlarge"][4] == "metadata.labels.node.kubernetes.io/instance-type"
    assert float(nodes["p5.48xlarge"][6]) > 0
    (volume,) = [row for row in rows if row[3] == "pv"]
    assert (volume[1], volume[4]) == ("gp3", "spec.storageClassName")
    assert float(volume[6]) * 730 == pytest.approx(0.08, rel=1e-3)


def test_rates_of_the_file_are_opencosts() -> None:
    custom = costs_values.values("test", "http://a.b.svc:9090", Prices(rates=RATES))["opencost"][
        "customPricing"
    ]
    assert custom["enabled"] is True
    model = custom["costModel"]
    assert (model["CPU"], model["RAM"], model["GPU"], model["storage"]) == ("0.02", "0.003", "1.1", "0.0001")


def unknown(known: Mapping[str, Any], given: Mapping[str, Any], path: str = "") -> list[str]:
    """Paths of values that a chart which is not in ../shared/upstream does not have."""
    found = []
    for key, value in given.items():
        if key not in known:
            found.append(f"{path}{key}")
        elif isinstance(known[key], dict):
            found += unknown(known[key], value, f"{path}{key}.")
    return found


def test_charts_that_are_not_beside_the_checkout_have_all_values_that_are_set() -> None:
    charts = json.loads((Path(__file__).parent / "charts.json").read_text())
    to = Loki(host="x", port=80, tls=False, environment="test")
    made = {
        "fluent-bit": logs_values.values(to),
        "prometheus-yet-another-cloudwatch-exporter": lustre_metrics.values("test", "eu-west-1"),
    }
    for name, given in made.items():
        assert unknown(charts[name]["keys"], given) == []
        assert chart(name).version in charts[name]["source"]
        assert unknown(charts[name]["keys"], {"config": {"servise": ""}, "nonsense": 1})


def outputs(text: str) -> list[dict[str, str]]:
    sections = text.split("[OUTPUT]\n")[1:]
    settings = [[line.strip().partition(" ") for line in one.splitlines() if line] for one in sections]
    return [{key: value for key, _, value in one} for one in settings]


def test_logs_go_to_groups_that_fluent_bit_does_not_make() -> None:
    to = CloudWatch(region="eu-west-1", groups={"containers": "/x/containers", "nodes": "/x/nodes"})
    made = outputs(logs_values.values(to)["config"]["outputs"])
    assert [(one["Match"], one["log_group_name"]) for one in made] == [
        ("containers.*", "/x/containers"),
        ("nodes.*", "/x/nodes"),
    ]
    assert {one["auto_create_group"] for one in made} == {"Off"}


def test_logs_go_to_a_loki() -> None:
    to = Loki(host="loki.example.com", port=443, tls=True, environment="test")
    containers, nodes = outputs(logs_values.values(to)["config"]["outputs"])
    assert (containers["host"], containers["port"], containers["tls"]) == ("loki.example.com", "443", "On")
    assert "environment=test" in nodes["labels"]


def test_lustre_is_asked_for_by_the_environments_tag() -> None:
    config: dict[str, Any] = json.loads(lustre_metrics.values("test", "eu-west-1")["config"])
    (job,) = config["discovery"]["jobs"]
    assert job["type"] == "AWS/FSx"
    assert job["searchTags"] == [{"key": "mlcluster:environment", "value": "^test$"}]
    assert config["discovery"]["exportedTagsOnMetrics"] == {"AWS/FSx": ["Name"]}
