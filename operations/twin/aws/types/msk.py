"""MSK: clusters of Kafka."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import read_tags, retag
from operations.twin.aws.values import decapitalised

_TAGS: Final = retag(
    lambda operation, keys: operation.call("untag_resource", {"ResourceArn": operation.id, "TagKeys": keys}),
    lambda operation, tags: operation.call("tag_resource", {"ResourceArn": operation.id, "Tags": tags}),
)


def _authentication(operation: Operation) -> dict[str, Any] | None:
    """Switches are plain to Pulumi, and things with a switch to MSK."""
    given = operation.inputs.get("clientAuthentication")
    if given is None:
        return None
    sasl = {
        name: {"Enabled": given["sasl"][name]} for name in ("iam", "scram") if name in given.get("sasl", {})
    }
    made: dict[str, Any] = {"Sasl": sasl} if sasl else {}
    if "unauthenticated" in given:
        made["Unauthenticated"] = {"Enabled": given["unauthenticated"]}
    return made


def _encryption(operation: Operation) -> dict[str, Any] | None:
    given = operation.inputs.get("encryptionInfo")
    if given is None:
        return None
    key = given.get("encryptionAtRestKmsKeyArn")
    at_rest = {"EncryptionAtRest": {"DataVolumeKMSKeyId": key}} if key else {}
    return {**at_rest, "EncryptionInTransit": given.get("encryptionInTransit")}


def _in_transit(operation: Operation) -> dict[str, Any]:
    """What of encryption can be changed: that of clients' traffic."""
    given = (operation.inputs.get("encryptionInfo") or {}).get("encryptionInTransit") or {}
    return {"EncryptionInTransit": {"ClientBroker": given.get("clientBroker", "TLS")}}


def _found(operation: Operation) -> dict[str, Any] | None:
    arguments = {"ClusterArn": operation.id}
    found: dict[str, Any] | None = operation.find("describe_cluster_v2", "ClusterInfo", arguments)
    if found is None:
        return None
    return {**found, "Bootstrap": operation.find("get_bootstrap_brokers", "@", arguments) or {}}


def _changed(operation: Operation, method: str, arguments: Mapping[str, Any]) -> None:
    """One change; MSK numbers the cluster's versions, and takes no change of one that is over."""
    current = operation.call("describe_cluster_v2", {"ClusterArn": operation.id})
    version = current["ClusterInfo"]["CurrentVersion"]
    operation.call(method, {"ClusterArn": operation.id, "CurrentVersion": version, **arguments})


def _change(method: str, **templates: Any) -> Callable[[Operation], None]:
    def step(operation: Operation) -> None:
        _changed(operation, method, operation.fill(templates))

    return step


def _nodes(operation: Operation) -> None:
    """The size of brokers, and their volumes."""
    old, new = operation.old.get("brokerNodeGroupInfo") or {}, operation.inputs["brokerNodeGroupInfo"]
    if old.get("instanceType") != new["instanceType"]:
        _changed(operation, "update_broker_type", {"TargetInstanceType": new["instanceType"]})
    before = (old.get("storageInfo") or {}).get("ebsStorageInfo") or {}
    after = (new.get("storageInfo") or {}).get("ebsStorageInfo") or {}
    if before.get("volumeSize") != after.get("volumeSize"):
        _changed(operation, "update_storage", {"VolumeSizeGB": round(after["volumeSize"])})
    if before.get("provisionedThroughput") != after.get("provisionedThroughput"):
        throughput = after.get("provisionedThroughput") or {"Enabled": False}
        _changed(operation, "update_storage", {"ProvisionedThroughput": throughput})


