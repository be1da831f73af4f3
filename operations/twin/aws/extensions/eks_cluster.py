"""EKS control planes: what moto's clusters lack, and the rules that AWS applies to them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from infra.catalog import regions, versions
from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import eks_api, store

_MODES: Final = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
"""Authentication modes; a cluster only ever moves to the right."""
_KEPT: Final = {
    "upgradePolicy": "upgrade_policy",
    "zonalShiftConfig": "zonal_shift_config",
    "computeConfig": "compute_config",
    "storageConfig": "storage_config",
    "deletionProtection": "deletion_protection",
    "controlPlaneScalingConfig": "control_plane_scaling_config",
}
"""Arguments that moto drops, and the attributes that it would answer them from."""


def create_cluster(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Creates a control plane, with the security group that EKS makes for it."""
    _check_version(arguments.get("version"))
    store.check_role(place, arguments["roleArn"], "eks.amazonaws.com")
    vpc = _check_network(place, arguments["name"], arguments["resourcesVpcConfig"])
    _check_keys(place, arguments.get("encryptionConfig") or [])
    api_server = eks_api.found() or eks_api.invented(place.region)
    made = store.backend("eks", place).create_cluster(
        name=arguments["name"],
        role_arn=arguments["roleArn"],
        resources_vpc_config=_network_config(arguments["resourcesVpcConfig"], vpc),
        version=arguments.get("version") or next(iter(versions.versions())),
        kubernetes_network_config=_service_network(arguments.get("kubernetesNetworkConfig") or {}),
        logging=arguments.get("logging"),
        tags=arguments.get("tags"),
        encryption_config=arguments.get("encryptionConfig"),
        remote_network_config=arguments.get("remoteNetworkConfig"),
    )
    _complete(place, made, arguments)
    eks_api.put(made, api_server)
    return {"cluster": {"name": made.name, "arn": made.arn}}


def _complete(place: Place, made: Any, arguments: Mapping[str, Any]) -> None:
    """Gives a cluster what is its own in AWS and, in moto, missing or the same for all."""
    access = arguments.get("accessConfig") or {}
    made.access_config = {
        "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
        "bootstrapClusterCreatorAdminPermissions": access.get(
            "bootstrapClusterCreatorAdminPermissions", True
        ),
    }
    made.upgrade_policy = {"supportType": "EXTENDED"}
    made.deletion_protection = False
    for argument, attribute in _KEPT.items():
        if arguments.get(argument) is not None:
            setattr(made, attribute, arguments[argument])
    token = secrets.token_hex(16).upper()
    made.identity = {"oidc": {"issuer": f"https://oidc.eks.{place.region}.amazonaws.com/id/{token}"}}
    made.platformVersion = "eks.1"
    made.resources_vpc_config["clusterSecurityGroupId"] = _security_group(place, made)


def _security_group(place: Place, made: Any) -> str:
    tags = {"aws:eks:cluster-name": made.name, f"kubernetes.io/cluster/{made.name}": "owned"}
    group = store.backend("ec2", place).create_security_group(
        name=f"eks-cluster-sg-{made.name}-{secrets.randbelow(10**9)}",
        description="EKS created security group applied to ENI that is attached to EKS Control Plane master "
        "nodes, as well as any managed workloads.",
        vpc_id=made.resources_vpc_config["vpcId"],
        tags={**tags, "Name": f"eks-cluster-sg-{made.name}"},
    )
    id_: str = group.id
    return id_


def _check_version(version: str | None) -> None:
    if version is not None and version not in versions.versions():
        known = ", ".join(versions.versions())
        raise store.invalid(f"unsupported Kubernetes version {version}; EKS runs {known}")


def _check_network(place: Place, name: str, wanted: Mapping[str, Any]) -> str:
    """Refuses a network that a control plane cannot be in; returns the network's id."""
    if not wanted.get("subnetIds"):
        raise store.invalid("subnetIds must not be empty")
    subnets = store.subnets(place, wanted["subnetIds"])
    zones = {subnet.availability_zone for subnet in subnets}
    usable = regions.zones(place.region) if place.region in regions.regions() else tuple(zones)
    for zone in sorted(zones.difference(usable)):
        raise ApiError(
            "UnsupportedAvailabilityZoneException",
            f"Cannot create cluster '{name}' because EKS does not support creating control plane instances "
            f"in {zone}, the targeted availability zone. Retry cluster creation using control plane subnets "
            f"that span at least two of these availability zones: {', '.join(usable)}.",
        )
    if len(zones) < 2:
        raise store.invalid("Subnets specified must be in at least two different AZs")
    vpc: str = subnets[0].vpc_id
    for group in wanted.get("securityGroupIds") or ():
        found = store.backend("ec2", place).get_security_group_from_id(group)
        if found is None or found.vpc_id != vpc:
            raise store.invalid(f"Security group(s) [{group}] are not in the same VPC as the subnets.")
    if not wanted.get("endpointPublicAccess", True) and not wanted.get("endpointPrivateAccess", False):
        raise store.invalid("Private and public endpoint access cannot be both false.")
    return vpc


