"""What teams start."""

from __future__ import annotations

from typing import Any

from operations.twin.kubernetes.api import Manifest


def pod(name: str = "work", *, limits: dict[str, str] | None = None, **security: Any) -> Manifest:
    """A pod of one container.

    Args:
        name: Its name.
        limits: What its container may use; by default it says nothing.
        security: Its container's security context.
    """
    container: dict[str, Any] = {"name": "main", "image": "example.org/image:1"}
    if limits:
        container["resources"] = {"limits": limits}
    if security:
        container["securityContext"] = security
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container]},
    }


def careful(name: str = "work", **more: Any) -> Manifest:
    """A pod that gives up every right that the restricted level takes away."""
    return pod(
        name,
        allowPrivilegeEscalation=False,
        capabilities={"drop": ["ALL"]},
        runAsNonRoot=True,
        seccompProfile={"type": "RuntimeDefault"},
        **more,
    )


def deployment(name: str, template: Manifest, replicas: int) -> Manifest:
    """A deployment of such pods."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
        },
    }


def service(kind: str) -> Manifest:
    """A service of a type."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"type": kind, "selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
