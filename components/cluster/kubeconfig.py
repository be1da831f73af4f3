"""How people and programs reach a cluster."""

from __future__ import annotations

import json


def kubeconfig(*, name: str, region: str, endpoint: str, certificate: str) -> str:
    """A kubeconfig, as JSON, for one cluster.

    It holds no credentials: the AWS CLI makes a token for whoever runs it.

    Args:
        name: The cluster's name.
        region: Its region.
        endpoint: URL of its API.
        certificate: Its certificate authority, in base64.
    """
    token = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"],
        "interactiveMode": "Never",
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": certificate}}
            ],
            "users": [{"name": name, "user": {"exec": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
