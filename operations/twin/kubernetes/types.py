"""Which Kubernetes kind a Pulumi type token means, and what is known of built-in kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RELEASE: Final = "kubernetes:helm.sh/v3:Release"

# https://kubernetes.io/docs/reference/kubernetes-api/ : kinds whose paths have no namespace.
_CLUSTER_SCOPED: Final = frozenset({
    ("", "ComponentStatus"), ("", "Namespace"), ("", "Node"), ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "CertificateSigningRequest"), ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("networking.k8s.io", "IPAddress"), ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"), ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"), ("storage.k8s.io", "CSINode"), ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"), ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
})  # fmt: skip

_BUILT_IN_GROUPS: Final = frozenset({
    "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps",
    "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io",
    "events.k8s.io", "flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "policy",
    "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io", "storage.k8s.io",
    "storagemigration.k8s.io",
})  # fmt: skip


def group_of(api_version: str) -> str:
    """Returns the API group of an apiVersion: "apps" of "apps/v1", "" of "v1"."""
    group, slash, _version = api_version.partition("/")
    return group if slash else ""


def built_in_scope(api_version: str, kind: str) -> bool | None:
    """Whether objects of a built-in kind live in namespaces; None for kinds that are not its own."""
    group = group_of(api_version)
    if group not in _BUILT_IN_GROUPS:
        return None
    return (group, kind) not in _CLUSTER_SCOPED


@dataclass(frozen=True)
class Type:
    """What a resource's type token and inputs say that it is."""

    api_version: str
    kind: str
    is_list: bool = False
    """A list kind: in the SDK for the sake of YAML files, not a thing that can exist."""
    is_patch: bool = False
    """A "...Patch" kind: owns some fields of an object that somebody else made."""


def resolve(token: str, properties: Mapping[str, Any]) -> Type:
    """Returns the kind of a resource.

    Args:
        token: A Pulumi type: "kubernetes:core/v1:Namespace", "kubernetes:apps/v1:DeploymentPatch", or that
            of a custom resource, "kubernetes:karpenter.sh/v1:NodePool".
        properties: The resource's inputs or state. They name the kind where the token does not
            ("kubernetes:apiextensions.k8s.io:CustomResource"), and tell a patch from a kind called so.
    """
    _package, middle, name = token.split(":", 2)
    given_kind = properties.get("kind")
    if "/" not in middle:
        return Type(str(properties.get("apiVersion", "")), str(given_kind or ""))
    api_version = middle.removeprefix("core/")
    built_in = group_of(api_version) in _BUILT_IN_GROUPS
    patched = name.removesuffix("Patch")
    if patched != name and (given_kind == patched or (built_in and given_kind is None)):
        return Type(api_version, patched, is_patch=True)
    return Type(api_version, name, is_list=built_in and name.endswith("List"))
