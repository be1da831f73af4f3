"""Type tokens."""

from __future__ import annotations

from typing import Any

import pytest

from operations.twin.kubernetes.types import Type, built_in_scope, group_of, resolve


@pytest.mark.parametrize(
    ("token", "properties", "expected"),
    [
        ("kubernetes:core/v1:Namespace", {}, Type("v1", "Namespace")),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:Role", {}, Type("rbac.authorization.k8s.io/v1", "Role")
        ),
        ("kubernetes:apps/v1:Deployment", {}, Type("apps/v1", "Deployment")),
        ("kubernetes:apps/v1:DeploymentList", {}, Type("apps/v1", "DeploymentList", is_list=True)),
        (
            "kubernetes:apps/v1:DeploymentPatch", {"kind": "Deployment"},
            Type("apps/v1", "Deployment", is_patch=True),
        ),
        ("kubernetes:core/v1:NodePatch", {}, Type("v1", "Node", is_patch=True)),
        ("kubernetes:karpenter.sh/v1:NodePool", {}, Type("karpenter.sh/v1", "NodePool")),
        ("kubernetes:acme.io/v1:AllowList", {}, Type("acme.io/v1", "AllowList")),
        ("kubernetes:acme.io/v1:HotPatch", {"kind": "HotPatch"}, Type("acme.io/v1", "HotPatch")),
        (
            "kubernetes:apiextensions.k8s.io:CustomResource",
            {"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "ClusterQueue"},
            Type("kueue.x-k8s.io/v1beta1", "ClusterQueue"),
        ),
    ],
)  # fmt: skip
def test_tokens(token: str, properties: dict[str, Any], expected: Type) -> None:
    assert resolve(token, properties) == expected


def test_scopes() -> None:
    assert built_in_scope("v1", "Namespace") is False
    assert built_in_scope("v1", "Secret") is True
    assert built_in_scope("storage.k8s.io/v1", "StorageClass") is False
    assert built_in_scope("karpenter.sh/v1", "NodePool") is None


def test_groups() -> None:
    assert (group_of("v1"), group_of("apps/v1")) == ("", "apps")
