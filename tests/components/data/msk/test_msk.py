"""Kafka by Amazon MSK: what is made of it, and in which order."""

from __future__ import annotations

import json
import os
import subprocess
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.data.msk import access, metrics, settings, team, topic_job, topics
from components.data.msk.provisioned import Brokers, BrokersArgs
from components.data.msk.serverless import Serverless, ServerlessArgs
from infra.environment.kafka import Kafka
from infra.environment.kafka.managed import Managed
from infra.handles import EventStream, Metrics, TeamSpace
from tests.components import support
from tests.components.support import PLACE, SCOPE, Found

WATCHED = Metrics(namespace="monitoring", address="http://prometheus", consoles={}, ready=())
CLUSTER = "arn:aws:kafka:eu-west-1:111122223333:cluster/mlcluster-test-events/*"


def managed(**given: Any) -> Managed:
    return Managed.model_validate(given)


def kafka(**given: Any) -> Kafka:
    return Kafka.model_validate({"managed": {}, **given})


def brokers(*, metrics: Metrics | None = None, keep: bool = True, **given: Any) -> Found:
    args = BrokersArgs(
        scope=SCOPE,
        place=PLACE,
        managed=managed(**given),
        network=support.network(),
        cluster=support.cluster(),
        metrics=metrics,
        keep=keep,
    )
    return support.record_component(lambda opts: Brokers("kafka", args, opts))


@pytest.fixture(scope="module")
def plain() -> Found:
    return brokers()


@pytest.fixture(scope="module")
def watched() -> Found:
    return brokers(metrics=WATCHED, keep=False, grow_to="1TiB", grow_at=70, brokers=6, tiered=True)


