"""EKS managed node groups: the rules that AWS applies to them, and updates that moto lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra.catalog import instances
from infra.problems import BadInput
from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import eks_capacity, store
from operations.twin.aws.images import release_version

_AMI_TYPE: Final = "AL2023_x86_64_STANDARD"
"""What EKS chooses since Kubernetes 1.30; with Arm instances "AL2023_ARM_64_STANDARD"."""


def create_nodegroup(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Creates a node group of instances that exist, in subnets of the cluster's network."""
    cluster = store.cluster(place, arguments["clusterName"])
    template = _template(place, arguments.get("launchTemplate"))
    data = template["data"] if template else {}
    types = arguments.get("instanceTypes") or []
    _check_template(data, arguments)
    _check_groups(place, data)
    eks_capacity.check(place, data, arguments)
    _check_network(place, cluster, arguments["subnets"])
    store.check_role(place, arguments["nodeRole"], "ec2.amazonaws.com")
    architecture = _architecture(place, types or [data.get("InstanceType", "t3.medium")])
    ami = arguments.get("amiType") or _default_ami(data, architecture)
    _check_ami(ami, architecture, types)
    warm = eks_capacity.warm_pool(arguments.get("warmPoolConfig"), ami)
    version = _version(cluster, arguments.get("version"))
    scaling = {"minSize": 1, "maxSize": 2, "desiredSize": 2, **(arguments.get("scalingConfig") or {})}
    _check_scaling(scaling)
    made = store.backend("eks", place).create_nodegroup(
        cluster_name=cluster.name,
        nodegroup_name=arguments["nodegroupName"],
        node_role=arguments["nodeRole"],
        subnets=arguments["subnets"],
        scaling_config=scaling,
        disk_size=arguments.get("diskSize"),
        instance_types=types or ([] if "InstanceType" in data else None),
        ami_type=ami,
        remote_access=arguments.get("remoteAccess"),
        labels=arguments.get("labels"),
        taints=arguments.get("taints"),
        tags=arguments.get("tags"),
        launch_template=_reference(template),
        capacity_type=arguments.get("capacityType"),
        version=version,
        release_version=arguments.get("releaseVersion") or release_version(version, ami),
    )
    made.disk_size = None if template else int(made.disk_size)
    made.instance_types = types or ([] if "InstanceType" in data else ["t3.medium"])
    made.remote_access = arguments.get("remoteAccess")
    made.update_config = arguments.get("updateConfig") or {"maxUnavailable": 1}
    made.node_repair_config = arguments.get("nodeRepairConfig")
    made.warm_pool_config = warm
    return {"nodegroup": {"nodegroupName": made.nodegroup_name, "clusterName": cluster.name}}


def _template(place: Place, wanted: Mapping[str, str] | None) -> dict[str, Any] | None:
    """Returns a launch template's id, name, version and data, or refuses one that does not exist."""
    if not wanted:
        return None
    ec2 = store.backend("ec2", place)
    key = wanted.get("id") or ec2.launch_template_name_to_ids.get(wanted.get("name"))
    found = ec2.launch_templates.get(key)
    if found is None:
        which = wanted.get("id") or wanted.get("name")
        raise ApiError("InvalidRequestException", f"The launch template {which} does not exist.")
    version = str(wanted.get("version") or found.default_version_number)
    numbers = {str(item.number): item for item in found.versions}
    if version not in numbers:
        raise ApiError(
            "InvalidRequestException", f"Version {version} of launch template {found.id} does not exist."
        )
    return {"id": found.id, "name": found.name, "version": version, "data": numbers[version].data}


def _reference(template: Mapping[str, Any] | None) -> dict[str, str] | None:
    return None if template is None else {name: template[name] for name in ("id", "name", "version")}


