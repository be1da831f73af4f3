"""MSK's clusters and configurations: what moto's lack, which are rules, names, interfaces and changes.

The rules are MSK's own: https://docs.aws.amazon.com/msk/1.0/apireference/clusters.html and
https://docs.aws.amazon.com/msk/latest/developerguide/limits.html.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from operations.twin.aws.cloud import ApiError, Place, partition
from operations.twin.aws.extensions import store

_MOST_GIB: Final = 16384
_LEAST_WITH_THROUGHPUT: Final = 10
"""GiB of a volume that throughput can be provisioned for."""
_LEAST_ZONES: Final = 2
_IAM_PORT: Final = 9098
_HANDED_OUT: Final = 3
"""Brokers whose addresses MSK hands out, however many there are."""


def bad_request(message: str) -> ApiError:
    """MSK's refusal of arguments."""
    return ApiError("BadRequestException", message)


def cluster(place: Place, arn: str) -> Any:
    """Returns moto's cluster, or refuses as MSK does."""
    found = store.backend("kafka", place).clusters.get(arn)
    if found is None:
        raise ApiError("NotFoundException", "The requested resource doesn't exist.")
    return found


def _shelf(place: Place, kind: str) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = store.backend("kafka", place).__dict__.setdefault(f"twin_{kind}", {})
    return kept


def arn_of(place: Place, resource: str) -> str:
    """Returns the ARN of something of MSK's."""
    return f"arn:{partition(place.region)}:kafka:{place.region}:{place.account}:{resource}"


# --- configurations


