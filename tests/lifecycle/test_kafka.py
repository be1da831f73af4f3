"""The life of a Kafka in a cluster: it grows while it runs, and is not lost unless somebody says so twice."""

from __future__ import annotations

from typing import Any

import pytest

from infra import kafka as names
from infra.environment import load
from operations.guards import Refusal, keeps_no_data
from operations.twin.kubernetes.api import Ref
from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine

LAB = """\
config:
  mlcluster:environment:
    owner: ml-platform
    platform: kubernetes
    cluster: {context: somebody-elses}
    secrets: {}
    teams:
      fraud: {members: [scientists], cpu: 4, memory: 8GiB}
    kafka:
      brokers: 3
      storage: 50GiB
      keep: retain
      topics:
        events: {partitions: 6, team: fraud}
        audit: {}
"""


BROKERS = "kafka-KafkaNodePool-brokers"


def changed(project: Project) -> dict[str, str]:
    """What an `up` did to Strimzi's objects, by their names in the stack."""
    result = project.run("up", "lab")
    assert (result.result, result.errors) == ("succeeded", ())
    ours = (one for one in result.operations if names.API.split("/")[0] in one.urn)
    return {one.urn.rpartition("::")[2]: one.op for one in ours if one.op != "same"}


def live(project: Project, kind: str, name: str) -> Any:
    found = project.kubernetes().get(Ref(names.API, kind, name, names.NAMESPACE))
    assert found is not None, f"{kind} {name}"
    return found["spec"]


def test_up(lab: Project) -> None:
    assert set(changed(lab).values()) == {"create"}
    kinds = {item.type for item in lab.items()}
    assert kinds >= {"Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "KafkaRebalance", "ExternalSecret"}


def test_topics_brokers_and_disks_grow_in_place(lab: Project) -> None:
    lab.edit("lab", "partitions: 6", "partitions: 12")
    lab.edit("lab", "brokers: 3", "brokers: 4")
    lab.edit("lab", "storage: 50GiB", "storage: 80GiB")
    assert changed(lab) == {"topic-events": "update", BROKERS: "update"}
    assert live(lab, "KafkaTopic", "events")["partitions"] == 12
    brokers = live(lab, "KafkaNodePool", "brokers")
    assert (brokers["replicas"], brokers["storage"]["volumes"][0]["size"]) == (4, "80Gi")


def test_a_topic_that_is_kept_is_not_taken_out_by_accident(lab: Project) -> None:
    lab.edit("lab", "        audit: {}\n", "")
    with pytest.raises(Refusal, match="KafkaTopic topic-audit would be deleted"):
        lab.run("up", "lab")
    lab.edit("lab", "team: fraud}\n", "team: fraud}\n        audit: {}\n")


def test_what_is_kept_is_not_taken_down(lab: Project) -> None:
    with pytest.raises(Refusal, match=r"holds Kafka with all that is in it.*kafka.keep: retain"):
        keeps_no_data(load(lab.file("lab")))


def test_what_is_given_up_may_go_and_brokers_with_it(lab: Project) -> None:
    lab.edit("lab", "keep: retain", "keep: destroy")
    lab.edit("lab", "brokers: 4", "brokers: 3")
    assert changed(lab)[BROKERS] == "update"
    pool = live(lab, "KafkaNodePool", "brokers")
    assert (pool["replicas"], pool["storage"]["volumes"][0]["deleteClaim"]) == (3, True)
    assert live(lab, "Kafka", "main")["cruiseControl"]["autoRebalance"][1]["mode"] == "remove-brokers"


def test_what_is_given_up_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
