"""A pool whose nodes Karpenter makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

from components.nodes import fabric
from components.nodes import karpenter_manifests as manifests
from infra import naming
from infra.environment.pools import Pool
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope

_COMPONENT = "nodes"
_PARTS: Final = ("karpenter",)
_DELETION: Final = "60m"
"""How long Pulumi waits for the last node of a pool to be drained and terminated. All go at once; one whose
pods may not be evicted (a disruption budget, `karpenter.sh/do-not-disrupt`) stays until they are gone."""


@dataclass(frozen=True, kw_only=True)
class KarpenterPoolArgs:
    """What a pool needs."""

    scope: Scope
    name: str
    """Its name in the environment file."""
    pool: Pool
    cluster: ClusterHandle
    network: NetworkHandle
    profile: pulumi.Output[str]
    """Name of the instance profile of its nodes."""
    after: tuple[pulumi.Resource, ...]
    """Karpenter, and what nodes need to join and to leave: ways out, the role's policies, per-node add-ons,
    the driver that detaches volumes."""


class KarpenterPool(pulumi.ComponentResource):
    """A NodePool and the EC2NodeClass that says what its nodes are made of.

    A deletion ends like this: the NodePool stays until its nodes are drained and terminated (they are its
    dependents, and Karpenter holds each by a finalizer), then the EC2NodeClass goes, which Karpenter holds as
    long as nodes are made of it, then security and placement groups. So Karpenter must outlive all of them:
    https://karpenter.sh/v1.14/concepts/disruption/#control-flow
    """

    pool: str
    """The pool's name in the environment file."""
    fabric: pulumi.Output[str] | None
    """The security group of its EFA interfaces; None without EFA."""

    def __init__(self, name: str, args: KarpenterPoolArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:KarpenterPool", name, {}, opts)
        self._name, self._args = name, args
        self.pool = args.name
        groups, rules = self._security_groups()
        self.fabric = groups[1] if args.pool.efa_interfaces else None
        made_of = self._object("EC2NodeClass", self._node_class(groups), after=(*args.after, *rules))
        spec = manifests.node_pool(args.name, args.pool, list(args.network.private))
        self._object("NodePool", spec, after=(made_of, *self._overlay()))
        self.register_outputs({})

    def _node_class(self, groups: Sequence[pulumi.Output[str]]) -> dict[str, Any]:
        args, private = self._args, self._args.network.private
        together = fabric.placement_group(
            self._name,
            args.pool,
            environment=args.scope.environment,
            parts=_PARTS,
            tags=self._tags("placement"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        around = manifests.Surroundings(
            profile=args.profile,
            subnets=[private[args.pool.zone]] if args.pool.zone else list(private.values()),
            groups=groups,
            placement=None if together is None else together.name,
            blocks=args.network.addresses.blocks,
        )
        return manifests.node_class(args.pool, around, self._tags())

    def _security_groups(self) -> tuple[list[pulumi.Output[str]], list[pulumi.Resource]]:
        """The groups of all interfaces, the cluster's and, with EFA, one that lets it through; its rules."""
        args = self._args
        cluster_group = args.cluster.security_group_id
        if not args.pool.efa_interfaces:
            return [cluster_group], []
        group, rules = fabric.security_group(
            self._name,
            environment=args.scope.environment,
            parts=_PARTS,
            vpc_id=args.network.vpc_id,
            tags=self._tags("fabric"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [cluster_group, group.id], rules

    def _overlay(self) -> list[pulumi.Resource]:
        spec = manifests.node_overlay(self._args.name, self._args.pool)
        return [] if spec is None else [self._object("NodeOverlay", spec, after=self._args.after)]

    def _object(
        self, kind: str, spec: Mapping[str, Any], after: Sequence[pulumi.Resource]
    ) -> kubernetes.apiextensions.CustomResource:
        labels = self._args.scope.labels(_COMPONENT)
        return kubernetes.apiextensions.CustomResource(
            f"{self._name}-{kind.lower()}",
            api_version=manifests.VERSIONS[kind],
            kind=kind,
            metadata={"name": self._args.name, "labels": labels, "annotations": dict(manifests.FOREGROUND)},
            spec=dict(spec),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(after), custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION)
            ),
        )

    def _tags(self, *parts: str) -> dict[str, str]:
        name = "-".join((naming.physical(self._args.scope.environment), self._args.name, *parts))
        return self._args.scope.tags(_COMPONENT, name=name)