def _network_config(wanted: Mapping[str, Any], vpc: str) -> dict[str, Any]:
    public = wanted.get("endpointPublicAccess", True)
    return {
        "subnetIds": wanted["subnetIds"],
        "securityGroupIds": wanted.get("securityGroupIds") or [],
        "endpointPublicAccess": public,
        "endpointPrivateAccess": wanted.get("endpointPrivateAccess", False),
        "publicAccessCidrs": wanted.get("publicAccessCidrs") or (["0.0.0.0/0"] if public else []),
        "vpcId": vpc,
    }


def _service_network(wanted: Mapping[str, Any]) -> dict[str, Any]:
    defaults = {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"}
    return {**defaults, "elasticLoadBalancing": {"enabled": False}, **wanted}


def _check_keys(place: Place, wanted: list[Mapping[str, Any]]) -> None:
    keys = store.backend("kms", place).keys.values()
    usable = {key.arn for key in keys if key.key_state == "Enabled"}
    for item in wanted:
        arn = item["provider"]["keyArn"]
        if arn not in usable:
            raise store.invalid(
                f"The keyArn in encryptionConfig provider is not a key that is enabled: {arn}"
            )


def update_cluster_config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes one part of a cluster's configuration; moto would drop what is not mentioned."""
    found = store.cluster(place, arguments["name"])
    if "resourcesVpcConfig" in arguments:
        present = found.resources_vpc_config
        wanted = {**present, **arguments["resourcesVpcConfig"]}
        vpc = _check_network(place, found.name, wanted)
        if vpc != present["vpcId"]:
            raise store.invalid("Provided subnets belong to a different VPC than the cluster.")
        found.resources_vpc_config = {**present, **_network_config(wanted, vpc)}
    if "logging" in arguments:
        found.logging = arguments["logging"]
    if "accessConfig" in arguments:
        _change_mode(found, arguments["accessConfig"]["authenticationMode"])
    if "kubernetesNetworkConfig" in arguments:
        found.kubernetes_network_config.update(arguments["kubernetesNetworkConfig"])
    if "remoteNetworkConfig" in arguments:
        found.remote_network_config = arguments["remoteNetworkConfig"]
    for argument in _KEPT.keys() & arguments.keys():
        setattr(found, _KEPT[argument], arguments[argument])
    return store.updated("ConfigUpdate")


def _change_mode(found: Any, wanted: str) -> None:
    present = found.access_config["authenticationMode"]
    if _MODES.index(wanted) < _MODES.index(present):
        raise store.invalid(f"Unsupported authentication mode update from {present} to {wanted}")
    found.access_config = {**found.access_config, "authenticationMode": wanted}


def update_cluster_version(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Upgrades a control plane, one minor version at a time and never behind its nodes."""
    found, wanted = store.cluster(place, arguments["name"]), arguments["version"]
    _check_version(wanted)
    if store.minor(wanted) != store.minor(found.version) + 1:
        raise store.invalid(f"Unsupported Kubernetes minor version update from {found.version} to {wanted}")
    groups = found.nodegroups.values()
    behind = [
        group.nodegroup_name for group in groups if store.minor(wanted) - store.minor(group.version) > 3
    ]
    if behind:
        raise store.invalid(
            f"Nodegroups {', '.join(behind)} must be updated before the cluster: nodes can be at most three "
            f"minor versions older than the control plane."
        )
    found.version = wanted
    return store.updated("VersionUpdate")


def associate_encryption_config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Encrypts the secrets of a cluster that did not do so yet; it cannot be undone."""
    found = store.cluster(place, arguments["clusterName"])
    if found.encryption_config:
        raise store.invalid(f"Encryption is already enabled for the cluster {found.name}")
    _check_keys(place, arguments["encryptionConfig"])
    found.encryption_config = arguments["encryptionConfig"]
    return store.updated("AssociateEncryptionConfig")


def delete_cluster(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a control plane that has no node groups, and its security group."""
    found = store.cluster(place, arguments["name"])
    if getattr(found, "deletion_protection", False):
        message = f"Cluster {found.name} has deletion protection enabled and cannot be deleted."
        raise ApiError("InvalidRequestException", message)
    if found.nodegroups or found.fargate_profiles:
        raise ApiError("ResourceInUseException", "Cluster has nodegroups attached")
    store.backend("eks", place).delete_cluster(found.name)
    tidy_groups(place)
    return {"cluster": {"name": found.name, "arn": found.arn}}


def tidy_groups(place: Place) -> None:
    """Deletes the security groups of clusters that are gone, also of those deleted behind our back.

    One that something else still uses stays, as it does at AWS, and with it the network: rules of other
    groups that name it and interfaces that are in it have to go before the cluster.
    """
    ec2, alive = store.backend("ec2", place), store.backend("eks", place).clusters
    for group in [group for groups in ec2.groups.values() for group in groups.values()]:
        tags = {tag["key"]: tag["value"] for tag in group.get_tags()}
        gone = "aws:eks:cluster-name" in tags and tags["aws:eks:cluster-name"] not in alive
        if gone and not _in_use(ec2, group.id):
            ec2.delete_security_group(group_id=group.id)


def _in_use(ec2: Any, group: str) -> bool:
    """Whether an interface is in the group, or a rule of another one names it."""
    others = [other for groups in ec2.groups.values() for other in groups.values() if other.id != group]
    named = {
        rule.source_group.get("GroupId")
        for other in others
        for rule in (*other.ingress_rules, *other.egress_rules)
    }
    inside = {one.id for interface in ec2.enis.values() for one in interface.group_set}
    return group in named | inside