def _downgraded(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """The provider makes a new cluster for an older version of Kafka.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/kafka/cluster.go
    """
    before, after = (str(side.get("kafkaVersion", "")) for side in (old, new))
    older = before and after and _release(after) < _release(before)
    return frozenset({"kafkaVersion"}) if older else frozenset()


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _authentication_found(_: Operation, found: Mapping[str, Any]) -> dict[str, Any]:
    given = decapitalised(found["Provisioned"].get("ClientAuthentication") or {})
    return {
        "sasl": {name: switch["enabled"] for name, switch in given.get("sasl", {}).items()},
        "unauthenticated": given.get("unauthenticated", {}).get("enabled", False),
    }


def _encryption_found(_: Operation, found: Mapping[str, Any]) -> dict[str, Any]:
    given = found["Provisioned"].get("EncryptionInfo") or {}
    return {
        "encryptionAtRestKmsKeyArn": (given.get("EncryptionAtRest") or {}).get("DataVolumeKMSKeyId"),
        "encryptionInTransit": decapitalised(given.get("EncryptionInTransit") or {}),
    }


def _configuration_found(_: Operation, found: Mapping[str, Any]) -> dict[str, Any] | None:
    software = found["Provisioned"]["CurrentBrokerSoftwareInfo"]
    arn = software.get("ConfigurationArn")
    return None if arn is None else {"arn": arn, "revision": software["ConfigurationRevision"]}


def _logging_found(_: Operation, found: Mapping[str, Any]) -> dict[str, Any] | None:
    given = found["Provisioned"].get("LoggingInfo")
    if given is None:
        return None
    logs = given["BrokerLogs"].get("CloudWatchLogs") or {}
    return {"brokerLogs": {"cloudwatchLogs": decapitalised(logs)}}


def _part(name: str) -> Callable[[Operation, Mapping[str, Any]], Any]:
    return lambda _, found: decapitalised(found["Provisioned"].get(name))


_ELSEWHERE: Final = (
    "bootstrapBrokers",
    "bootstrapBrokersPublicSaslIam",
    "bootstrapBrokersPublicSaslScram",
    "bootstrapBrokersPublicTls",
    "bootstrapBrokersSaslIamIpv6",
    "bootstrapBrokersSaslScram",
    "bootstrapBrokersSaslScramIpv6",
    "bootstrapBrokersTls",
    "bootstrapBrokersTlsIpv6",
    "bootstrapBrokersIpv6",
    "bootstrapBrokersVpcConnectivitySaslIam",
    "bootstrapBrokersVpcConnectivitySaslScram",
    "bootstrapBrokersVpcConnectivityTls",
    "zookeeperConnectString",
    "zookeeperConnectStringTls",
)
"""Addresses of listeners that the twin's clusters do not have: empty, as the provider gives them."""


def _nothing(_: Operation, __: Mapping[str, Any]) -> str:
    return ""


_MONITORING: Final = ("enhancedMonitoring", "openMonitoring", "loggingInfo")

CLUSTER: Final = Type(
    type="aws:msk/cluster:Cluster",
    service="kafka",
    word="cluster",
    required=("brokerNodeGroupInfo", "kafkaVersion", "numberOfBrokerNodes"),
    optional=(
        "clientAuthentication",
        "clusterName",
        "configurationInfo",
        "encryptionInfo",
        *_MONITORING,
        "storageMode",
    ),
    taggable=True,
    name=Name(property="clusterName", prefix=None, limit=64),
    create=Call(
        "create_cluster",
        {
            "BrokerNodeGroupInfo": "$brokerNodeGroupInfo",
            "ClientAuthentication": _authentication,
            "ClusterName": "$clusterName",
            "ConfigurationInfo": "$configurationInfo",
            "EncryptionInfo": _encryption,
            "EnhancedMonitoring": "$enhancedMonitoring",
            "OpenMonitoring": "$openMonitoring",
            "LoggingInfo": "$loggingInfo",
            "KafkaVersion": "$kafkaVersion",
            "NumberOfBrokerNodes": "$numberOfBrokerNodes",
            "StorageMode": "$storageMode",
            "Tags": "$tags",
        },
    ),
    id="ClusterArn",
    read=_found,
    outputs={
        "arn": "ClusterArn",
        "clusterName": "ClusterName",
        "currentVersion": "CurrentVersion",
        "clusterUuid": lambda operation, _: operation.id.rpartition("/")[2],
        "bootstrapBrokersSaslIam": "Bootstrap.BootstrapBrokerStringSaslIam",
        "customerActionStatus": lambda *_: "NONE",
        **dict.fromkeys(_ELSEWHERE, _nothing),
        "brokerNodeGroupInfo": _part("BrokerNodeGroupInfo"),
        "clientAuthentication": _authentication_found,
        "configurationInfo": _configuration_found,
        "encryptionInfo": _encryption_found,
        "enhancedMonitoring": "Provisioned.EnhancedMonitoring",
        "openMonitoring": _part("OpenMonitoring"),
        "loggingInfo": _logging_found,
        "kafkaVersion": "Provisioned.CurrentBrokerSoftwareInfo.KafkaVersion",
        "numberOfBrokerNodes": "Provisioned.NumberOfBrokerNodes",
        "storageMode": "Provisioned.StorageMode",
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("numberOfBrokerNodes",),
            step=_change("update_broker_count", TargetNumberOfBrokerNodes="$numberOfBrokerNodes"),
            on_create=False,
        ),
        Change(inputs=("brokerNodeGroupInfo",), step=_nodes, on_create=False),
        Change(
            inputs=("storageMode",),
            step=_change("update_storage", StorageMode="$storageMode"),
            on_create=False,
        ),
        Change(
            inputs=_MONITORING,
            step=_change(
                "update_monitoring",
                EnhancedMonitoring="$enhancedMonitoring",
                OpenMonitoring="$openMonitoring",
                LoggingInfo="$loggingInfo",
            ),
            on_create=False,
        ),
        Change(
            inputs=("clientAuthentication",),
            step=_change("update_security", ClientAuthentication=_authentication),
            on_create=False,
        ),
        Change(
            inputs=("encryptionInfo",),
            step=_change("update_security", EncryptionInfo=_in_transit),
            on_create=False,
        ),
        Change(
            inputs=("configurationInfo",),
            step=_change("update_cluster_configuration", ConfigurationInfo="$configurationInfo"),
            on_create=False,
        ),
        Change(
            inputs=("kafkaVersion",),
            step=_change(
                "update_cluster_kafka_version",
                TargetKafkaVersion="$kafkaVersion",
                ConfigurationInfo="$configurationInfo",
            ),
            on_create=False,
        ),
        _TAGS,
    ),
    delete=Call("delete_cluster", {"ClusterArn": "$id"}),
    replace=frozenset(
        {
            "clusterName",
            "brokerNodeGroupInfo.azDistribution",
            "brokerNodeGroupInfo.clientSubnets",
            "brokerNodeGroupInfo.securityGroups",
            "encryptionInfo.encryptionAtRestKmsKeyArn",
            "encryptionInfo.encryptionInTransit.inCluster",
        }
    ),
    replaces=_downgraded,
    kept=frozenset({"enhancedMonitoring", "storageMode", "encryptionInfo", "clientAuthentication"}),
    volatile=("currentVersion", "bootstrapBrokersSaslIam"),
)

