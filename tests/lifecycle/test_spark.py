"""Spark from nothing to nothing: the operator, then EMR in its place, by the real engine on a twin."""

from __future__ import annotations

import json

import pytest
import yaml

from operations.twin.kubernetes.api import Ref
from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "111122223333"
    network: {cidr: 10.30.0.0/16, zones: 2}
    cluster: {version: "1.35", oidc: {issuer: "https://login.example.com", client_id: kubernetes}}
    pools:
      system: {instances: [m7i.xlarge], min: 2, max: 4}
    storage:
      lake: {keep: destroy}
      catalog: {keep: destroy}
    spark: {history: true, profiles: {small: {max: 5}}}
    teams:
      fraud: {members: ["oidc:fraud"], cpu: 6, memory: 16GiB}
"""


def profiles(project: Project, called: str) -> dict[str, str]:
    """What a team makes its jobs from, as the cluster has it."""
    live = project.kubernetes().get(Ref("v1", "ConfigMap", called, "fraud-training"))
    assert live is not None
    data: dict[str, str] = live["data"]
    return data


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    application = yaml.safe_load(profiles(lab, "spark-profiles")["small.yaml"])
    events = application["spec"]["sparkConf"]["spark.eventLog.dir"]
    buckets = {item.id for item in lab.items() if item.type == "bucket"}
    assert events.removeprefix("s3a://").partition("/")[0] in buckets, "the name of a bucket that there is"
    assert ops(lab, "up") == {}


def test_a_profile_that_changes_changes_nothing_else(lab: Project) -> None:
    lab.edit("lab", "{max: 5}", "{max: 7}")
    # Pulumi's provider makes config maps anew: one in each of the namespaces for jobs.
    assert ops(lab, "up") == {"replace": 2}
    assert (
        yaml.safe_load(profiles(lab, "spark-profiles")["small.yaml"])["spec"]["dynamicAllocation"][
            "maxExecutors"
        ]
        == 7
    )


def test_emr_takes_the_operators_place(lab: Project) -> None:
    lab.edit("lab", "{history: true,", "{managed: {release: emr-7.9.0-latest},")
    ops(lab, "up")
    (cluster,) = [item for item in lab.items() if item.type == "virtual cluster"]
    asked = json.loads(profiles(lab, "emr-profiles")["small.json"])
    assert asked["virtualClusterId"] == cluster.id
    assert ops(lab, "refresh") == {}
    assert ops(lab, "up") == {}


def test_down_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
