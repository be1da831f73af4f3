"""What exists on the AWS side, without what every account has by default.

What cannot have tags is listed with those of the thing it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from moto.core.base_backend import BackendDict

from operations.twin.aws import operation
from operations.twin.aws.cloud import ApiError, Cloud, partition
from operations.twin.aws.given import GIVEN
from operations.twin.aws.values import tag_map
from operations.twin.backend import Item

_EC2: Final = (
    ("vpc", "describe_vpcs", "Vpcs[?!IsDefault]", "VpcId"),
    ("subnet", "describe_subnets", "Subnets[]", "SubnetId"),
    ("internet-gateway", "describe_internet_gateways", "InternetGateways[]", "InternetGatewayId"),
    ("elastic-ip", "describe_addresses", "Addresses[]", "AllocationId"),
    ("natgateway", "describe_nat_gateways", "NatGateways[?State!='deleted']", "NatGatewayId"),
    ("route-table", "describe_route_tables", "RouteTables[?!(Associations[?Main])]", "RouteTableId"),
    ("vpc-endpoint", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted']", "VpcEndpointId"),
    ("security-group", "describe_security_groups", "SecurityGroups[?GroupName!='default']", "GroupId"),
    ("network-interface", "describe_network_interfaces", "NetworkInterfaces[]", "NetworkInterfaceId"),
    ("launch-template", "describe_launch_templates", "LaunchTemplates[]", "LaunchTemplateId"),
    ("placement-group", "describe_placement_groups", "PlacementGroups[]", "GroupName"),
    ("flow-log", "describe_flow_logs", "FlowLogs[]", "FlowLogId"),
    (
        "vpc-peering-connection",
        "describe_vpc_peering_connections",
        "VpcPeeringConnections[?Status.Code!='deleted']",
        "VpcPeeringConnectionId",
    ),
    (
        "transit-gateway-attachment",
        "describe_transit_gateway_vpc_attachments",
        "TransitGatewayVpcAttachments[]",
        "TransitGatewayAttachmentId",
    ),
)
"""Word, call, JMESPath to the things, name of their id. Things in the default network are left out later."""


class _Place:
    """One account in one region, as the lists below ask it."""

    def __init__(self, cloud: Cloud, region: str) -> None:
        self._cloud, self.region = cloud, region
        self.account = cloud.account

    def ask(self, service: str, method: str, path: str, **arguments: Any) -> Any:
        """Returns what a JMESPath finds in a response, an empty list when there is nothing."""
        try:
            response = self._cloud.call(service, self.region, method, arguments)
        except ApiError as problem:
            if problem.gone:
                return []
            raise
        return operation.found(path, response) or []


def inventory(cloud: Callable[[str], Cloud]) -> tuple[Item, ...]:
    """Returns everything in every account and region that was used, sorted."""
    items: list[Item] = []
    for service, account, region in sorted(_used()):
        place = _Place(cloud(account), "us-east-1" if region.startswith("aws") else region)
        items.extend(_LISTS[service](place))
    return tuple(sorted(items))


def _used() -> set[tuple[str, str, str]]:
    return {
        (stores.service_name, account, region)
        for stores in BackendDict._instances
        if stores.service_name in _LISTS
        for account, regions in stores.items()
        for region in regions
    }


def _ec2(place: _Place) -> Iterator[Item]:
    default = place.ask("ec2", "describe_vpcs", "Vpcs[?IsDefault].VpcId")
    own = place.ask("ec2", "describe_nat_gateways", "NatGateways[].NatGatewayAddresses[].NetworkInterfaceId")
    own += place.ask("ec2", "describe_vpc_endpoints", "VpcEndpoints[].NetworkInterfaceIds[]")
    own += _of_file_systems(place)
    # MSK's are told by what they say of themselves, for there is no list of a serverless cluster's.
    path = "NetworkInterfaces[?starts_with(Description || '', 'MSK arn:')].NetworkInterfaceId"
    own += place.ask("ec2", "describe_network_interfaces", path)
    for word, method, path, key in _EC2:
        for found in place.ask("ec2", method, path):
            tags = tag_map(found.get("Tags"))
            if found.get("VpcId") not in default and found[key] not in own and GIVEN not in tags:
                yield Item("ec2", word, found[key], tags)


def _of_file_systems(place: _Place) -> list[str]:
    """Network interfaces that go with a file system."""
    own: list[str] = place.ask("fsx", "describe_file_systems", "FileSystems[].NetworkInterfaceIds[]")
    for id_ in place.ask("efs", "describe_file_systems", "FileSystems[].FileSystemId"):
        path = "MountTargets[].NetworkInterfaceId"
        own += place.ask("efs", "describe_mount_targets", path, FileSystemId=id_)
    return own


def _fsx(place: _Place) -> Iterator[Item]:
    for word, method, path, key in (
        ("file-system", "describe_file_systems", "FileSystems[]", "FileSystemId"),
        ("backup", "describe_backups", "Backups[]", "BackupId"),
        (
            "data-repository-association",
            "describe_data_repository_associations",
            "Associations[]",
            "AssociationId",
        ),
    ):
        for found in place.ask("fsx", method, path):
            yield Item("fsx", word, found[key], tag_map(found.get("Tags")))


def _efs(place: _Place) -> Iterator[Item]:
    for found in place.ask("efs", "describe_file_systems", "FileSystems[]"):
        id_, tags = found["FileSystemId"], tag_map(found.get("Tags"))
        yield Item("efs", "file-system", id_, tags)
        for target in place.ask("efs", "describe_mount_targets", "MountTargets[]", FileSystemId=id_):
            yield Item("efs", "mount-target", target["MountTargetId"], tags)
        for point in place.ask("efs", "describe_access_points", "AccessPoints[]", FileSystemId=id_):
            yield Item("efs", "access-point", point["AccessPointId"], tag_map(point.get("Tags")))


def _eks(place: _Place) -> Iterator[Item]:
    for name in place.ask("eks", "list_clusters", "clusters"):
        found = place.ask("eks", "describe_cluster", "cluster", name=name)
        yield Item("eks", "cluster", name, tag_map(found.get("tags")))
        yield from _in_cluster(place, name)
        yield from _identity_providers(place, name)


_IN_CLUSTER: Final = (
    ("nodegroup", "list_nodegroups", "nodegroups", "nodegroupName", "describe_nodegroup", "nodegroup"),
    ("addon", "list_addons", "addons", "addonName", "describe_addon", "addon"),
    (
        "access-entry",
        "list_access_entries",
        "accessEntries",
        "principalArn",
        "describe_access_entry",
        "accessEntry",
    ),
    (
        "pod-identity-association",
        "list_pod_identity_associations",
        "associations[].associationId",
        "associationId",
        "describe_pod_identity_association",
        "association",
    ),
)


def _in_cluster(place: _Place, cluster: str) -> Iterator[Item]:
    for word, method, path, key, describe, part in _IN_CLUSTER:
        if word == "access-entry" and _config_map_only(place, cluster):
            continue
        for name in place.ask("eks", method, path, clusterName=cluster):
            found = place.ask("eks", describe, part, clusterName=cluster, **{key: name})
            yield Item("eks", word, f"{cluster}:{name}", tag_map(found.get("tags")))


def _identity_providers(place: _Place, cluster: str) -> Iterator[Item]:
    path = "identityProviderConfigs"
    for config in place.ask("eks", "list_identity_provider_configs", path, clusterName=cluster):
        found = place.ask(
            "eks",
            "describe_identity_provider_config",
            "identityProviderConfig.oidc",
            clusterName=cluster,
            identityProviderConfig=config,
        )
        id_ = f"{cluster}:{config['name']}"
        yield Item("eks", "identity-provider-config", id_, tag_map(found.get("tags")))


def _config_map_only(place: _Place, cluster: str) -> bool:
    path = "cluster.accessConfig.authenticationMode"
    return bool(place.ask("eks", "describe_cluster", path, name=cluster) == "CONFIG_MAP")


def _iam(place: _Place) -> Iterator[Item]:
    for found in place.ask("iam", "list_roles", "Roles[?!starts_with(Path, '/aws-service-role/')]"):
        tags = place.ask("iam", "list_role_tags", "Tags", RoleName=found["RoleName"])
        yield Item("iam", "role", found["RoleName"], tag_map(tags))
    for found in place.ask("iam", "list_policies", "Policies", Scope="Local"):
        tags = place.ask("iam", "list_policy_tags", "Tags", PolicyArn=found["Arn"])
        yield Item("iam", "policy", found["Arn"], tag_map(tags))
    for name in place.ask("iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"):
        tags = place.ask("iam", "get_instance_profile", "InstanceProfile.Tags", InstanceProfileName=name)
        yield Item("iam", "instance-profile", name, tag_map(tags))


def _kms(place: _Place) -> Iterator[Item]:
    for key in place.ask("kms", "list_keys", "Keys[].KeyId"):
        found = place.ask("kms", "describe_key", "KeyMetadata", KeyId=key)
        if found["KeyState"] != "PendingDeletion" and found.get("KeyManager") == "CUSTOMER":
            tags = place.ask("kms", "list_resource_tags", "Tags", KeyId=key)
            yield Item("kms", "key", key, tag_map(tags, "TagKey", "TagValue"))
    for alias in place.ask("kms", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')]"):
        tags = place.ask("kms", "list_resource_tags", "Tags", KeyId=alias["TargetKeyId"])
        yield Item("kms", "alias", alias["AliasName"], tag_map(tags, "TagKey", "TagValue"))


def _logs(place: _Place) -> Iterator[Item]:
    for found in place.ask("logs", "describe_log_groups", "logGroups"):
        arn = found["arn"].removesuffix(":*")
        tags = place.ask("logs", "list_tags_for_resource", "tags", resourceArn=arn)
        yield Item("logs", "log-group", found["logGroupName"], tag_map(tags))


def _s3(place: _Place) -> Iterator[Item]:
    for name in place.ask("s3", "list_buckets", "Buckets[].Name"):
        tags = place.ask("s3", "get_bucket_tagging", "TagSet", Bucket=name)
        yield Item("s3", "bucket", name, tag_map(tags))


def _sqs(place: _Place) -> Iterator[Item]:
    for url in place.ask("sqs", "list_queues", "QueueUrls"):
        yield Item("sqs", "queue", url, tag_map(place.ask("sqs", "list_queue_tags", "Tags", QueueUrl=url)))


def _events(place: _Place) -> Iterator[Item]:
    for found in place.ask("events", "list_rules", "Rules"):
        tags = place.ask("events", "list_tags_for_resource", "Tags", ResourceARN=found["Arn"])
        yield Item("events", "rule", found["Name"], tag_map(tags))


def _ecr(place: _Place) -> Iterator[Item]:
    for found in place.ask("ecr", "describe_repositories", "repositories"):
        tags = place.ask("ecr", "list_tags_for_resource", "tags", resourceArn=found["repositoryArn"])
        yield Item("ecr", "repository", found["repositoryName"], tag_map(tags))
    path = "repositoryCreationTemplates"
    templates = place.ask("ecr", "describe_repository_creation_templates", path)
    tags_of = {found["prefix"]: tag_map(found.get("resourceTags")) for found in templates}
    for prefix, tags in tags_of.items():
        yield Item("ecr", "repository-creation-template", prefix, tags)
    for found in place.ask("ecr", "describe_pull_through_cache_rules", "pullThroughCacheRules"):
        prefix = found["ecrRepositoryPrefix"]
        yield Item("ecr", "pull-through-cache-rule", prefix, tags_of.get(prefix, {}))


def _kafka(place: _Place) -> Iterator[Item]:
    for arn in place.ask("kafka", "list_clusters_v2", "ClusterInfoList[].ClusterArn"):
        tags = place.ask("kafka", "list_tags_for_resource", "Tags", ResourceArn=arn)
        yield Item("kafka", "cluster", arn, tag_map(tags))
        for name in place.ask("kafka", "list_topics", "Topics[].TopicName", ClusterArn=arn):
            yield Item("kafka", "topic", f"{arn},{name}", tag_map(tags))
    for found in place.ask("kafka", "list_configurations", "Configurations[]"):
        yield Item("kafka", "configuration", found["Arn"], {})


def _application_autoscaling(place: _Place) -> Iterator[Item]:
    targets = place.ask(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets[]", ServiceNamespace="kafka"
    )
    for found in targets:
        tags = place.ask("kafka", "list_tags_for_resource", "Tags", ResourceArn=found["ResourceId"])
        yield Item("application-autoscaling", "scalable-target", found["ResourceId"], tag_map(tags))


def _rds(place: _Place) -> Iterator[Item]:
    for word, method, path, kind in (
        ("db", "describe_db_instances", "DBInstances[]", "DBInstance"),
        ("subnet-group", "describe_db_subnet_groups", "DBSubnetGroups[]", "DBSubnetGroup"),
        ("parameter-group", "describe_db_parameter_groups", "DBParameterGroups[]", "DBParameterGroup"),
        ("snapshot", "describe_db_snapshots", "DBSnapshots[?SnapshotType=='manual']", "DBSnapshot"),
    ):
        for found in place.ask("rds", method, path):
            name = found.get(f"{kind}Name") or found[f"{kind}Identifier"]
            if not name.startswith("default."):
                arn = found[f"{kind}Arn"]
                tags = place.ask("rds", "list_tags_for_resource", "TagList", ResourceName=arn)
                yield Item("rds", word, name, tag_map(tags))


def _glue(place: _Place) -> Iterator[Item]:
    for name in place.ask("glue", "get_databases", "DatabaseList[].Name"):
        arn = f"arn:{partition(place.region)}:glue:{place.region}:{place.account}:database/{name}"
        tags = place.ask("glue", "get_tags", "Tags", ResourceArn=arn)
        yield Item("glue", "database", name, tag_map(tags))


def _amp(place: _Place) -> Iterator[Item]:
    for found in place.ask("amp", "list_workspaces", "workspaces[]"):
        yield Item("amp", "prometheus workspace", found["workspaceId"], tag_map(found.get("tags")))


def _emr(place: _Place) -> Iterator[Item]:
    for found in place.ask("emr-containers", "list_virtual_clusters", "virtualClusters[]"):
        yield Item("emr-containers", "virtual cluster", found["id"], tag_map(found.get("tags")))


def _budgets(place: _Place) -> Iterator[Item]:
    for name in place.ask("budgets", "describe_budgets", "Budgets[].BudgetName", AccountId=place.account):
        arn = f"arn:aws:budgets::{place.account}:budget/{name}"
        tags = place.ask("budgets", "list_tags_for_resource", "ResourceTags", ResourceARN=arn)
        yield Item("budgets", "budget", name, tag_map(tags))


def _autoscaling(_: _Place) -> Iterator[Item]:
    """Nothing of its own: groups belong to EKS' node groups, and tags go with their group."""
    yield from ()


_LISTS: Final[Mapping[str, Callable[[_Place], Iterator[Item]]]] = {
    "amp": _amp,
    "application-autoscaling": _application_autoscaling,
    "autoscaling": _autoscaling,
    "budgets": _budgets,
    "ec2": _ec2,
    "ecr": _ecr,
    "efs": _efs,
    "eks": _eks,
    "emr-containers": _emr,
    "fsx": _fsx,
    "events": _events,
    "glue": _glue,
    "iam": _iam,
    "kafka": _kafka,
    "kms": _kms,
    "logs": _logs,
    "rds": _rds,
    "s3": _s3,
    "sqs": _sqs,
}
