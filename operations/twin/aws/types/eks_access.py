"""EKS: add-ons, and who may do what in a cluster. All of them are kept in memory: moto has none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.types.eks import EKS_TAGS
from operations.twin.aws.types.tags import read_tags


def _times(*names: str) -> dict[str, Any]:
    return {name: _time(name) for name in names}


def _time(name: str) -> Any:
    return lambda _, found: found[name].isoformat()


def _addon(operation: Operation) -> dict[str, str]:
    cluster, _, name = operation.id.partition(":")
    return {"clusterName": cluster, "addonName": name}


def _update_addon(operation: Operation) -> None:
    inputs = operation.inputs
    names = ("addonVersion", "configurationValues", "serviceAccountRoleArn")
    arguments: dict[str, Any] = {name: inputs.get(name) for name in names}
    if inputs.get("podIdentityAssociations") or operation.old.get("podIdentityAssociations"):
        arguments["podIdentityAssociations"] = inputs.get("podIdentityAssociations", [])
    conflicts = inputs.get("resolveConflictsOnUpdate")
    operation.call("update_addon", {**_addon(operation), **arguments, "resolveConflicts": conflicts})


def _addon_identities(operation: Operation, found: Mapping[str, Any]) -> list[dict[str, str]] | None:
    """The add-on lists associations by ARN; the input is role and service account."""
    listed = []
    for arn in found.get("podIdentityAssociations", ()):
        arguments = {"clusterName": found["clusterName"], "associationId": arn.rpartition("/")[2]}
        item = operation.find("describe_pod_identity_association", "association", arguments)
        if item is not None:
            listed.append({"roleArn": item["roleArn"], "serviceAccount": item["serviceAccount"]})
    return listed or None


ADDON = Type(
    type="aws:eks/addon:Addon",
    service="eks",
    word="addon",
    required=("addonName", "clusterName"),
    optional=(
        "addonVersion",
        "configurationValues",
        "namespaceConfig",
        "podIdentityAssociations",
        "preserve",
        "resolveConflictsOnCreate",
        "resolveConflictsOnUpdate",
        "serviceAccountRoleArn",
    ),
    taggable=True,
    create=Call(
        "create_addon",
        {
            "clusterName": "$clusterName",
            "addonName": "$addonName",
            "addonVersion": "$addonVersion",
            "configurationValues": "$configurationValues",
            "namespaceConfig": "$namespaceConfig",
            "podIdentityAssociations": "$podIdentityAssociations",
            "resolveConflicts": "$resolveConflictsOnCreate",
            "serviceAccountRoleArn": "$serviceAccountRoleArn",
            "tags": "$tags",
        },
    ),
    id="{clusterName}:{addonName}",
    read=lambda operation: operation.call("describe_addon", _addon(operation)),
    found="addon",
    outputs={
        "arn": "addonArn",
        "addonName": "addonName",
        "clusterName": "clusterName",
        "addonVersion": "addonVersion",
        "configurationValues": lambda _, found: found.get("configurationValues", ""),
        "namespaceConfig": "namespaceConfig",
        "podIdentityAssociations": _addon_identities,
        "serviceAccountRoleArn": "serviceAccountRoleArn",
        "tags": read_tags,
        **_times("createdAt", "modifiedAt"),
    },
    changes=(
        Change(
            inputs=(
                "addonVersion",
                "configurationValues",
                "podIdentityAssociations",
                "serviceAccountRoleArn",
            ),
            step=_update_addon,
            on_create=False,
        ),
        EKS_TAGS,
    ),
    delete=lambda operation: operation.call(
        "delete_addon", {**_addon(operation), "preserve": operation.inputs.get("preserve")}
    ),
    replace=frozenset({"addonName", "clusterName", "namespaceConfig"}),
    kept=frozenset({"addonVersion", "configurationValues"}),
    volatile=("modifiedAt",),
)


def _entry(operation: Operation) -> dict[str, str]:
    cluster, _, principal = operation.id.partition(":")
    return {"clusterName": cluster, "principalArn": principal}


def _update_entry(operation: Operation) -> None:
    groups = operation.inputs.get("kubernetesGroups", [])
    arguments = {"kubernetesGroups": groups, "username": operation.inputs.get("userName")}
    operation.call("update_access_entry", {**_entry(operation), **arguments})


ACCESS_ENTRY = Type(
    type="aws:eks/accessEntry:AccessEntry",
    service="eks",
    word="access-entry",
    required=("clusterName", "principalArn"),
    optional=("kubernetesGroups", "type", "userName"),
    taggable=True,
    defaults={"type": "STANDARD"},
    create=Call(
        "create_access_entry",
        {
            "clusterName": "$clusterName",
            "principalArn": "$principalArn",
            "kubernetesGroups": "$kubernetesGroups",
            "type": "$type",
            "username": "$userName",
            "tags": "$tags",
        },
    ),
    id="{clusterName}:{principalArn}",
    read=lambda operation: operation.call("describe_access_entry", _entry(operation)),
    found="accessEntry",
    outputs={
        "accessEntryArn": "accessEntryArn",
        "clusterName": "clusterName",
        "principalArn": "principalArn",
        "kubernetesGroups": "kubernetesGroups",
        "type": "type",
        "userName": "username",
        "tags": read_tags,
        **_times("createdAt", "modifiedAt"),
    },
    changes=(
        Change(inputs=("kubernetesGroups", "userName"), step=_update_entry, on_create=False),
        EKS_TAGS,
    ),
    delete=lambda operation: operation.call("delete_access_entry", _entry(operation)),
    replace=frozenset({"clusterName", "principalArn", "type"}),
    kept=frozenset({"userName", "kubernetesGroups"}),
    volatile=("modifiedAt",),
)


def _association(operation: Operation) -> dict[str, str]:
    cluster, principal, policy = operation.id.split("#")
    return {"clusterName": cluster, "principalArn": principal, "policyArn": policy}


def _read_policy(operation: Operation) -> dict[str, Any] | None:
    wanted = _association(operation)
    policy = wanted.pop("policyArn")
    path = f"associatedAccessPolicies[?policyArn=='{policy}'] | [0]"
    found: dict[str, Any] | None = operation.find("list_associated_access_policies", path, wanted)
    return found and {**found, **wanted}


ACCESS_POLICY_ASSOCIATION = Type(
    type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    service="eks",
    word="access-policy-association",
    required=("accessScope", "clusterName", "policyArn", "principalArn"),
    create=Call(
        "associate_access_policy",
        {
            "clusterName": "$clusterName",
            "principalArn": "$principalArn",
            "policyArn": "$policyArn",
            "accessScope": "$accessScope",
        },
    ),
    id="{clusterName}#{principalArn}#{policyArn}",
    read=_read_policy,
    outputs={
        "clusterName": "clusterName",
        "principalArn": "principalArn",
        "policyArn": "policyArn",
        "accessScope": "accessScope",
        **_times("associatedAt", "modifiedAt"),
    },
    delete=lambda operation: operation.call("disassociate_access_policy", _association(operation)),
    replace=frozenset({"accessScope", "clusterName", "policyArn", "principalArn"}),
)


def _identity(operation: Operation) -> dict[str, Any]:
    return {"clusterName": operation.inputs.get("clusterName"), "associationId": operation.id}


def _update_identity(operation: Operation) -> None:
    names = ("roleArn", "targetRoleArn", "disableSessionTags", "policy")
    changed = {name: operation.inputs.get(name) for name in names}
    operation.call("update_pod_identity_association", {**_identity(operation), **changed})


POD_IDENTITY_ASSOCIATION = Type(
    type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
    service="eks",
    word="pod-identity-association",
    required=("clusterName", "namespace", "roleArn", "serviceAccount"),
    optional=("disableSessionTags", "policy", "targetRoleArn"),
    taggable=True,
    create=Call(
        "create_pod_identity_association",
        {
            "clusterName": "$clusterName",
            "namespace": "$namespace",
            "roleArn": "$roleArn",
            "serviceAccount": "$serviceAccount",
            "disableSessionTags": "$disableSessionTags",
            "policy": "$policy",
            "targetRoleArn": "$targetRoleArn",
            "tags": "$tags",
        },
    ),
    id="association.associationId",
    read=lambda operation: operation.call("describe_pod_identity_association", _identity(operation)),
    found="association",
    outputs={
        "associationArn": "associationArn",
        "associationId": "associationId",
        "clusterName": "clusterName",
        "namespace": "namespace",
        "serviceAccount": "serviceAccount",
        "roleArn": "roleArn",
        "targetRoleArn": "targetRoleArn",
        "disableSessionTags": "disableSessionTags",
        "policy": "policy",
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("roleArn", "targetRoleArn", "disableSessionTags", "policy"),
            step=_update_identity,
            on_create=False,
        ),
        EKS_TAGS,
    ),
    delete=lambda operation: operation.call("delete_pod_identity_association", _identity(operation)),
    replace=frozenset({"clusterName", "namespace", "serviceAccount"}),
)
