"""The AWS Load Balancer Controller: load balancers for Services and Ingresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.charts import Chart, ChartArgs, ChartSite
from components.cluster.controllers import LOAD_BALANCERS
from components.scheduling import resources, spread
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope
from infra.places import Place

_CHART: Final = "aws-load-balancer-controller"
_GATEWAYS: Final = ("NLBGatewayAPI", "ALBGatewayAPI", "GatewayListenerSet")
"""Features that serve the Gateway API: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/configurations/#feature-gates"""


@dataclass(frozen=True, kw_only=True)
class LoadBalancersArgs:
    """What the controller needs."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    network: NetworkHandle
    replicas: int = 1
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """Its rights, and what its pods need; they outlive it."""


class LoadBalancers(pulumi.ComponentResource):
    """The controller of load balancers.

    Only it can delete what it made: a Service or an Ingress that has a load balancer comes after `ready`, and
    goes before it. Its finalizer sees to it that such an object is gone no sooner than its load balancer and
    its target groups; without a controller it would never go.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: LoadBalancersArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:LoadBalancers", name, {}, opts)
        namespace, _account = LOAD_BALANCERS
        chart = Chart(
            name,
            ChartArgs(
                chart=_CHART,
                namespace=namespace,
                values=values(
                    args.cluster.name,
                    args.place.region,
                    args.network.vpc_id,
                    replicas=args.replicas,
                    tags=args.scope.tags("balancers"),
                ),
                after=args.after,
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart.release,)
        self.register_outputs({})


def values(
    cluster: str,
    region: str,
    vpc_id: pulumi.Input[str],
    *,
    replicas: int,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Values of the chart.

    The region and the VPC are told, since pods cannot ask their node for them (its metadata is one hop away).

    The webhook that makes every new Service of type LoadBalancer the controller's is off: it is asked about
    all Services, so that none could be made while the controller starts or restarts, by any chart
    (https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/4140). A Service that is to have a
    network load balancer says so: `loadBalancerClass: service.k8s.aws/nlb`.

    Load balancers are internal unless their object says otherwise, and lead to pods, not to ports of nodes.

    Args:
        cluster: The cluster's physical name; the controller's rights are over what bears it.
        region: Where the cluster is.
        vpc_id: The cluster's network.
        replicas: How many pods it has, of which one does the work and all answer webhooks.
        tags: What all it makes is tagged with, by which it is found if it is left over.
    """
    _namespace, account = LOAD_BALANCERS
    labels = {"app.kubernetes.io/name": _CHART}
    return {
        "clusterName": cluster,
        "region": region,
        "vpcId": vpc_id,
        "serviceAccount": {"create": True, "name": account},
        "replicaCount": replicas,
        "podDisruptionBudget": {"maxUnavailable": 1} if replicas > 1 else {},
        "topologySpreadConstraints": spread(labels),
        "resources": resources("100m", "128Mi", most="256Mi"),
        "enableServiceMutatorWebhook": False,
        # Else each upgrade would make a certificate that the running pods do not have yet.
        "keepTLSSecret": True,
        "defaultTargetType": "ip",
        "defaultLoadBalancerScheme": "internal",
        "defaultTags": dict(tags),
        # What is let in comes by network load balancers, which none of these guards.
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": False,
        # Gateways are the mesh's; these would want a newer Gateway API than that has.
        "controllerConfig": {"featureGates": dict.fromkeys(_GATEWAYS, False)},
    }
