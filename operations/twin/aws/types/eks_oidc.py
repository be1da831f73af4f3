"""EKS: OpenID Connect providers of clusters.

Every input but the tags forces a replacement, as in the Terraform provider's
internal/service/eks/identity_provider_config.go.
"""

from __future__ import annotations

from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Type
from operations.twin.aws.types.eks import EKS_TAGS
from operations.twin.aws.types.tags import read_tags


def _config(operation: Operation) -> dict[str, Any]:
    cluster, _, name = operation.id.partition(":")
    return {"clusterName": cluster, "identityProviderConfig": {"type": "oidc", "name": name}}


_OIDC = (
    *("clientId", "groupsClaim", "groupsPrefix", "identityProviderConfigName"),
    *("issuerUrl", "requiredClaims", "usernameClaim", "usernamePrefix"),
)

IDENTITY_PROVIDER_CONFIG = Type(
    type="aws:eks/identityProviderConfig:IdentityProviderConfig",
    service="eks",
    word="identity-provider-config",
    required=("clusterName", "oidc"),
    taggable=True,
    create=Call(
        "associate_identity_provider_config",
        {"clusterName": "$clusterName", "oidc": "$oidc", "tags": "$tags"},
    ),
    id="{clusterName}:{oidc[identityProviderConfigName]}",
    read=lambda operation: operation.call("describe_identity_provider_config", _config(operation)),
    found="identityProviderConfig.oidc",
    outputs={
        "arn": "identityProviderConfigArn",
        "clusterName": "clusterName",
        "identityProviderConfigName": "identityProviderConfigName",
        "oidc": lambda _, found: {name: found[name] for name in _OIDC if name in found},
        "status": "status",
        "tags": read_tags,
    },
    changes=(EKS_TAGS,),
    delete=lambda operation: operation.call("disassociate_identity_provider_config", _config(operation)),
    replace=frozenset({"clusterName", "oidc"}),
    delete_before_replace=True,
)