CONFIGURATION: Final = Type(
    type="aws:msk/configuration:Configuration",
    service="kafka",
    word="configuration",
    required=("serverProperties",),
    optional=("description", "kafkaVersions", "name"),
    name=Name(prefix=None, limit=255),
    create=Call(
        "create_configuration",
        {
            "Name": "$name",
            "Description": "$description",
            "KafkaVersions": "$kafkaVersions",
            "ServerProperties": lambda operation: operation.inputs["serverProperties"].encode(),
        },
    ),
    id="Arn",
    read=lambda operation: operation.find("describe_configuration", "@", {"Arn": operation.id}),
    outputs={
        "arn": "Arn",
        "name": "Name",
        "description": "LatestRevision.Description",
        "latestRevision": "LatestRevision.Revision",
    },
    changes=(
        Change(
            inputs=("description", "serverProperties"),
            step=Call(
                "update_configuration",
                {
                    "Arn": "$id",
                    "Description": "$description",
                    "ServerProperties": lambda operation: operation.inputs["serverProperties"].encode(),
                },
            ),
            on_create=False,
        ),
    ),
    delete=Call("delete_configuration", {"Arn": "$id"}),
    replace=frozenset({"name", "kafkaVersions"}),
    volatile=("latestRevision",),
)


def _serverless_found(operation: Operation) -> dict[str, Any] | None:
    found = _found(operation)
    return found and {**found, "Plain": decapitalised(found["Serverless"])}


SERVERLESS_CLUSTER: Final = Type(
    type="aws:msk/serverlessCluster:ServerlessCluster",
    service="kafka",
    word="serverless-cluster",
    required=("clientAuthentication", "vpcConfigs"),
    optional=("clusterName",),
    taggable=True,
    name=Name(property="clusterName", prefix=None, limit=64),
    create=Call(
        "create_cluster_v2",
        {
            "ClusterName": "$clusterName",
            "Serverless": {"ClientAuthentication": "$clientAuthentication", "VpcConfigs": "$vpcConfigs"},
            "Tags": "$tags",
        },
    ),
    id="ClusterArn",
    read=_serverless_found,
    outputs={
        "arn": "ClusterArn",
        "clusterName": "ClusterName",
        "clusterUuid": lambda operation, _: operation.id.rpartition("/")[2],
        "bootstrapBrokersSaslIam": "Bootstrap.BootstrapBrokerStringSaslIam",
        "clientAuthentication": "Plain.clientAuthentication",
        "vpcConfigs": "Plain.vpcConfigs",
        "tags": read_tags,
    },
    changes=(_TAGS,),
    delete=Call("delete_cluster", {"ClusterArn": "$id"}),
    replace=frozenset({"clientAuthentication", "clusterName", "vpcConfigs"}),
)
