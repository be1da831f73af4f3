"""Spark in a stack: what exists, what comes first and goes last, and that without it nothing is there."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
import yaml

from infra import environment
from operations.recorder import record, record_program
from stacks import spark
from tests.components.support import Found
from tests.stacks.test_mesh import WHOLE as EDGE
from tests.stacks.test_platform import SETTINGS, parsed

STORAGE = {"lake": {"keep": "destroy"}, "catalog": {"keep": "destroy"}}
PROFILES = {
    "small": {},
    "gpu": {
        "executor": {"pool": "train", "cores": 8, "memory": "64GiB", "gpus": 1},
        "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/spark-rapids:1",
    },
}
SPACES = ("fraud-exploration", "fraud-training")


def of_spark(found: Found) -> list[str]:
    return [one.name for one in found.resources if "spark" in one.name or "emr" in one.name]


@pytest.fixture(scope="module")
def found() -> Found:
    more = {**EDGE, "monitoring": {}, "storage": STORAGE}
    return Found(record(parsed(**more, spark={"history": True, "profiles": PROFILES})))


@pytest.fixture(scope="module")
def managed() -> Found:
    given = {"managed": {"release": "emr-7.9.0-latest"}}
    return Found(record(parsed(storage=STORAGE, spark=given)))


def test_without_the_section_there_is_nothing_of_it() -> None:
    assert of_spark(Found(record(parsed()))) == []


def test_teams_come_after_the_operator_and_go_before_it(found: Found) -> None:
    for space in SPACES:
        before = found.before(found.one("ConfigMap", f"spark-fraud-{space}"))
        assert {"Release::spark-operator", f"Namespace::{space}"} <= before
    assert "ServiceAccount::spark-fraud-fraud-serving" not in {
        f"ServiceAccount::{name}" for name in found.names("ServiceAccount")
    }, "what serves runs no jobs"


def test_the_operator_knows_no_team(found: Found) -> None:
    names = json.dumps(found.inputs("Release", "spark-operator")["values"])
    assert "fraud" not in names


def test_it_is_watched_where_somebody_watches(found: Found) -> None:
    release = found.one("Release", "spark-operator")
    assert release.inputs["values"]["prometheus"]["podMonitor"]["create"] is True
    assert "Release::monitoring" in {name for name in found.before(release) if "monitoring" in name}


def test_without_an_edge_and_monitoring_nothing_is_let_out_or_watched() -> None:
    plain = Found(record(parsed(spark={"history": True})))
    values = plain.inputs("Release", "spark-operator")["values"]
    assert values["prometheus"]["podMonitor"]["create"] is False
    assert plain.names("HTTPRoute") == []
    assert plain.names("Deployment") == ["spark-history"]


def test_the_history_is_behind_the_login(found: Found) -> None:
    (route,) = [one for one in found.all("HTTPRoute") if one.name == "route-spark"]
    assert route.inputs["metadata"]["namespace"] == "spark-history"
    assert route.inputs["spec"]["hostnames"] == ["spark.test.ml.example.com"]
    assert "Service::spark-history" in found.before(route)
    policy = found.inputs("NetworkPolicy", "route-spark")
    labels = found.inputs("Deployment", "spark-history")["spec"]["template"]["metadata"]["labels"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["metadata"]["namespace"] == "spark-history"


def test_jobs_have_the_teams_part_of_the_lake_and_their_tables(found: Found) -> None:
    own = found.inputs("RolePolicy", "spark-fraud-lake")["policy"]
    assert own == found.inputs("RolePolicy", "fraud")["policy"], "as its other pods"
    assert "mlcluster_test/fraud__*" in found.inputs("RolePolicy", "spark-fraud-spark")["policy"]
    profile = yaml.safe_load(found.inputs("ConfigMap", "spark-fraud-fraud-training")["data"]["small.yaml"])
    assert profile["spec"]["sparkConf"]["spark.sql.catalog.lake.client.region"] == "eu-west-1"


def test_emr_runs_jobs_where_teams_train(managed: Found) -> None:
    assert "Release::spark-operator" not in {f"Release::{name}" for name in managed.names("Release")}
    made = managed.one("VirtualCluster", "emr-fraud")
    assert made.inputs["containerProvider"]["info"]["eksInfo"]["namespace"] == "fraud-training"
    assert {"AccessEntry::emr", "Namespace::fraud-training"} <= managed.before(made)
    assert list(managed.inputs("ConfigMap", "emr-fraud")["data"]) == ["standard.json"]


def test_on_an_existing_cluster_jobs_run_without_aws() -> None:
    data = {
        "mlcluster:environment": {
            "owner": "somebody",
            "platform": "kubernetes",
            "cluster": {"context": "lab"},
            "spark": {},
            "teams": SETTINGS["teams"],
        }
    }
    plain = Found(record(environment.parse("lab", data)))
    assert "spark-operator" in plain.names("Release")
    assert not [one for one in plain.resources if one.type.startswith("aws:")]
    profile = yaml.safe_load(plain.inputs("ConfigMap", "spark-fraud-fraud-training")["data"]["standard.yaml"])
    assert "hadoopConf" not in profile["spec"]


def test_a_stack_of_teams_has_what_the_platforms_stack_tells() -> None:
    env, told = parsed(spark={}), {"services": {"spark": {"events": "s3a://a-raw/spark-events/"}}}
    seen: list[Any] = []

    def program() -> None:
        handle = spark.elsewhere(env, lambda name: pulumi.Output.from_input(told[name]))
        assert handle is not None
        assert (handle.kind, handle.ready) == ("operator", ())
        pulumi.Output.from_input(handle.events).apply(seen.append)
        assert spark.elsewhere(parsed(), lambda _name: pulumi.Output.from_input({})) is None

    record_program(program)
    assert seen == ["s3a://a-raw/spark-events/"]
