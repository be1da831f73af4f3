"""How what watches an environment is put together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra import environment
from infra.environment.endpoints import endpoints
from infra.policies import judge
from operations.recorder import record
from stacks import observability
from tests.components.support import Found
from tests.stacks.test_platform import parsed

SECTIONS: dict[str, Any] = {"monitoring": {"remote_write": {}}, "logs": {}, "costs": {}, "secrets": {}}
LUSTRE = {"lake": {"keep": "destroy"}, "lustre": {"scratch": {"capacity": "1200GiB"}}}
OURS = ("fluent-bit", "monitoring", "opencost", "cloudwatch-exporter")


@pytest.fixture(scope="module")
def found() -> Found:
    recording = record(parsed(**SECTIONS, storage=LUSTRE))
    assert recording.warnings == ()
    assert judge(recording.resources) == ()
    return Found(recording)


def test_absent_sections_make_nothing() -> None:
    nothing = Found(record(parsed()))
    assert not [name for name in nothing.names("Release") if name in OURS]
    assert not nothing.all("PrometheusRule")


def test_each_chart_comes_after_what_it_needs(found: Found) -> None:
    assert set(OURS) <= set(found.names("Release"))
    for name in OURS:
        assert "Addon::system-addons-aws-ebs-csi-driver" in found.before(found.one("Release", name))
    for name in ("opencost", "cloudwatch-exporter"):
        assert "Release::monitoring" in found.before(found.one("Release", name))
    assert "Release::external-secrets" in found.before(found.one("Release", "monitoring"))


def test_gpus_tell_prometheus_once_it_knows_their_kind_of_monitor(found: Found) -> None:
    operator = found.one("Release", "gpu-operator")
    assert operator.inputs["values"]["dcgmExporter"]["serviceMonitor"]["enabled"] is True
    assert "Release::monitoring" in found.before(operator)


def test_what_is_watched_follows_from_what_there_is(found: Found) -> None:
    (rules,) = found.all("PrometheusRule")
    text = json.dumps(rules.inputs["spec"])
    assert "LustreFull" in text
    assert f"vector({1200 * 1024**3})" in text
    assert "mlcluster-test-lustre-scratch" in text
    (tagged,) = found.all("LustreFileSystem")
    assert tagged.inputs["tags"]["Name"] == "mlcluster-test-lustre-scratch"
    assert "EfaErrors" in text
    assert {"monitoring-mlcluster-gpu", "monitoring-mlcluster-cost"} <= set(found.names("ConfigMap"))


def test_prometheus_is_let_in_once_there_are_teams(found: Found) -> None:
    policy = found.one("NetworkPolicy", "metrics-fraud-training")
    assert "Namespace::fraud-training" in found.before(policy)


def test_prices_are_of_the_environments_own_instance_types(found: Found) -> None:
    prices = found.inputs("ConfigMap", "costs")["data"]["prices.csv"]
    assert "p4d.24xlarge" in prices
    assert "g6.xlarge" not in prices
    assert ",gp3," in prices


def test_prices_may_be_awss_own() -> None:
    given = Found(record(parsed(monitoring={}, costs={"prices": "aws"})))
    assert "costs" not in given.names("ConfigMap")


def test_nothing_secret_is_in_what_is_recorded(found: Found) -> None:
    text = json.dumps([dict(one.inputs) for one in found.resources if one.custom], default=str)
    assert "adminPassword" not in text


def test_an_existing_cluster_is_watched_too() -> None:
    settings = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {
            "context": "kind-lab",
            "nodes": {"big": {"count": 4, "gpus": 8, "cpu": 32, "memory": "256GiB"}},
        },
        "monitoring": {},
        "logs": {"to": "loki", "loki": "http://loki.loki:3100"},
        "costs": {"rates": {"cpu": 0.1, "memory": 0.1, "gpu": 1, "storage": 0}},
    }
    env = environment.parse("test", {"mlcluster:environment": settings})
    assert observability.features(env).gpus
    made = Found(record(env))
    assert set(made.names("Release")) >= {"fluent-bit", "monitoring", "opencost"}
    assert not [one for one in made.resources if one.type.startswith("aws:")]
    values = made.inputs("Release", "monitoring")["values"]
    assert "kubeEtcd" not in values, "what is one's own can be scraped"


def test_a_network_without_a_way_out_has_endpoints_for_metrics() -> None:
    network = {"cidr": "10.20.0.0/16", "zones": 3, "nat": "none"}
    env = parsed(network=network, monitoring={"remote_write": {}}, storage=LUSTRE)
    assert {"aps-workspaces", "monitoring"} <= set(endpoints(env))
    assert not {"aps-workspaces", "monitoring"} & set(endpoints(parsed(network=network)))
