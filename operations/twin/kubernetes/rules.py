"""Rules that an API server holds objects to, as far as they matter here: names and immutable fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from operations.twin.kubernetes.types import group_of
from operations.twin.kubernetes.values import MISSING, Path, lookup

# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL_1035: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PATH_SEGMENT: Final = re.compile(r"(?!\.{1,2}$)[^/%]+")
_LABEL_VALUE: Final = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")

_NAMES: Final = {
    ("", "Namespace"): (_LABEL, 63, "a DNS label: lower-case letters, digits and '-'"),
    ("", "Service"): (_LABEL, 63, "a DNS label: lower-case letters, digits and '-'"),
    ("rbac.authorization.k8s.io", "Role"): (_PATH_SEGMENT, 253, "a path segment, so without '/' and '%'"),
    ("rbac.authorization.k8s.io", "RoleBinding"): (_PATH_SEGMENT, 253, "a path segment"),
    ("rbac.authorization.k8s.io", "ClusterRole"): (_PATH_SEGMENT, 253, "a path segment"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (_PATH_SEGMENT, 253, "a path segment"),
}
_OTHER_NAMES: Final = (_SUBDOMAIN, 253, "a DNS name: lower-case letters, digits, '-' and '.'")

# What pulumi-kubernetes replaces an object for (provider/pkg/provider/diff.go, v4.34).
_SELECTOR: Final = (("spec", "selector"),)
_BINDING: Final = (("roleRef",),)
_REPLACED: Final[Mapping[tuple[str, str], tuple[Path, ...]]] = {
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "StatefulSet"): (
        ("spec", "podManagementPolicy"), ("spec", "revisionHistoryLimit"), ("spec", "selector"),
        ("spec", "serviceName"), ("spec", "volumeClaimTemplates"),
    ),
    ("batch", "Job"): (
        ("spec", "completions"), ("spec", "parallelism"), ("spec", "selector"), ("spec", "template"),
    ),
    ("", "PersistentVolumeClaim"): (
        ("spec", "accessModes"), ("spec", "selector"), ("spec", "storageClassName"), ("spec", "volumeName"),
    ),
    ("", "PersistentVolume"): tuple(
        ("spec", source)
        for source in ("awsElasticBlockStore", "csi", "hostPath", "iscsi", "local", "nfs", "rbd", "cephfs")
    ),
    ("", "Pod"): (("spec",),),
    ("", "ResourceQuota"): (("spec", "scopes"),),
    ("", "Secret"): (("type",),),
    ("", "Service"): (("spec", "clusterIP"),),
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("storage.k8s.io", "StorageClass"): (("parameters",), ("provisioner",)),
}  # fmt: skip
_DATA: Final[Mapping[str, tuple[Path, ...]]] = {
    "Secret": (("data",), ("stringData",)),
    "ConfigMap": (("data",), ("binaryData",)),
}

# What the API server refuses to change, of pkg/apis/*/validation; fields that it lets grow are not listed.
_IMMUTABLE: Final[Mapping[tuple[str, str], tuple[Path, ...]]] = {
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "StatefulSet"): (
        ("spec", "podManagementPolicy"), ("spec", "selector"), ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
    ),
    ("batch", "Job"): (("spec", "completionMode"), ("spec", "selector"), ("spec", "template")),
    ("", "PersistentVolumeClaim"): (
        ("spec", "accessModes"), ("spec", "selector"), ("spec", "storageClassName"), ("spec", "volumeName"),
    ),
    ("", "PersistentVolume"): (("spec", "csi"), ("spec", "nfs"), ("spec", "hostPath"), ("spec", "local")),
    ("", "ResourceQuota"): (("spec", "scopes"), ("spec", "scopeSelector")),
    ("", "Secret"): (("type",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
    ("storage.k8s.io", "StorageClass"): (
        ("parameters",), ("provisioner",), ("reclaimPolicy",), ("volumeBindingMode",),
    ),
    ("node.k8s.io", "RuntimeClass"): (("handler",),),
    ("networking.k8s.io", "IngressClass"): (("spec", "controller"),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (("spec", "group"), ("spec", "scope")),
}  # fmt: skip


def replacing(api_version: str, kind: str, mutable_data: frozenset[str] = frozenset()) -> tuple[Path, ...]:
    """Returns the paths that cannot be changed in place, as pulumi-kubernetes sees it.

    Args:
        api_version: Of the object.
        kind: Of the object.
        mutable_data: Of "Secret" and "ConfigMap" those whose data may change in place: by default Pulumi
            makes new ones, so that what refers to them by their generated name rolls out anew.
    """
    data = () if kind in mutable_data or group_of(api_version) else _DATA.get(kind, ())
    fixed = _REPLACED.get((group_of(api_version), kind), ())
    return (("metadata", "name"), ("metadata", "namespace"), *fixed, *data)


def invalid_metadata(manifest: Mapping[str, Any]) -> str | None:
    """Returns what is wrong with an object's name, namespace or labels; None when nothing is."""
    metadata = manifest["metadata"]
    key = (group_of(manifest["apiVersion"]), manifest["kind"])
    pattern, limit, meaning = _NAMES.get(key, _OTHER_NAMES)
    name = metadata["name"]
    if not pattern.fullmatch(name) or len(name) > limit:
        return f'metadata.name: Invalid value: "{name}": must be {meaning}, at most {limit} characters'
    namespace = metadata.get("namespace")
    if namespace and not _LABEL.fullmatch(namespace):
        return f'metadata.namespace: Invalid value: "{namespace}": must be a DNS label'
    return _first(_invalid_label(key, value) for key, value in (metadata.get("labels") or {}).items())


def _invalid_label(key: str, value: Any) -> str | None:
    prefix, slash, name = key.rpartition("/")
    if (slash and not (_SUBDOMAIN.fullmatch(prefix) and len(prefix) <= 253)) or not _LABEL_NAME.fullmatch(
        name
    ):
        return f'metadata.labels: Invalid value: "{key}": not a label key'
    if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
        return f'metadata.labels: Invalid value: "{value}" of {key}: a label value is at most 63 characters'
    return None


def forbidden_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Returns which immutable field of an object a change touches; None when it may be made."""
    key = (group_of(new["apiVersion"]), new["kind"])
    paths: Iterable[Path] = _IMMUTABLE.get(key, ())
    if old.get("immutable") is True and key[1] in _DATA:
        paths = (*paths, *_DATA[key[1]], ("immutable",))
    return _first(
        f"{'.'.join(path)}: field is immutable"
        for path in paths
        if lookup(old, path, MISSING) != lookup(new, path, MISSING)
    )


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem), None)