def test_brokers_are_closed_and_encrypted(plain: Found) -> None:
    made = plain.inputs("Cluster")
    assert made["clientAuthentication"] == {"sasl": {"iam": True, "scram": False}, "unauthenticated": False}
    assert made["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    nodes = made["brokerNodeGroupInfo"]
    assert nodes["connectivityInfo"]["publicAccess"]["type"] == "DISABLED"
    assert nodes["clientSubnets"] == [f"subnet-private-{zone}" for zone in support.ZONES]
    assert (made["numberOfBrokerNodes"], made["kafkaVersion"]) == (3, "3.9.x.kraft")
    assert made["clusterName"] == "mlcluster-test-events"
    assert "openMonitoring" not in made
    assert made["storageMode"] == "LOCAL"


def test_only_pods_come_in(plain: Found) -> None:
    (rule,) = plain.all("SecurityGroupIngressRule")
    assert rule.inputs["referencedSecurityGroupId"] == "sg-cluster"
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (9098, 9098)
    assert plain.all("SecurityGroupEgressRule") == []


def test_what_brokers_need_is_there_first(plain: Found) -> None:
    before = plain.before(plain.one("Cluster"))
    assert {"Key::kafka", "LogGroup::kafka", "Configuration::kafka", "SecurityGroup::kafka"} <= before
    assert plain.inputs("LogGroup")["retentionInDays"] == 30


def test_what_stays_is_protected_with_its_key(plain: Found, watched: Found) -> None:
    assert (plain.one("Cluster").protect, plain.one("Key").protect) == (True, True)
    assert (watched.one("Cluster").protect, watched.one("Key").protect) == (False, False)


def test_volumes_grow_and_are_not_shrunk_again(plain: Found, watched: Found) -> None:
    assert plain.all("Target") == []
    target = watched.inputs("Target")
    assert (target["minCapacity"], target["maxCapacity"]) == (1, 1024)
    assert target["scalableDimension"] == "kafka:broker-storage:VolumeSize"
    policy = watched.inputs("Policy")["targetTrackingScalingPolicyConfiguration"]
    assert (policy["targetValue"], policy["disableScaleIn"]) == (70, True)
    ignored = watched.options("Cluster").ignore_changes
    assert ignored == ("brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize",)
    assert plain.options("Cluster").ignore_changes == ()


def test_prometheus_asks_every_broker(watched: Found) -> None:
    made = watched.inputs("Cluster")
    assert made["openMonitoring"]["prometheus"]["jmxExporter"] == {"enabledInBroker": True}
    assert made["storageMode"] == "TIERED"
    assert watched.names("ScrapeConfig") == ["kafka-msk-jmx", "kafka-msk-node"]
    ports = {rule.inputs["fromPort"] for rule in watched.all("SecurityGroupIngressRule")}
    assert ports == {9098, 11001, 11002}


def test_hosts_of_all_brokers_follow_from_some() -> None:
    some = "b-2.x.1.c1.kafka.us-east-1.amazonaws.com:9098,b-1.x.1.c1.kafka.us-east-1.amazonaws.com:9098"
    hosts = metrics.hosts(some, 4)
    assert hosts == [f"b-{number}.x.1.c1.kafka.us-east-1.amazonaws.com" for number in (1, 2, 3, 4)]
    config = metrics.scrape_configs(hosts)["msk-jmx"]
    assert config["staticConfigs"][0]["targets"][0] == f"{hosts[0]}:11001"
    assert metrics.hosts("boot-1.example.com:9098", 1) == ["boot-1.example.com"]


def test_brokers_lose_nothing_that_was_confirmed() -> None:
    lines = dict(line.split("=") for line in settings.server_properties(3).splitlines())
    assert lines["auto.create.topics.enable"] == "false"
    assert lines["unclean.leader.election.enable"] == "false"
    assert (lines["default.replication.factor"], lines["min.insync.replicas"]) == ("3", "2")
    two = dict(line.split("=") for line in settings.server_properties(2).splitlines())
    assert (two["default.replication.factor"], two["min.insync.replicas"]) == ("2", "1")


def test_serverless() -> None:
    args = ServerlessArgs(scope=SCOPE, network=support.network(), cluster=support.cluster(), keep=True)
    found = support.record_component(lambda opts: Serverless("kafka", args, opts))
    made = found.one("ServerlessCluster")
    assert made.inputs["clientAuthentication"] == {"sasl": {"iam": {"enabled": True}}}
    assert made.protect
    assert len(made.inputs["vpcConfigs"][0]["subnetIds"]) == 3


def test_topics() -> None:
    given = {
        "clicks": {"partitions": 12, "team": "fraud", "retention": "3d", "size": "12GiB"},
        "accounts": {"compact": True, "keep": "destroy"},
        "old": {"retention": "30d", "local": "1d", "replication": 2},
    }
    args = topics.MskTopicsArgs(kafka=kafka(topics=given), arn=support.known("arn:x"), zones=3)
    found = support.record_component(lambda opts: topics.MskTopics("topics", args, opts))
    clicks = found.one("Topic", "topic-clicks")
    assert (clicks.inputs["partitionCount"], clicks.inputs["replicationFactor"]) == (12, 3)
    assert json.loads(clicks.inputs["configs"]) == {
        "cleanup.policy": "delete",
        "min.insync.replicas": "2",
        "retention.bytes": str(2**30),
        "retention.ms": "259200000",
    }
    assert clicks.protect
    assert not found.one("Topic", "topic-accounts").protect
    old = found.inputs("Topic", "topic-old")
    assert old["replicationFactor"] == 2
    assert json.loads(old["configs"])["remote.storage.enable"] == "true"
    assert json.loads(old["configs"])["min.insync.replicas"] == "1"


def test_a_team_has_its_topics_and_nothing_else() -> None:
    rights = access.Rights(reads=["clicks", "views"], writes=["clicks"], groups=["fraud.*"])
    found = list(support.statements(access.policy(PLACE, "test", rights)))
    of = {action: one["Resource"] for one in found for action in one["Action"]}
    topic = "arn:aws:kafka:eu-west-1:111122223333:topic/mlcluster-test-events/*"
    assert of["kafka-cluster:WriteData"] == [f"{topic}/clicks"]
    assert of["kafka-cluster:ReadData"] == [f"{topic}/clicks", f"{topic}/views"]
    assert of["kafka-cluster:AlterGroup"] == [
        "arn:aws:kafka:eu-west-1:111122223333:group/mlcluster-test-events/*/fraud.*"
    ]
    assert of["kafka-cluster:Connect"] == [CLUSTER]
    assert not {"kafka-cluster:CreateTopic", "kafka-cluster:DeleteTopic", "kafka-cluster:*"} & of.keys()


def test_who_only_reads_cannot_write() -> None:
    rights = access.Rights(reads=["clicks"], writes=[], groups=["ops.*"])
    actions = {
        action for one in support.statements(access.policy(PLACE, "test", rights)) for action in one["Action"]
    }
    assert "kafka-cluster:ReadData" in actions
    assert not {action for action in actions if "Write" in action or "Transaction" in action}


def _team(name: str) -> Found:
    given = {"clicks": {"team": "fraud", "readers": ["ops"]}}

    def build(opts: pulumi.ResourceOptions) -> None:
        args = team.MskAccessArgs(
            scope=SCOPE,
            place=PLACE,
            team=name,
            home=SCOPE.environment,
            kafka=kafka(topics=given),
            stream=EventStream(kind="msk", bootstrap="b-1:9098", auth="iam"),
            space=TeamSpace(namespaces=(f"{name}-exploration", f"{name}-training"), ready=()),
            network=IPv4Network("10.0.0.0/16"),
        )
        team.MskAccess(f"kafka-{name}", args, opts)

    return support.record_component(build)


def test_a_team_gets_its_rights_by_the_role_of_its_pods() -> None:
    found = _team("fraud")
    policy = found.inputs("RolePolicy")
    assert policy["role"] == "mlcluster-test-team-fraud"
    assert "kafka-cluster:WriteData" in policy["policy"]
    assert "WriteData" not in _team("ops").inputs("RolePolicy")["policy"]
    (first, _) = found.all("NetworkPolicy")
    (rule,) = first.inputs["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.0/16"}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": 9098}]


def test_a_team_without_topics_gets_nothing() -> None:
    found = _team("nobody")
    assert found.all("RolePolicy") == []
    assert found.all("NetworkPolicy") == []


SHAPES = {"clicks": {"partitions": 6, "team": "fraud", "retention": "3d"}}


def test_a_job_makes_the_topics_of_a_serverless_cluster() -> None:
    section = Kafka.model_validate(
        {"managed": {"kind": "serverless"}, "topics": {"clicks": SHAPES["clicks"]}}
    )
    args = topic_job.TopicJobArgs(
        scope=SCOPE,
        place=PLACE,
        kafka=section,
        image="registry.example.com/kafka:4.3.1",
        stream=EventStream(kind="msk-serverless", bootstrap="boot-1:9098", auth="iam"),
        cluster=support.cluster(),
    )
    found = support.record_component(lambda opts: topic_job.TopicJob("topics", args, opts))
    job = found.one("Job")
    assert "PodIdentityAssociation::topics" in found.before(job)
    (container,) = job.inputs["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/kafka:4.3.1"
    assert "topic clicks 6 cleanup.policy=delete retention.ms=259200000" in container["command"][2]
    assert "min.insync" not in container["command"][2]
    of = {
        action: one["Resource"]
        for one in support.statements(found.inputs("RolePolicy")["policy"])
        for action in one["Action"]
    }
    assert of["kafka-cluster:CreateTopic"] == [
        "arn:aws:kafka:eu-west-1:111122223333:topic/mlcluster-test-events/*/clicks"
    ]
    assert not {action for action in of if "Data" in action or "Delete" in action}


def tools(folder: Path, partitions: int) -> Path:
    """Stand-ins of Kafka's tools, which say what they are called with, and how many partitions there are."""
    log = folder / "log"
    for tool in ("topics", "configs"):
        told = f'echo "Topic: x PartitionCount: {partitions} x"' if tool == "topics" else ":"
        file = folder / f"kafka-{tool}.sh"
        file.write_text(f'#!/bin/sh\necho {tool} "$@" >> {log}\n{told}\n')
        file.chmod(0o755)
    return log


def run(folder: Path, partitions: int) -> tuple[int, str, list[str]]:
    """Runs the job's script for one topic with 6 partitions, where there are so many."""
    section = Kafka.model_validate({"managed": {}, "topics": {"clicks": SHAPES["clicks"]}})
    log = tools(folder, partitions)
    shell = topic_job.script(section).replace("/opt/kafka/bin", str(folder))
    shell = shell.replace("/tmp/client.properties", str(folder / "client.properties"))
    done = subprocess.run(
        ["/bin/sh", "-c", shell],
        env={"BOOTSTRAP": "boot:9098", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, log.read_text().splitlines()


def test_the_script_makes_adds_and_changes(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, 3)
    assert (code, said) == (0, "")
    assert "--create --if-not-exists --topic clicks --partitions 6" in calls[0]
    assert calls[2].endswith("--alter --topic clicks --partitions 6")
    assert calls[3].endswith("--entity-name clicks --add-config retention.ms=259200000")
    assert "AWS_MSK_IAM" in (tmp_path / "client.properties").read_text()


def test_the_script_adds_no_partitions_that_are_there(tmp_path: Path) -> None:
    code, _, calls = run(tmp_path, 6)
    assert code == 0
    assert len(calls) == 3


def test_the_script_refuses_fewer_partitions(tmp_path: Path) -> None:
    code, said, _ = run(tmp_path, 12)
    assert code == 1
    assert said == "clicks has 12 partitions, which cannot become 6\n"
