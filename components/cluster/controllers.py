"""Who the controllers of load balancers and of names are at AWS; their charts are installed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi

from components.cluster import controller_policies
from components.identity import PodIdentity, PodIdentityArgs
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

LOAD_BALANCERS: Final = ("kube-system", "aws-load-balancer-controller")
"""Namespace and service account of the AWS Load Balancer Controller."""
NAMES: Final = ("external-dns", "external-dns")
"""Namespace and service account of external-dns."""


@dataclass(frozen=True, kw_only=True)
class ControllerIdentitiesArgs:
    """Of which cluster, and what they may reach."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    hosted_zones: tuple[str, ...] = ()
    """Ids of the zones that external-dns writes in; none: it gets no role."""
    base: str | None = None
    """The domain below which it writes; None: anywhere in the zones."""


class ControllerIdentities(pulumi.ComponentResource):
    """Roles for the pods of two controllers that make things at AWS which Pulumi does not know of.

    Both delete what they made when their objects go, so they, and these roles, must be there until then:
    what runs with the rights comes after `rights`.
    """

    rights: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ControllerIdentitiesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:ControllerIdentities", name, {}, opts)
        self._name, self._args = name, args
        policy = controller_policies.load_balancers(args.place, args.cluster.name)
        identities = [self._identity("balancers", LOAD_BALANCERS, "Load balancers for Services", policy)]
        if args.hosted_zones:
            policy = controller_policies.names(args.place, args.hosted_zones, args.base)
            identities.append(self._identity("names", NAMES, "DNS records for Services", policy))
        self.rights = tuple(resource for identity in identities for resource in identity.rights)
        self.register_outputs({})

    def _identity(self, role: str, account: tuple[str, str], description: str, policy: str) -> PodIdentity:
        namespace, service_account = account
        args = PodIdentityArgs(
            scope=self._args.scope,
            place=self._args.place,
            cluster=self._args.cluster,
            namespace=namespace,
            service_account=service_account,
            role=role,
            description=description,
            component="controllers",
            statements=policy,
        )
        return PodIdentity(f"{self._name}-{role}", args, pulumi.ResourceOptions(parent=self))
