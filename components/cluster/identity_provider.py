"""People of an OpenID Connect provider in a cluster."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.environment.oidc import Oidc
from infra.handles import ClusterHandle
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class IdentityProviderArgs:
    """Which provider, and of which cluster."""

    scope: Scope
    cluster: ClusterHandle
    oidc: Oidc


class IdentityProvider(pulumi.ComponentResource):
    """Lets a cluster take the tokens of an OpenID Connect provider, groups and all, beside those of IAM.

    EKS takes one provider a cluster, and works on its API servers one after the other to let it in or to let
    it go: nothing waits for it. Any change of it makes a new one, after the old one is gone:
    https://docs.aws.amazon.com/eks/latest/userguide/authenticate-oidc-identity-provider.html
    """

    def __init__(self, name: str, args: IdentityProviderArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:IdentityProvider", name, {}, opts)
        physical = naming.physical(args.scope.environment, limit=100)
        aws.eks.IdentityProviderConfig(
            name,
            cluster_name=args.cluster.id,
            oidc={
                "identity_provider_config_name": physical,
                "issuer_url": args.oidc.issuer,
                "client_id": args.oidc.client_id,
                "groups_claim": args.oidc.groups_claim,
                "groups_prefix": args.oidc.groups_prefix,
                "username_claim": args.oidc.username_claim,
                "username_prefix": args.oidc.username_prefix,
                **({"required_claims": dict(claims)} if (claims := args.oidc.required_claims) else {}),
            },
            tags=args.scope.tags("cluster", name=physical),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({})