def create_configuration(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a configuration; its name is unique."""
    name = arguments["Name"]
    if any(one["Name"] == name for one in _shelf(place, "configurations").values()):
        raise ApiError("ConflictException", f"A configuration named {name} already exists.")
    arn = arn_of(place, f"configuration/{name}/{uuid.uuid4()}-1")
    made = {
        "Arn": arn,
        "Name": name,
        "Description": arguments.get("Description", ""),
        "KafkaVersions": list(arguments.get("KafkaVersions") or ()),
        "ServerProperties": _text(arguments["ServerProperties"]),
        "State": "ACTIVE",
        "Revision": 1,
    }
    _shelf(place, "configurations")[arn] = made
    return _configuration_described(made)


def _text(blob: Any) -> str:
    return blob.decode() if isinstance(blob, bytes) else str(blob)


def configuration(place: Place, arn: str) -> dict[str, Any]:
    """Returns a configuration, or refuses as MSK does."""
    found = _shelf(place, "configurations").get(arn)
    if found is None:
        raise ApiError("NotFoundException", "Configuration not found.")
    return found


def _configuration_described(found: Mapping[str, Any]) -> dict[str, Any]:
    latest = {"Revision": found["Revision"], "Description": found["Description"]}
    return {**found, "CreationTime": store.now(), "LatestRevision": {**latest, "CreationTime": store.now()}}


def describe_configuration(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes a configuration."""
    return _configuration_described(configuration(place, arguments["Arn"]))


def list_configurations(place: Place, _: Mapping[str, Any]) -> dict[str, Any]:
    """Lists all configurations."""
    return {
        "Configurations": [_configuration_described(one) for one in _shelf(place, "configurations").values()]
    }


def update_configuration(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes another revision of a configuration."""
    found = configuration(place, arguments["Arn"])
    found["Revision"] += 1
    found["ServerProperties"] = _text(arguments["ServerProperties"])
    found["Description"] = arguments.get("Description", found["Description"])
    return _configuration_described(found)


def delete_configuration(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a configuration that no cluster has."""
    arn = arguments["Arn"]
    configuration(place, arn)
    for one in store.backend("kafka", place).clusters.values():
        if (one.twin.get("ConfigurationInfo") or {}).get("Arn") == arn:
            raise bad_request("The configuration is in use by one or more clusters.")
    del _shelf(place, "configurations")[arn]
    return {"Arn": arn, "State": "DELETING"}


# --- clusters


def create_cluster(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a provisioned cluster, with a network interface for each broker."""
    problem = next(_problems(place, arguments), None)
    if problem is not None:
        raise bad_request(problem)
    nodes, count = arguments["BrokerNodeGroupInfo"], arguments["NumberOfBrokerNodes"]
    groups = nodes.get("SecurityGroups") or ()
    subnets = network(place, nodes["ClientSubnets"], groups)
    made = _made(place, arguments, "1")
    made.twin_interfaces = [
        interface(place, subnets[number % len(subnets)], groups, made.arn) for number in range(count)
    ]
    return {"ClusterArn": made.arn, "ClusterName": made.cluster_name, "State": made.state}


def create_cluster_v2(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a serverless cluster, with a network interface in each subnet."""
    if "Serverless" not in arguments:
        raise bad_request("the twin makes only serverless clusters by this operation")
    wanted = arguments["Serverless"]
    if not (((wanted.get("ClientAuthentication") or {}).get("Sasl") or {}).get("Iam") or {}).get("Enabled"):
        raise bad_request("Serverless clusters need IAM authentication.")
    (config,) = wanted["VpcConfigs"]
    groups = config.get("SecurityGroupIds") or ()
    if len(config["SubnetIds"]) < _LEAST_ZONES:
        raise bad_request("Specify subnets in at least two Availability Zones.")
    subnets = network(place, config["SubnetIds"], groups)
    made = _made(place, arguments, "s1")
    made.cluster_type = "SERVERLESS"
    made.twin_interfaces = [interface(place, subnet, groups, made.arn) for subnet in subnets]
    return {"ClusterArn": made.arn, "ClusterName": made.cluster_name, "ClusterType": "SERVERLESS"}


def _made(place: Place, arguments: Mapping[str, Any], number: str) -> Any:
    """One of moto's clusters, under the ARN that MSK gives it, with the cluster's name in it."""
    kafka, name = store.backend("kafka", place), arguments["ClusterName"]
    if any(one.cluster_name == name for one in kafka.clusters.values()):
        raise ApiError("ConflictException", f"A cluster with the name {name} already exists.")
    first, _, _ = kafka.create_cluster({}, None, name)
    made = kafka.clusters.pop(first)
    made.arn = arn_of(place, f"cluster/{name}/{uuid.uuid4()}-{number}")
    made.state, made.twin, made.twin_revision = "ACTIVE", copy.deepcopy(dict(arguments)), 1
    made.twin_topics = {}
    kafka.clusters[made.arn] = made
    if arguments.get("Tags"):
        kafka.tag_resource(made.arn, dict(arguments["Tags"]))
    return made


def network(place: Place, subnets: Sequence[str], groups: Sequence[str]) -> list[Any]:
    """Returns moto's subnets, or refuses those and groups that are not in one VPC."""
    found = store.subnets(place, subnets)
    known = {group.id: group for group in store.backend("ec2", place).describe_security_groups()}
    for id_ in groups:
        if id_ not in known or known[id_].vpc_id != found[0].vpc_id:
            raise bad_request(f"The security group '{id_}' does not exist in the VPC.")
    return found


def interface(place: Place, subnet: Any, groups: Sequence[str], arn: str) -> str:
    """Makes a broker's network interface, and returns its id."""
    ec2 = store.backend("ec2", place)
    made = ec2.create_network_interface(subnet, None, group_ids=list(groups), description=f"MSK {arn}")
    return str(made.id)


def _problems(place: Place, wanted: Mapping[str, Any]) -> Iterator[str]:
    """What MSK would say of a new cluster."""
    nodes, count = wanted["BrokerNodeGroupInfo"], wanted["NumberOfBrokerNodes"]
    zones = len(nodes["ClientSubnets"])
    if zones not in {_LEAST_ZONES, 3}:
        yield "Specify either two or three client subnets."
    if zones and count % zones:
        yield "The number of broker nodes must be a multiple of Availability Zones in the Client Subnets."
    yield from volume_problems(nodes)
    key = ((wanted.get("EncryptionInfo") or {}).get("EncryptionAtRest") or {}).get("DataVolumeKMSKeyId")
    if key and key not in {known.arn for known in store.backend("kms", place).keys.values()}:
        yield f"The KMS key '{key}' does not exist"
    chosen = wanted.get("ConfigurationInfo")
    if chosen and chosen["Arn"] not in _shelf(place, "configurations"):
        yield "The configuration does not exist."
    logs = ((wanted.get("LoggingInfo") or {}).get("BrokerLogs") or {}).get("CloudWatchLogs") or {}
    if logs.get("Enabled") and logs.get("LogGroup") not in store.backend("logs", place).groups:
        yield "The specified log group does not exist."


def _volume(nodes: Mapping[str, Any]) -> dict[str, Any]:
    volume: dict[str, Any] = (nodes.get("StorageInfo") or {}).get("EbsStorageInfo") or {}
    return volume


def volume_problems(nodes: Mapping[str, Any]) -> Iterator[str]:
    """What MSK would say of brokers' volumes."""
    size, throughput = _volume(nodes).get("VolumeSize", 1), _volume(nodes).get("ProvisionedThroughput") or {}
    if not 1 <= size <= _MOST_GIB:
        yield f"VolumeSize {size} is not between 1 and {_MOST_GIB}"
    small = nodes["InstanceType"].rpartition(".")[2] in {"large", "xlarge", "small"}
    if throughput.get("Enabled") and (small or size < _LEAST_WITH_THROUGHPUT):
        yield f"Provisioned throughput is not supported for {nodes['InstanceType']} with {size} GiB"


def describe_cluster_v2(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes a cluster of either kind."""
    found = cluster(place, arguments["ClusterArn"])
    kind = found.cluster_type
    described = {
        "ClusterArn": found.arn,
        "ClusterName": found.cluster_name,
        "ClusterType": kind,
        "CurrentVersion": f"K{found.twin_revision}",
        "State": found.state,
        "Tags": store.backend("kafka", place).list_tags_for_resource(found.arn),
    }
    if kind == "SERVERLESS":
        return {"ClusterInfo": {**described, "Serverless": copy.deepcopy(found.twin["Serverless"])}}
    kept = {
        name: copy.deepcopy(value)
        for name, value in found.twin.items()
        if name not in {"ClusterName", "Tags", "ConfigurationInfo", "KafkaVersion"}
    }
    chosen = found.twin.get("ConfigurationInfo") or {}
    software = {
        "ConfigurationArn": chosen.get("Arn"),
        "ConfigurationRevision": chosen.get("Revision"),
        "KafkaVersion": found.twin["KafkaVersion"],
    }
    return {"ClusterInfo": {**described, "Provisioned": {**kept, "CurrentBrokerSoftwareInfo": software}}}


def list_clusters_v2(place: Place, _: Mapping[str, Any]) -> dict[str, Any]:
    """Lists all clusters."""
    described = (
        describe_cluster_v2(place, {"ClusterArn": arn}) for arn in store.backend("kafka", place).clusters
    )
    return {"ClusterInfoList": [one["ClusterInfo"] for one in described]}


def get_bootstrap_brokers(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tells where clients that enter by IAM begin: at three brokers at most, or the one serverless name."""
    found = cluster(place, arguments["ClusterArn"])
    number = found.arn.rpartition("/")[2].split("-")[0]
    if found.cluster_type == "SERVERLESS":
        host = f"boot-{number}.c1.kafka-serverless.{place.region}.amazonaws.com"
        return {"BootstrapBrokerStringSaslIam": f"{host}:{_IAM_PORT}"}
    sasl = (found.twin.get("ClientAuthentication") or {}).get("Sasl") or {}
    if not (sasl.get("Iam") or {}).get("Enabled"):
        return {}
    count = min(_HANDED_OUT, found.twin["NumberOfBrokerNodes"])
    hosts = (_host(place, found, broker) for broker in range(1, count + 1))
    return {"BootstrapBrokerStringSaslIam": ",".join(f"{host}:{_IAM_PORT}" for host in hosts)}


def _host(place: Place, found: Any, broker: int) -> str:
    number = found.arn.rpartition("/")[2].split("-")[0]
    return f"b-{broker}.{found.cluster_name}.{number}.c1.kafka.{place.region}.amazonaws.com"


def list_nodes(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists the brokers of a provisioned cluster."""
    found = cluster(place, arguments["ClusterArn"])
    nodes = found.twin["BrokerNodeGroupInfo"]
    subnets = nodes["ClientSubnets"]
    return {
        "NodeInfoList": [
            {
                "NodeType": "BROKER",
                "NodeARN": arn_of(place, f"broker/{found.cluster_name}/{broker}"),
                "InstanceType": nodes["InstanceType"],
                "BrokerNodeInfo": {
                    "BrokerId": float(broker),
                    "ClientSubnet": subnets[(broker - 1) % len(subnets)],
                    "AttachedENIId": attached,
                    "Endpoints": [_host(place, found, broker)],
                },
            }
            for broker, attached in enumerate(found.twin_interfaces, start=1)
        ]
    }


def delete_cluster(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a cluster with its topics and interfaces."""
    found = cluster(place, arguments["ClusterArn"])
    for interface in found.twin_interfaces:
        store.backend("ec2", place).delete_network_interface(interface)
    del store.backend("kafka", place).clusters[found.arn]
    return {"ClusterArn": found.arn, "State": "DELETING"}


# --- tags


def list_tags_for_resource(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists the tags of a cluster."""
    arn = cluster(place, arguments["ResourceArn"]).arn
    return {"Tags": store.backend("kafka", place).list_tags_for_resource(arn)}
