"""Kafka by Amazon MSK, in a whole environment."""

from __future__ import annotations

from typing import Any

import pytest

from infra.policies import judge
from operations.recorder import record
from tests.components.storage.judging import UPSTREAM, complaints
from tests.components.support import Found
from tests.infra.environment.samples import small

TOPICS = {"clicks": {"partitions": 6, "team": "fraud"}}


def recorded(**managed: Any) -> Found:
    environment = small({"kafka": {"managed": managed, "topics": TOPICS}})
    found = Found(record(environment))
    assert judge(found.resources) == ()
    return found


@pytest.fixture(scope="module")
def provisioned() -> Found:
    return recorded()


def test_teams_come_after_brokers_and_go_before(provisioned: Found) -> None:
    before = provisioned.before(provisioned.one("RolePolicy", "kafka-fraud"))
    assert {"Cluster::kafka", "Topic::topic-clicks", "Role::fraud"} <= before


def test_rights_are_of_the_role_that_the_teams_pods_have(provisioned: Found) -> None:
    role = provisioned.inputs("Role", "fraud")
    assert provisioned.inputs("RolePolicy", "kafka-fraud")["role"] == role["name"]


def test_there_is_no_strimzi(provisioned: Found) -> None:
    kinds = {one.type for one in provisioned.resources}
    assert not [kind for kind in kinds if "kafka.strimzi.io" in kind]
    assert "strimzi-kafka-operator" not in {one.name for one in provisioned.resources}


def test_topics_of_a_serverless_cluster_are_made_by_a_job() -> None:
    found = recorded(kind="serverless", tools="111122223333.dkr.ecr.us-east-1.amazonaws.com/kafka:4.3.1")
    assert found.names("ServerlessCluster") == ["kafka"]
    assert found.all("Topic") == []
    assert "ServerlessCluster::kafka" in found.before(found.one("Job", "topics"))
    assert "Job::topics" in found.before(found.one("RolePolicy", "kafka-fraud"))


def test_prometheus_asks_brokers_by_objects_that_its_operator_takes() -> None:
    environment = small({"kafka": {"managed": {}, "topics": TOPICS}, "monitoring": {}})
    found = Found(record(environment))
    configs = found.all("ScrapeConfig")
    assert {one.inputs["metadata"]["name"] for one in configs} == {"msk-jmx", "msk-node"}
    assert {rule.inputs["fromPort"] for rule in found.all("SecurityGroupIngressRule")} >= {11001, 11002}
    if UPSTREAM.is_dir():
        assert [said for one in configs for said in complaints(dict(one.inputs))] == []
