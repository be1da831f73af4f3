"""EKS: control planes and node groups.

What forces a replacement follows the schemas of the Terraform AWS provider (internal/service/eks), which
pulumi-aws is made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from operations.twin.aws.operation import Operation, found
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import read_tags, retag

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _arn_of(operation: Operation) -> str:
    names = ("accessEntryArn", "associationArn", "arn")
    return str(next(operation.old[name] for name in names if name in operation.old))


EKS_TAGS = retag(
    lambda operation, keys: operation.call(
        "untag_resource", {"resourceArn": _arn_of(operation), "tagKeys": keys}
    ),
    lambda operation, tags: operation.call("tag_resource", {"resourceArn": _arn_of(operation), "tags": tags}),
)
"""The change of `tags` of everything in EKS, by its ARN."""


def _logging(operation: Operation) -> dict[str, Any] | None:
    """Log types that are on and, so that those no longer wanted go, the others as off."""
    wanted = operation.inputs.get("enabledClusterLogTypes")
    if wanted is None and not operation.old:
        return None
    on = sorted(wanted or ())
    off = [kind for kind in LOG_TYPES if kind not in on]
    sets = [{"types": kinds, "enabled": enabled} for kinds, enabled in ((on, True), (off, False)) if kinds]
    return {"clusterLogging": sets}


def _encryption(operation: Operation) -> list[Any] | None:
    wanted = operation.inputs.get("encryptionConfig")
    return [wanted] if wanted else None


def _configure(argument: str, value: Any) -> Call:
    """AWS takes one kind of change at a time, so each is a call of its own."""
    return Call("update_cluster_config", {"name": "$id", argument: value})


def _encrypt(operation: Operation) -> None:
    arguments = {"clusterName": operation.id, "encryptionConfig": _encryption(operation)}
    operation.call("associate_encryption_config", arguments)


def _cluster_replaces(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """Secrets, once encrypted, stay so."""
    return frozenset(
        {"encryptionConfig"} if "encryptionConfig" in old and "encryptionConfig" not in new else ()
    )


def _read_vpc_config(_: Operation, found: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "subnetIds",
        "securityGroupIds",
        "endpointPublicAccess",
        "endpointPrivateAccess",
        "publicAccessCidrs",
        "clusterSecurityGroupId",
        "vpcId",
    )
    config = found["resourcesVpcConfig"]
    return {name: config[name] for name in names if name in config}


_LOGS_ON = "logging.clusterLogging[?enabled].types[]"

CLUSTER = Type(
    type="aws:eks/cluster:Cluster",
    service="eks",
    word="cluster",
    required=("roleArn", "vpcConfig"),
    optional=(
        "name",
        "version",
        "accessConfig",
        "bootstrapSelfManagedAddons",
        "enabledClusterLogTypes",
        "encryptionConfig",
        "kubernetesNetworkConfig",
        "upgradePolicy",
        "deletionProtection",
        "forceUpdateVersion",
        "zonalShiftConfig",
    ),
    taggable=True,
    name=Name(prefix=None, limit=100),
    defaults={"bootstrapSelfManagedAddons": True},
    create=Call(
        "create_cluster",
        {
            "name": "$name",
            "version": "$version",
            "roleArn": "$roleArn",
            "resourcesVpcConfig": "$vpcConfig",
            "accessConfig": "$accessConfig",
            "bootstrapSelfManagedAddons": "$bootstrapSelfManagedAddons",
            "logging": _logging,
            "encryptionConfig": _encryption,
            "kubernetesNetworkConfig": "$kubernetesNetworkConfig",
            "upgradePolicy": "$upgradePolicy",
            "deletionProtection": "$deletionProtection",
            "zonalShiftConfig": "$zonalShiftConfig",
            "tags": "$tags",
        },
    ),
    id="{name}",
    read=Call("describe_cluster", {"name": "$id"}),
    found="cluster",
    outputs={
        "arn": "arn",
        "name": "name",
        "version": "version",
        "roleArn": "roleArn",
        "endpoint": "endpoint",
        "certificateAuthority": "certificateAuthority",
        "identities": "[{oidcs: [{issuer: identity.oidc.issuer}]}]",
        "platformVersion": "platformVersion",
        "status": "status",
        "createdAt": lambda _, found: found["createdAt"].isoformat(),
        "vpcConfig": _read_vpc_config,
        "accessConfig": "accessConfig",
        "enabledClusterLogTypes": lambda _, cluster: found(_LOGS_ON, cluster) or None,
        "encryptionConfig": "encryptionConfig[0]",
        "kubernetesNetworkConfig": "kubernetesNetworkConfig",
        "upgradePolicy": "upgradePolicy",
        "deletionProtection": "deletionProtection",
        "zonalShiftConfig": "zonalShiftConfig",
        "tags": read_tags,
    },
    partly={"vpcConfig": ("clusterSecurityGroupId", "vpcId")},
    changes=(
        Change(
            inputs=("version",),
            step=Call(
                "update_cluster_version",
                {"name": "$id", "version": "$version", "force": "$forceUpdateVersion"},
            ),
            on_create=False,
        ),
        Change(inputs=("vpcConfig",), step=_configure("resourcesVpcConfig", "$vpcConfig"), on_create=False),
        Change(
            inputs=("accessConfig",),
            step=_configure("accessConfig", {"authenticationMode": "$accessConfig.authenticationMode"}),
            on_create=False,
        ),
        Change(inputs=("enabledClusterLogTypes",), step=_configure("logging", _logging), on_create=False),
        Change(inputs=("encryptionConfig",), step=_encrypt, on_create=False),
        Change(
            inputs=("kubernetesNetworkConfig",),
            step=_configure(
                "kubernetesNetworkConfig",
                {"elasticLoadBalancing": "$kubernetesNetworkConfig.elasticLoadBalancing"},
            ),
            on_create=False,
        ),
        *(
            Change(inputs=(name,), step=_configure(name, f"${name}"), on_create=False)
            for name in ("upgradePolicy", "deletionProtection", "zonalShiftConfig")
        ),
        EKS_TAGS,
    ),
    delete=Call("delete_cluster", {"name": "$id"}),
    replace=frozenset(
        {
            "name",
            "roleArn",
            "bootstrapSelfManagedAddons",
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr",
        }
    ),
    replaces=_cluster_replaces,
    kept=frozenset(
        {"version", "accessConfig", "kubernetesNetworkConfig", "upgradePolicy", "deletionProtection"}
    ),
)


def _scaling_rules(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("minSize", "maxSize", "desiredSize"):
        if name not in inputs["scalingConfig"]:
            yield f"scalingConfig.{name}", "is required"


def _relabel(operation: Operation) -> None:
    old, new = operation.old.get("labels") or {}, operation.inputs.get("labels") or {}
    labels = {"addOrUpdateLabels": new or None, "removeLabels": sorted(old.keys() - new.keys()) or None}
    _update_group(operation, labels=labels)


def _retaint(operation: Operation) -> None:
    old, new = operation.old.get("taints") or [], operation.inputs.get("taints") or []
    kept = {(taint["key"], taint["effect"]) for taint in new}
    gone = [taint for taint in old if (taint["key"], taint["effect"]) not in kept]
    _update_group(operation, taints={"addOrUpdateTaints": new or None, "removeTaints": gone or None})


def _update_group(operation: Operation, **arguments: Any) -> None:
    operation.call("update_nodegroup_config", {**_group(operation), **arguments})


def _group(operation: Operation) -> dict[str, str]:
    cluster, _, name = operation.id.partition(":")
    return {"clusterName": cluster, "nodegroupName": name}


def _update_version(operation: Operation) -> None:
    """Version, image release and launch template version: one update of the nodes."""
    inputs, old = operation.inputs, operation.old
    names = ("version", "releaseVersion", "launchTemplate")
    changed = {name: inputs[name] for name in names if name in inputs and inputs[name] != old.get(name)}
    if changed:
        force = inputs.get("forceUpdateVersion")
        operation.call("update_nodegroup_version", {**_group(operation), **changed, "force": force})


def _template_of(_: Operation, found: Mapping[str, Any]) -> dict[str, Any] | None:
    template = found.get("launchTemplate")
    return template and {name: template[name] for name in ("id", "name", "version") if name in template}


def _warm_pool(operation: Operation) -> dict[str, Any] | None:
    """The warm pool that is asked for; the provider's block stands for EKS' `enabled`."""
    wanted = operation.inputs.get("warmPoolConfig")
    return {**wanted, "enabled": True} if wanted is not None else None


def _read_warm_pool(_: Operation, found: Mapping[str, Any]) -> dict[str, Any] | None:
    config = found.get("warmPoolConfig") or {}
    kept = {name: value for name, value in config.items() if name != "enabled"}
    return kept if config.get("enabled") else None


NODE_GROUP = Type(
    type="aws:eks/nodeGroup:NodeGroup",
    service="eks",
    word="nodegroup",
    required=("clusterName", "nodeRoleArn", "scalingConfig", "subnetIds"),
    optional=(
        "nodeGroupName",
        "nodeGroupNamePrefix",
        "amiType",
        "capacityType",
        "diskSize",
        "forceUpdateVersion",
        "instanceTypes",
        "labels",
        "launchTemplate",
        "nodeRepairConfig",
        "releaseVersion",
        "remoteAccess",
        "taints",
        "updateConfig",
        "version",
        "warmPoolConfig",
    ),
    taggable=True,
    name=Name(property="nodeGroupName", prefix="nodeGroupNamePrefix", limit=63),
    rules=(_scaling_rules,),
    create=Call(
        "create_nodegroup",
        {
            "clusterName": "$clusterName",
            "nodegroupName": "$nodeGroupName",
            "nodeRole": "$nodeRoleArn",
            "subnets": "$subnetIds",
            "scalingConfig": "$scalingConfig",
            "amiType": "$amiType",
            "capacityType": "$capacityType",
            "diskSize": "$diskSize",
            "instanceTypes": "$instanceTypes",
            "labels": "$labels",
            "launchTemplate": "$launchTemplate",
            "nodeRepairConfig": "$nodeRepairConfig",
            "releaseVersion": "$releaseVersion",
            "remoteAccess": "$remoteAccess",
            "taints": "$taints",
            "updateConfig": "$updateConfig",
            "version": "$version",
            "warmPoolConfig": _warm_pool,
            "tags": "$tags",
        },
    ),
    id="{clusterName}:{nodeGroupName}",
    read=lambda operation: operation.call("describe_nodegroup", _group(operation)),
    found="nodegroup",
    outputs={
        "arn": "nodegroupArn",
        "clusterName": "clusterName",
        "nodeGroupName": "nodegroupName",
        "nodeRoleArn": "nodeRole",
        "subnetIds": "subnets",
        "scalingConfig": "scalingConfig",
        "amiType": "amiType",
        "capacityType": "capacityType",
        "diskSize": "diskSize",
        "instanceTypes": "instanceTypes",
        "labels": "labels",
        "launchTemplate": _template_of,
        "nodeRepairConfig": "nodeRepairConfig",
        "releaseVersion": "releaseVersion",
        "remoteAccess": "remoteAccess",
        "resources": "[{autoscalingGroups: resources.autoScalingGroups, "
        "remoteAccessSecurityGroupId: resources.remoteAccessSecurityGroup}]",
        "status": "status",
        "taints": "taints",
        "updateConfig": "updateConfig",
        "version": "version",
        "warmPoolConfig": _read_warm_pool,
        "tags": read_tags,
    },
    partly={"launchTemplate": ("id", "name")},
    changes=(
        Change(inputs=("version", "releaseVersion", "launchTemplate"), step=_update_version, on_create=False),
        Change(inputs=("labels",), step=_relabel, on_create=False),
        Change(inputs=("taints",), step=_retaint, on_create=False),
        Change(
            inputs=("scalingConfig",),
            step=lambda operation: _update_group(operation, scalingConfig=operation.inputs["scalingConfig"]),
            on_create=False,
        ),
        Change(
            inputs=("updateConfig",),
            step=lambda operation: _update_group(
                operation, updateConfig=operation.inputs.get("updateConfig")
            ),
            on_create=False,
        ),
        Change(
            inputs=("nodeRepairConfig",),
            step=lambda operation: _update_group(
                operation, nodeRepairConfig=operation.inputs.get("nodeRepairConfig") or {"enabled": False}
            ),
            on_create=False,
        ),
        Change(
            inputs=("warmPoolConfig",),
            step=lambda operation: _update_group(
                operation, warmPoolConfig=_warm_pool(operation) or {"enabled": False}
            ),
            on_create=False,
        ),
        EKS_TAGS,
    ),
    delete=lambda operation: operation.call("delete_nodegroup", _group(operation)),
    replace=frozenset(
        {
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "launchTemplate.id",
            "launchTemplate.name",
            "nodeGroupName",
            "nodeGroupNamePrefix",
            "nodeRoleArn",
            "remoteAccess",
            "subnetIds",
        }
    ),
    kept=frozenset(
        {
            "amiType",
            "capacityType",
            "diskSize",
            "instanceTypes",
            "nodeRepairConfig",
            "releaseVersion",
            "updateConfig",
            "version",
        }
    ),
    ordered=frozenset({"instanceTypes"}),
    exact=frozenset({"tags", "labels"}),
)
