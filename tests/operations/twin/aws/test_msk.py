"""MSK in the twin: clusters, their changes, configurations, topics, and volumes that grow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.twin.aws.cloud import ApiError
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, Made, Network, network

CLUSTER = "aws:msk/cluster:Cluster"
CONFIGURATION = "aws:msk/configuration:Configuration"
SERVERLESS = "aws:msk/serverlessCluster:ServerlessCluster"
TOPIC = "aws:msk/topic:Topic"
TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"


def _group(bench: Bench, at: Network) -> Made:
    return bench.make("aws:ec2/securityGroup:SecurityGroup", "events", vpcId=at.vpc.id, tags=TAGS)


def _nodes(at: Network, group: Made, **more: Any) -> dict[str, Any]:
    given = {
        "instanceType": "kafka.m7g.large",
        "clientSubnets": at.subnet_ids,
        "securityGroups": [group.id],
        "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}},
    }
    return given | more


def _cluster(bench: Bench, **more: Any) -> Made:
    at = network(bench)
    given = {
        "clusterName": "mlcluster-dev-events",
        "kafkaVersion": "3.9.x.kraft",
        "numberOfBrokerNodes": 2,
        "brokerNodeGroupInfo": _nodes(at, _group(bench, at)),
        "clientAuthentication": {"sasl": {"iam": True, "scram": False}, "unauthenticated": False},
        "encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS", "inCluster": True}},
        "tags": TAGS,
    }
    return bench.make(CLUSTER, "events", **(given | more))


def _sized(made: Made, gib: int) -> dict[str, Any]:
    return {**made.inputs["brokerNodeGroupInfo"], "storageInfo": {"ebsStorageInfo": {"volumeSize": gib}}}


def test_a_cluster_lives(bench: Bench) -> None:
    made = _cluster(bench)
    assert made["arn"].startswith(f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/mlcluster-dev-events/")
    assert made["bootstrapBrokersSaslIam"].count(":9098") == 2
    assert made["clientAuthentication"]["unauthenticated"] is False
    grown = bench.change(made, brokerNodeGroupInfo=_sized(made, 200), numberOfBrokerNodes=4)
    assert grown["numberOfBrokerNodes"] == 4
    assert grown["brokerNodeGroupInfo"]["storageInfo"]["ebsStorageInfo"]["volumeSize"] == 200
    newer = bench.change(grown, kafkaVersion="4.0.x.kraft", enhancedMonitoring="PER_BROKER")
    assert newer["kafkaVersion"] == "4.0.x.kraft"
    assert newer["currentVersion"] != made["currentVersion"]
    retagged = bench.change(newer, tags={"Name": "new"})
    assert retagged["tags"] == {"Name": "new"}
    assert "cluster" in {item.type for item in bench.package.inventory()}
    bench.drop(retagged)
    left = {item.type for item in bench.package.inventory()}
    assert "network-interface" not in left


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"numberOfBrokerNodes": 3}, "multiple"),
        ({"configurationInfo": {"arn": "arn:aws:kafka:x", "revision": 1}}, "configuration"),
        ({"encryptionInfo": {"encryptionAtRestKmsKeyArn": "arn:aws:kms:us-east-1:1:key/x"}}, "key"),
        (
            {"loggingInfo": {"brokerLogs": {"cloudwatchLogs": {"enabled": True, "logGroup": "x"}}}},
            "log group",
        ),
    ],
)
def test_what_msk_refuses(bench: Bench, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ApiError, match=said):
        _cluster(bench, **wrong)


def test_throughput_needs_large_brokers(bench: Bench) -> None:
    at = network(bench)
    volume = {"volumeSize": 100, "provisionedThroughput": {"enabled": True, "volumeThroughput": 300}}
    nodes = _nodes(at, _group(bench, at), storageInfo={"ebsStorageInfo": volume})
    with pytest.raises(ApiError, match="throughput"):
        bench.make(CLUSTER, "fast", clusterName="x", kafkaVersion="3.9.x.kraft", numberOfBrokerNodes=2,
                   brokerNodeGroupInfo=nodes)  # fmt: skip


def test_what_cannot_go_back(bench: Bench) -> None:
    made = _cluster(bench)
    with pytest.raises(ApiError, match="volume size"):
        bench.change(made, brokerNodeGroupInfo=_sized(made, 50))
    grown = bench.change(made, numberOfBrokerNodes=4)
    with pytest.raises(ApiError, match="remove brokers"):
        bench.change(grown, numberOfBrokerNodes=2)
    assert bench.diff(grown, kafkaVersion="3.8.x.kraft") == (("kafkaVersion",), ("kafkaVersion",))
    tiered = bench.change(grown, storageMode="TIERED")
    with pytest.raises(ApiError, match="Tiered"):
        bench.change(tiered, storageMode="LOCAL")


def test_what_makes_another_cluster(bench: Bench) -> None:
    made = _cluster(bench)
    nodes = {**made.inputs["brokerNodeGroupInfo"], "securityGroups": ["sg-other"]}
    assert bench.diff(made, brokerNodeGroupInfo=nodes)[1] == ("brokerNodeGroupInfo",)
    assert bench.diff(made, clusterName="other")[1] == ("clusterName",)
    larger = {**made.inputs["brokerNodeGroupInfo"], "instanceType": "kafka.m7g.xlarge"}
    assert bench.diff(made, brokerNodeGroupInfo=larger)[1] == ()


def test_a_configuration_has_revisions_and_stays_while_it_is_used(bench: Bench) -> None:
    made = bench.make(CONFIGURATION, name="mlcluster-dev-events", serverProperties="a=b\n")
    assert made["latestRevision"] == 1
    cluster = _cluster(bench, configurationInfo={"arn": made["arn"], "revision": 1})
    changed = bench.change(made, serverProperties="a=c\n")
    assert changed["latestRevision"] == 2
    followed = bench.change(cluster, configurationInfo={"arn": made["arn"], "revision": 2})
    assert followed["configurationInfo"]["revision"] == 2
    with pytest.raises(ApiError, match="in use"):
        bench.drop(changed)
    bench.drop(followed)
    bench.drop(changed)


def test_topics(bench: Bench) -> None:
    cluster = _cluster(bench)
    given = {"clusterArn": cluster["arn"], "name": "clicks", "partitionCount": 6, "replicationFactor": 2}
    made = bench.make(TOPIC, configs=json.dumps({"retention.ms": "604800000"}), **given)
    assert made["arn"].startswith(f"arn:aws:kafka:us-east-1:{ACCOUNT}:topic/mlcluster-dev-events/")
    changed = bench.change(made, partitionCount=12, configs=json.dumps({"retention.ms": "1000"}))
    assert json.loads(changed["configsActual"]) == {"retention.ms": "1000"}
    with pytest.raises(ApiError, match="12 partitions"):
        bench.change(changed, partitionCount=6)
    assert bench.diff(changed, replicationFactor=1)[1] == ("replicationFactor",)
    with pytest.raises(ApiError, match="already exists"):
        bench.make(TOPIC, "again", **given)
    with pytest.raises(ApiError, match="larger than available brokers"):
        bench.make(TOPIC, "many", **given | {"name": "views", "replicationFactor": 3})
    bench.drop(changed)


def test_serverless(bench: Bench) -> None:
    at = network(bench)
    group = _group(bench, at)
    made = bench.make(
        SERVERLESS,
        clusterName="mlcluster-dev-events",
        clientAuthentication={"sasl": {"iam": {"enabled": True}}},
        vpcConfigs=[{"subnetIds": at.subnet_ids, "securityGroupIds": [group.id]}],
        tags=TAGS,
    )
    assert "kafka-serverless" in made["bootstrapBrokersSaslIam"]
    topic = {"clusterArn": made["arn"], "name": "clicks", "partitionCount": 1, "replicationFactor": 3}
    with pytest.raises(ApiError, match="not supported for serverless"):
        bench.make(TOPIC, **topic)
    bench.drop(made)


def test_volumes_grow(bench: Bench) -> None:
    cluster = _cluster(bench)
    what = {
        "serviceNamespace": "kafka",
        "resourceId": cluster["arn"],
        "scalableDimension": "kafka:broker-storage:VolumeSize",
    }
    target = bench.make(TARGET, minCapacity=1, maxCapacity=500, tags=TAGS, **what)
    further = bench.change(target, maxCapacity=1000)
    assert further["maxCapacity"] == 1000
    growth = {
        "targetValue": 60,
        "disableScaleIn": True,
        "predefinedMetricSpecification": {"predefinedMetricType": "KafkaBrokerStorageUtilization"},
    }
    given = {"name": "grow", "policyType": "TargetTrackingScaling", **what}
    policy = bench.make(POLICY, targetTrackingScalingPolicyConfiguration=growth, **given)
    later = bench.change(policy, targetTrackingScalingPolicyConfiguration={**growth, "targetValue": 70})
    assert later["targetTrackingScalingPolicyConfiguration"]["targetValue"] == 70
    bench.drop(later)
    bench.drop(further)
