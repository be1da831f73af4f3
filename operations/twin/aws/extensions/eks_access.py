"""EKS access entries, access policies and pod identity associations, which moto lacks."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_PRINCIPAL: Final = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/.+|arn:aws[a-z-]*:sts::\d{12}:.+")
_POLICY: Final = re.compile(r"arn:aws[a-z-]*:eks::aws:cluster-access-policy/(?P<name>\w+)")
_POLICIES: Final = frozenset(
    {
        "AmazonEKSAdminPolicy",
        "AmazonEKSClusterAdminPolicy",
        "AmazonEKSAdminViewPolicy",
        "AmazonEKSEditPolicy",
        "AmazonEKSViewPolicy",
        "AmazonEKSSecretReaderPolicy",
        "AmazonEKSAutoNodePolicy",
        "AmazonEKSHybridPolicy",
        "AmazonEKSClusterInsightsPolicy",
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSBlockStorageClusterPolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSComputeClusterPolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSLoadBalancingClusterPolicy",
        "AmazonEKSNetworkingPolicy",
        "AmazonEKSNetworkingClusterPolicy",
        "AmazonSagemakerHyperpodClusterPolicy",
    }
)
"""https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html"""


def _entries(place: Place, cluster_name: str) -> tuple[Any, dict[str, Any]]:
    cluster = store.cluster(place, cluster_name)
    mode = getattr(cluster, "access_config", {}).get("authenticationMode", "CONFIG_MAP")
    if mode == "CONFIG_MAP":
        raise ApiError(
            "InvalidRequestException",
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] "
            "to perform this operation.",
        )
    return cluster, store.kept(cluster, "access_entries")


def _entry(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    _, entries = _entries(place, arguments["clusterName"])
    found: dict[str, Any] | None = entries.get(arguments["principalArn"])
    if found is None:
        raise ApiError(
            "ResourceNotFoundException",
            "The specified principalArn could not be found. "
            "You can view your access entries with 'list-access-entries'.",
        )
    return found


def _check_groups(groups: list[str], kind: str) -> None:
    if groups and kind != "STANDARD":
        raise store.invalid("Access entries of type other than STANDARD do not take kubernetesGroups.")
    for group in groups:
        if group.startswith(("system:", "eks:", "aws:", "amazon:", "iam:")):
            raise store.invalid(
                f"The kubernetes group name {group} is invalid, it cannot start with "
                "system:, eks:, aws:, amazon:, or iam:."
            )


def create_access_entry(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lets an IAM principal in; whether it exists is not checked, it may be another account's."""
    cluster, entries = _entries(place, arguments["clusterName"])
    principal, kind = arguments["principalArn"], arguments.get("type") or "STANDARD"
    if not _PRINCIPAL.fullmatch(principal):
        raise store.invalid("The specified principalArn is invalid: invalid principal.")
    if principal in entries:
        message = "The specified access entry resource is already in use on this cluster."
        raise ApiError("ResourceInUseException", message)
    _check_groups(arguments.get("kubernetesGroups") or [], kind)
    account, path = principal.split(":")[4:6]
    tail = f"{path.replace('/', f'/{account}/', 1)}/{uuid.uuid4()}"
    entry = {
        "clusterName": cluster.name,
        "principalArn": principal,
        "kubernetesGroups": arguments.get("kubernetesGroups") or [],
        "accessEntryArn": f"arn:aws:eks:{place.region}:{place.account}:access-entry/{cluster.name}/{tail}",
        "createdAt": store.now(),
        "modifiedAt": store.now(),
        "tags": dict(arguments.get("tags") or {}),
        "username": arguments.get("username") or principal,
        "type": kind,
    }
    entries[principal] = {"entry": entry, "policies": {}}
    return {"accessEntry": dict(entry)}


