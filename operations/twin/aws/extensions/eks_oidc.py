"""OpenID Connect providers of EKS clusters, which moto lacks."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_KIND = "identity_providers"


def _configs(place: Place, cluster_name: str) -> dict[str, Any]:
    return store.kept(store.cluster(place, cluster_name), _KIND)


def _config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = arguments["identityProviderConfig"]
    found: dict[str, Any] | None = _configs(place, arguments["clusterName"]).get(wanted["name"])
    if found is None or wanted["type"] != "oidc":
        message = f"No identity provider config {wanted['name']} is associated with the cluster."
        raise ApiError("ResourceNotFoundException", message)
    return found


def associate_identity_provider_config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lets a cluster take a provider's tokens; it takes one provider.

    https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html
    """
    cluster, oidc = store.cluster(place, arguments["clusterName"]), arguments["oidc"]
    configs = _configs(place, cluster.name)
    if configs:
        message = f"Cluster {cluster.name} has an identity provider config already: {next(iter(configs))}."
        raise ApiError("InvalidRequestException", message)
    if not oidc["issuerUrl"].startswith("https://") or "?" in oidc["issuerUrl"]:
        raise store.invalid("issuerUrl must begin with https:// and have no query.")
    for name in ("groupsPrefix", "usernamePrefix"):
        if oidc.get(name, "").startswith("system:"):
            raise store.invalid(f"{name} cannot begin with system:")
    name = oidc["identityProviderConfigName"]
    arn = f"arn:aws:eks:{place.region}:{place.account}:identityproviderconfig/{cluster.name}/oidc/{name}"
    tags = dict(arguments.get("tags") or {})
    configs[name] = {
        **oidc,
        "clusterName": cluster.name,
        "identityProviderConfigArn": f"{arn}/{uuid.uuid4()}",
        "status": "ACTIVE",
        "tags": tags,
    }
    return {**store.updated("AssociateIdentityProviderConfig"), "tags": tags}


def describe_identity_provider_config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes one provider."""
    return {"identityProviderConfig": {"oidc": dict(_config(place, arguments))}}


def list_identity_provider_configs(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lists a cluster's providers: one, or none."""
    names = _configs(place, arguments["clusterName"])
    return {"identityProviderConfigs": [{"type": "oidc", "name": name} for name in names]}


def disassociate_identity_provider_config(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Lets the provider's people in no more."""
    found = _config(place, arguments)
    del _configs(place, arguments["clusterName"])[found["identityProviderConfigName"]]
    return store.updated("DisassociateIdentityProviderConfig")