def _check_template(data: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuses what must not be in a template, or not in both.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    if data and (arguments.get("diskSize") or arguments.get("remoteAccess")):
        raise store.invalid("Disk size and remote access must be specified within the launch template.")
    if "InstanceType" in data and arguments.get("instanceTypes"):
        raise store.invalid("Cannot specify instance types in launch template and API request")
    if "IamInstanceProfile" in data:
        raise store.invalid(
            "Launch template should not specify an instance profile. "
            "The noderole in your request will be used to construct an instance profile."
        )
    if any("SubnetId" in interface for interface in data.get("NetworkInterfaces", ())):
        raise store.invalid("Launch template should not specify subnets: use those of the node group.")
    if "ImageId" in data and arguments.get("amiType") not in (None, "CUSTOM"):
        raise store.invalid("AMI type must be CUSTOM when the launch template specifies an image.")


def _check_groups(place: Place, data: Mapping[str, Any]) -> None:
    groups = [*data.get("SecurityGroupIds", ())]
    for interface in data.get("NetworkInterfaces", ()):
        groups += interface.get("Groups", ())
    for group in groups:
        if store.backend("ec2", place).get_security_group_from_id(group) is None:
            raise store.invalid(f"The security group '{group}' does not exist")


def _check_network(place: Place, cluster: Any, ids: list[str]) -> None:
    subnets = store.subnets(place, ids)
    if subnets and subnets[0].vpc_id != cluster.resources_vpc_config["vpcId"]:
        raise store.invalid(f"Subnets {', '.join(ids)} are not in the network of cluster {cluster.name}.")


def _architecture(place: Place, types: list[str]) -> str:
    """Returns the architecture of instance types, refusing types that do not exist or do not mix."""
    facts = {name: _instance(place, name) for name in types}
    missing = sorted(name for name, found in facts.items() if found is None)
    if missing:
        raise store.invalid(f"The following supplied instance types do not exist: [{', '.join(missing)}]")
    architectures = sorted({found for found in facts.values() if found is not None})
    if len(architectures) > 1:
        raise store.invalid(f"Instance types of one node group must share an architecture: {architectures}")
    return architectures[0]


def _instance(place: Place, name: str) -> str | None:
    """The architecture of an instance type: by our catalogue, or by moto's older but wider one."""
    try:
        return "arm64" if instances.shape(name).arch == "arm64" else "x86_64"
    except BadInput:
        found = store.backend("ec2", place).describe_instance_types(filters={"instance-type": [name]})
        return None if not found else str(found[0]["ProcessorInfo"]["SupportedArchitectures"][0])


def _default_ami(data: Mapping[str, Any], architecture: str) -> str:
    if "ImageId" in data:
        return "CUSTOM"
    return _AMI_TYPE if architecture == "x86_64" else "AL2023_ARM_64_STANDARD"


def _check_ami(ami: str, architecture: str, types: list[str]) -> None:
    if ami != "CUSTOM" and ("ARM_64" in ami) != (architecture == "arm64"):
        raise store.invalid(f"{types} is not a valid instance type for requested amiType {ami}")


def _version(cluster: Any, wanted: str | None) -> str:
    version: str = wanted or cluster.version
    if store.minor(version) > store.minor(cluster.version):
        raise store.invalid(
            f"Requested Nodegroup Kubernetes version {version} is not compatible with "
            f"cluster version {cluster.version}"
        )
    return version


def _check_scaling(scaling: Mapping[str, int]) -> None:
    least, most, wanted = scaling["minSize"], scaling["maxSize"], scaling["desiredSize"]
    if least > wanted:
        raise store.invalid(f"Minimum capacity {least} can't be greater than desired size {wanted}")
    if wanted > most:
        raise store.invalid(f"desired capacity {wanted} can't be greater than max size {most}")


def update_nodegroup_config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes sizes, labels, taints and update settings."""
    found = store.node_group(place, arguments["clusterName"], arguments["nodegroupName"])
    _check_scaling({**found.scaling_config, **arguments.get("scalingConfig", {})})
    store.backend("eks", place).update_nodegroup_config(
        cluster_name=arguments["clusterName"],
        nodegroup_name=arguments["nodegroupName"],
        labels=arguments.get("labels"),
        taints=arguments.get("taints"),
        scaling_config=arguments.get("scalingConfig"),
        update_config=arguments.get("updateConfig"),
        node_repair_config=arguments.get("nodeRepairConfig"),
    )
    if "warmPoolConfig" in arguments:
        found.warm_pool_config = eks_capacity.warm_pool(arguments["warmPoolConfig"], found.ami_type)
    return store.updated("ConfigUpdate")


def update_nodegroup_version(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Moves a node group to another Kubernetes version, image release or launch template version."""
    cluster = store.cluster(place, arguments["clusterName"])
    found = store.node_group(place, cluster.name, arguments["nodegroupName"])
    template = _template(place, arguments.get("launchTemplate"))
    if template and template["id"] != (found.launch_template or {}).get("id"):
        raise store.invalid("Launch template of a node group cannot be changed, only its version.")
    if template:
        _check_template(template["data"], {"instanceTypes": found.instance_types})
        _check_groups(place, template["data"])
        eks_capacity.check(place, template["data"], _asked(found))
        found.launch_template = _reference(template)
    if arguments.get("version"):
        found.version = _version(cluster, arguments["version"])
        found.release_version = release_version(found.version, found.ami_type)
    if arguments.get("releaseVersion"):
        found.release_version = arguments["releaseVersion"]
    found.modified_at = store.now()
    return store.updated("VersionUpdate")


def _asked(found: Any) -> dict[str, Any]:
    """What a node group was asked to be, as far as templates are judged by it."""
    return {"capacityType": found.capacity_type, "subnets": found.subnets}