def describe_access_entry(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes one access entry."""
    return {"accessEntry": dict(_entry(place, arguments)["entry"])}


def list_access_entries(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists the principals that are let in."""
    return {"accessEntries": sorted(_entries(place, arguments["clusterName"])[1])}


def update_access_entry(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes an entry's groups and user name."""
    entry = _entry(place, arguments)["entry"]
    _check_groups(arguments.get("kubernetesGroups") or [], entry["type"])
    names = ("kubernetesGroups", "username")
    entry.update({name: arguments[name] for name in names if name in arguments}, modifiedAt=store.now())
    return {"accessEntry": dict(entry)}


def delete_access_entry(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes an entry, and the policies associated with it."""
    _entry(place, arguments)
    del _entries(place, arguments["clusterName"])[1][arguments["principalArn"]]
    return {}


def associate_access_policy(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Gives an entry the permissions of one of EKS' own policies."""
    found, scope = _entry(place, arguments), dict(arguments["accessScope"])
    arn = arguments["policyArn"]
    known = _POLICY.fullmatch(arn)
    if known is None or known["name"] not in _POLICIES:
        raise store.invalid(f"The policyArn {arn} is not an access policy of EKS.")
    if found["entry"]["type"] in ("EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX"):
        raise ApiError("InvalidRequestException", "Access entries of nodes do not take access policies.")
    if (scope.get("type") == "namespace") != bool(scope.get("namespaces")):
        raise store.invalid("Namespaces are required with a scope of type namespace, and only with it.")
    present = found["policies"].get(arn, {"associatedAt": store.now()})
    scope.setdefault("namespaces", [])
    found["policies"][arn] = {
        **present,
        "policyArn": arn,
        "accessScope": scope,
        "modifiedAt": store.now(),
    }
    return {"clusterName": arguments["clusterName"], "principalArn": arguments["principalArn"]}


def disassociate_access_policy(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Takes the permissions of a policy away again."""
    if _entry(place, arguments)["policies"].pop(arguments["policyArn"], None) is None:
        raise ApiError("ResourceNotFoundException", "The specified policyArn is not associated.")
    return {}


def list_associated_access_policies(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists the policies of one access entry."""
    policies = _entry(place, arguments)["policies"].values()
    return {"associatedAccessPolicies": [dict(policy) for policy in policies]}


def _associations(place: Place, cluster_name: str) -> dict[str, Any]:
    return store.kept(store.cluster(place, cluster_name), "pod_identities")


def create_pod_identity_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the pods of a service account a role; one role for each service account."""
    associations = _associations(place, arguments["clusterName"])
    account = (arguments["namespace"], arguments["serviceAccount"])
    taken = next((id_ for id_, item in associations.items() if _account(item) == account), None)
    if taken is not None:
        raise ApiError("ResourceInUseException", f"Association already exists: {taken}")
    _check_pod_role(place, arguments["roleArn"])
    id_ = f"a-{secrets.token_hex(9)[:17]}"
    arn = (
        f"arn:aws:eks:{place.region}:{place.account}:podidentityassociation/{arguments['clusterName']}/{id_}"
    )
    names = ("clusterName", "namespace", "serviceAccount", "roleArn", "targetRoleArn", "policy")
    associations[id_] = {
        **{name: arguments[name] for name in names if arguments.get(name) is not None},
        "associationId": id_,
        "associationArn": arn,
        "disableSessionTags": arguments.get("disableSessionTags", False),
        "tags": dict(arguments.get("tags") or {}),
        "createdAt": store.now(),
        "modifiedAt": store.now(),
    }
    return {"association": dict(associations[id_])}


def _account(association: Mapping[str, Any]) -> tuple[str, str]:
    return association["namespace"], association["serviceAccount"]


def _check_pod_role(place: Place, arn: str) -> None:
    if arn.split(":")[4] != place.account:
        raise store.invalid("Role provided in the request must be in the account of the cluster.")
    store.check_role(place, arn, "pods.eks.amazonaws.com", "sts:AssumeRole")
    store.check_role(place, arn, "pods.eks.amazonaws.com", "sts:TagSession")


def _association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = _associations(place, arguments["clusterName"]).get(
        arguments["associationId"]
    )
    if found is None:
        raise ApiError(
            "ResourceNotFoundException", f"Association {arguments['associationId']} was not found."
        )
    return found


def describe_pod_identity_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes one association."""
    return {"association": dict(_association(place, arguments))}


def list_pod_identity_associations(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists a cluster's associations, of one namespace or service account if asked."""
    wanted = {name: arguments[name] for name in ("namespace", "serviceAccount") if name in arguments}
    shown = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId")
    return {
        "associations": [
            {name: item[name] for name in shown}
            for item in _associations(place, arguments["clusterName"]).values()
            if all(item[name] == value for name, value in wanted.items())
        ]
    }


def update_pod_identity_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes the role of a service account."""
    found = _association(place, arguments)
    if "roleArn" in arguments:
        _check_pod_role(place, arguments["roleArn"])
    names = ("roleArn", "targetRoleArn", "disableSessionTags", "policy")
    found.update({name: arguments[name] for name in names if name in arguments}, modifiedAt=store.now())
    return {"association": dict(found)}


def delete_pod_identity_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes one association."""
    found = _association(place, arguments)
    del _associations(place, arguments["clusterName"])[found["associationId"]]
    return {"association": dict(found)}
