"""Manifests for tests."""

from __future__ import annotations

from typing import Any


def thing(kind: str, name: str, namespace: str = "", *, version: str = "v1", **rest: Any) -> dict[str, Any]:
    home = {"namespace": namespace} if namespace else {}
    metadata = {"name": name, **home, **rest.pop("metadata", {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}


def deployment(
    name: str, namespace: str = "default", *, replicas: int = 1, **metadata: Any
) -> dict[str, Any]:
    labels = {"app": name}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "example.org/image:1"}]},
        },
    }
    return thing("Deployment", name, namespace, version="apps/v1", spec=spec, metadata=metadata)
