"""A watched environment, from nothing to nothing: what watches is accepted by a real API server."""

from __future__ import annotations

import pytest

from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "123456789012"
    network: {cidr: 10.40.0.0/16, zones: 2}
    cluster: {version: "1.35"}
    pools:
      system: {instances: [m7i.2xlarge], min: 2, max: 3}
    teams:
      fraud: {members: ["arn:aws:iam::123456789012:role/fraud"], cpu: 4, memory: 8GiB}
    secrets: {}
    monitoring:
      remote_write: {}
      alerts:
        default: oncall
        receivers:
          oncall: {webhook: {secret: hook, key: url}}
    logs: {}
    costs: {}
"""


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    kinds = {item.type for item in lab.items()}
    assert kinds >= {
        "prometheus workspace",
        "log-group",
        "PrometheusRule",
        "PodMonitor",
        "ExternalSecret",
        "ConfigMap",
    }


def test_another_up_has_nothing_to_do(lab: Project) -> None:
    assert ops(lab, "up") == {}


def test_another_receiver_replaces_nothing(lab: Project) -> None:
    lab.edit("lab", "{secret: hook, key: url}", "{secret: hook, key: address}")
    assert set(ops(lab, "up")) == {"update"}


def test_down_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
