"""EKS add-ons, which moto lacks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import yaml

from infra.catalog import versions
from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import eks_access, store

_NAME: Final = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
_VERSION: Final = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+")


_OF_THE_CLUSTER: Final = ("kube-proxy",)
"""Add-ons whose versions are Kubernetes' own, and never ahead of the control plane's."""


def _addons(place: Place, cluster_name: str) -> dict[str, Any]:
    return store.kept(store.cluster(place, cluster_name), "addons")


def _addon(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = _addons(place, arguments["clusterName"]).get(arguments["addonName"])
    if found is None:
        raise ApiError("ResourceNotFoundException", f"No addon: {arguments['addonName']} found in cluster")
    return found


def _pinned(cluster: Any) -> dict[str, str]:
    known = versions.versions().get(cluster.version)
    return {name: addon.version for name, addon in known.addons.items()} if known else {}


def _check(place: Place, name: str, version: str | None, arguments: Mapping[str, Any]) -> None:
    cluster = store.cluster(place, arguments["clusterName"])
    if not _NAME.fullmatch(name):
        raise store.invalid(f"Addon {name} specified is not supported")
    if version is None or not _VERSION.fullmatch(version):
        raise store.invalid(f"Addon version {version} specified for {name} is not supported")
    if name in _OF_THE_CLUSTER and store.minor(version.removeprefix("v")) > store.minor(cluster.version):
        raise store.invalid(f"Addon version specified is not supported with Kubernetes {cluster.version}")
    _check_values(arguments.get("configurationValues"))
    if arguments.get("serviceAccountRoleArn") and arguments.get("podIdentityAssociations"):
        raise store.invalid("serviceAccountRoleArn and podIdentityAssociations cannot both be given.")
    roles = store.iam(place).roles.values()
    role = arguments.get("serviceAccountRoleArn")
    if role and role not in {known.arn for known in roles}:
        raise store.invalid(f"Role with arn: {role}, could not be assumed because it does not exist.")


def _check_values(text: str | None) -> None:
    """Configuration is JSON, or YAML, for an object; the schema of each add-on is not known here."""
    if not text:
        return
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError:
        parsed = None
    if not isinstance(parsed, dict):
        raise store.invalid("ConfigurationValue provided in request is not supported: not a JSON object")


def create_addon(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Installs an add-on, at the catalogue's version unless one is given."""
    cluster, name = store.cluster(place, arguments["clusterName"]), arguments["addonName"]
    addons = _addons(place, cluster.name)
    version = arguments.get("addonVersion") or _pinned(cluster).get(name)
    _check(place, name, version, arguments)
    if name in addons:
        raise ApiError("ResourceInUseException", "Addon already exists.")
    names = ("configurationValues", "serviceAccountRoleArn", "namespaceConfig")
    addons[name] = {
        **{key: arguments[key] for key in names if arguments.get(key) is not None},
        "addonName": name,
        "clusterName": cluster.name,
        "addonVersion": version,
        "addonArn": f"arn:aws:eks:{place.region}:{place.account}:addon/{cluster.name}/{name}/{uuid.uuid4()}",
        "status": "ACTIVE",
        "health": {"issues": []},
        "tags": dict(arguments.get("tags") or {}),
        "podIdentityAssociations": [],
        "createdAt": store.now(),
        "modifiedAt": store.now(),
    }
    _identify(place, addons[name], arguments.get("podIdentityAssociations") or [])
    return describe_addon(place, arguments)


def _identify(place: Place, addon: dict[str, Any], wanted: list[Mapping[str, str]]) -> None:
    """Makes the pod identity associations of an add-on those that are wanted."""
    cluster = addon["clusterName"]
    for arn in addon["podIdentityAssociations"]:
        id_ = arn.rpartition("/")[2]
        eks_access.delete_pod_identity_association(place, {"clusterName": cluster, "associationId": id_})
    addon["podIdentityAssociations"] = []
    for item in wanted:
        made = eks_access.create_pod_identity_association(
            place, {"clusterName": cluster, "namespace": "kube-system", **item}
        )
        addon["podIdentityAssociations"].append(made["association"]["associationArn"])


def describe_addon(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes one add-on."""
    return {"addon": dict(_addon(place, arguments))}


def list_addons(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists a cluster's add-ons by name."""
    return {"addons": sorted(_addons(place, arguments["clusterName"]))}


def update_addon(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes an add-on's version, configuration and roles."""
    found = _addon(place, arguments)
    version = arguments.get("addonVersion") or found["addonVersion"]
    _check(place, found["addonName"], version, arguments)
    names = ("configurationValues", "serviceAccountRoleArn")
    found.update(
        {name: arguments[name] for name in names if name in arguments},
        addonVersion=version,
        modifiedAt=store.now(),
    )
    if "podIdentityAssociations" in arguments:
        _identify(place, found, arguments["podIdentityAssociations"])
    return store.updated("AddonUpdate")


def delete_addon(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes an add-on and the associations that came with it."""
    found = _addon(place, arguments)
    _identify(place, found, [])
    del _addons(place, arguments["clusterName"])[found["addonName"]]
    return {"addon": dict(found)}
