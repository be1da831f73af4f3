"""The cluster autoscaler: it changes the sizes of managed node groups to what pods need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components import scheduling
from components.charts import Chart, ChartArgs, ChartSite
from components.identity import PodIdentity, PodIdentityArgs
from infra import iam
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_NAME: Final = "cluster-autoscaler"
_NAMESPACE: Final = "kube-system"

_LOOKS: Final = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
)
_CHANGES: Final = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """What the autoscaler needs."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    replicas: int = 1
    """Controllers: one leads, others wait for it to fail."""
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need: nodes, and the network on them."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""


class Autoscaler(pulumi.ComponentResource):
    """The cluster autoscaler, with rights over the groups of this cluster only.

    Nodes that Karpenter makes are none of its business: they are in no group.
    """

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:Autoscaler", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                scope=args.scope,
                place=args.place,
                cluster=args.cluster,
                namespace=_NAMESPACE,
                service_account=_NAME,
                role="autoscaler",
                description="Changing the sizes of the cluster's node groups",
                component="nodes",
                statements=policy(args.place, args.cluster.name),
            ),
            child,
        )
        Chart(
            _NAME,
            ChartArgs(
                chart=_NAME,
                namespace=_NAMESPACE,
                values=values(args.cluster.name, args.place.region, args.replicas),
                after=(*identity.rights, *args.after),
                site=args.charts,
            ),
            child,
        )
        self.register_outputs({})


def policy(place: Place, cluster: str) -> str:
    """What the autoscaler may do: look at all groups, and change those that EKS marked as the cluster's.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
    """
    owned = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}
    return iam.document(
        {"Effect": "Allow", "Action": list(_LOOKS), "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "eks:DescribeNodegroup",
            "Resource": place.arn("eks", f"nodegroup/{cluster}/*/*"),
        },
        {"Effect": "Allow", "Action": list(_CHANGES), "Resource": "*", "Condition": owned},
    )


def values(cluster: str, region: str, replicas: int = 1) -> Mapping[str, Any]:
    """The chart's values.

    Managed groups bear the tags of its discovery by themselves. Groups that offer the same are kept equally
    large, which spreads a pool of several groups over its zones.
    """
    return {
        "fullnameOverride": _NAME,
        "cloudProvider": "aws",
        "awsRegion": region,
        "autoDiscovery": {"clusterName": cluster},
        "rbac": {"serviceAccount": {"create": True, "name": _NAME}},
        "extraArgs": {
            "v": 2,
            "balance-similar-node-groups": True,
            "expander": "least-waste",
            "skip-nodes-with-local-storage": False,
        },
        "replicaCount": replicas,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "priorityClassName": scheduling.CRITICAL,
        "topologySpreadConstraints": scheduling.spread({"app.kubernetes.io/instance": _NAME}),
        "resources": scheduling.resources("100m", "600Mi"),
    }
