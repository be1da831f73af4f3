"""Karpenter: the controller that makes nodes when pods want them, and takes them away again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import pulumi
import pulumi_aws as aws

from components.charts import Chart, ChartArgs, ChartSite
from components.identity import PodIdentity, PodIdentityArgs
from components.nodes import karpenter_manifests as manifests
from components.nodes import karpenter_policies as policies
from components.nodes.karpenter_queue import InterruptionQueue, InterruptionQueueArgs
from infra import naming
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "nodes"
_NAMESPACE: Final = "kube-system"
"""Upstream's choice too: the API server gives priority to what runs there."""
_ACCOUNT: Final = "karpenter"


@dataclass(frozen=True, kw_only=True)
class KarpenterArgs:
    """What Karpenter needs."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    node_role_arn: pulumi.Output[str]
    """The role of all nodes. A managed node group has it too: EKS lets its nodes in by an access entry that
    it makes itself, and refuses a second one for the role."""
    site: manifests.Site
    """What Karpenter must know of the cluster."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before it can run, and outlives it: the host pools, names, disks."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""


class Karpenter(pulumi.ComponentResource):
    """Karpenter's controller, its rights, the warnings it listens to, and its kinds.

    Its pools come after it and go before it: only it can take their nodes away, and kinds that go before
    their objects have lost the controller that clears them. What nodes need outlives it.
    """

    profile: pulumi.Output[str]
    """Name of the instance profile that gives nodes their role. It is ours and not Karpenter's, which so
    needs no right to make any, leaves none behind, and works where IAM cannot be reached:
    https://karpenter.sh/v1.14/concepts/nodeclasses/#specinstanceprofile"""
    ready: tuple[pulumi.Resource, ...]
    """What NodePools come after."""

    def __init__(self, name: str, args: KarpenterArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:Karpenter", name, {}, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        profile = self._profile()
        queue = InterruptionQueue(
            f"{name}-interruptions", InterruptionQueueArgs(scope=args.scope, place=args.place), child
        )
        identity = self._identity(profile, queue)
        kinds = Chart(
            f"{name}-crd",
            ChartArgs(chart="karpenter-crd", namespace=_NAMESPACE, after=args.after, site=args.charts),
            child,
        )
        controller = self._controller(queue, after=(*args.after, kinds, *identity.rights, *queue.ready))
        self.profile = profile.name
        self.ready = (controller,)
        self.register_outputs({"profile": profile.name})

    def _profile(self) -> aws.iam.InstanceProfile:
        return aws.iam.InstanceProfile(
            self._name,
            name=naming.physical(self._args.scope.environment, "node", limit=128),
            role=self._args.node_role_arn.apply(lambda arn: arn.rpartition("/")[2]),
            tags=self._args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _identity(self, profile: aws.iam.InstanceProfile, queue: InterruptionQueue) -> PodIdentity:
        args = self._args
        statements = pulumi.Output.all(role=args.node_role_arn, profile=profile.arn).apply(
            lambda known: policies.controller(
                place=args.place,
                cluster=args.cluster.name,
                node_role=known["role"],
                profile=known["profile"],
                queue=queue.arn,
                zonal_shift=args.site.zonal_shift,
            )
        )
        return PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=args.scope,
                place=args.place,
                cluster=args.cluster,
                namespace=_NAMESPACE,
                service_account=_ACCOUNT,
                role="karpenter",
                description="Nodes for pods that wait",
                component=_COMPONENT,
                statements=statements,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _controller(self, queue: InterruptionQueue, after: tuple[pulumi.Resource, ...]) -> Chart:
        args = self._args
        values = manifests.controller_values(args.cluster.name, queue.name, args.site)
        return Chart(
            self._name,
            ChartArgs(chart="karpenter", namespace=_NAMESPACE, values=values, after=after, site=args.charts),
            pulumi.ResourceOptions(parent=self),
        )
