"""external-dns: records for what is let out of the cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.cluster.controllers import NAMES
from components.scheduling import resources
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT: Final = "names"
_METRICS: Final = 7979
PREFIX: Final = "mlcluster-"
"""What the names of the records begin with that say whose a record is."""


@dataclass(frozen=True, kw_only=True)
class ExternalDnsArgs:
    """Which records are written, and where."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    zone: str
    """Id of the hosted zone."""
    base: str
    """The domain that all names are below: ``dev.example.com``."""
    private: bool = False
    """Whether the zone is a private one."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """Its rights, and what its pods need; they outlive it."""


class ExternalDns(pulumi.ComponentResource):
    """external-dns, for the hosts of one environment in one zone.

    It takes away the records of what is gone, so it has to outlive that: what has names comes after `ready`,
    and goes before it.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ExternalDnsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:ExternalDns", name, {}, opts)
        namespace, _account = NAMES
        space = namespaces.namespace(
            name, namespace, args.scope.labels(_COMPONENT), "restricted", parent=self, after=args.after
        )
        ways = [ingress.prometheus_to(_METRICS)]
        ingress.closed(name, space, args.scope.labels(_COMPONENT), ways, parent=self)
        chart = Chart(
            name,
            ChartArgs(
                chart="external-dns",
                namespace=namespace,
                values=values(
                    args.cluster.name, args.zone, args.base, region=args.place.region, private=args.private
                ),
                after=(space, *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready = (chart.release,)
        self.register_outputs({})


def values(cluster: str, zone: str, base: str, *, region: str, private: bool) -> dict[str, Any]:
    """Values of the chart.

    Records follow what is in the cluster (`sync`), also when it goes: a name that still led to an address
    which somebody else has by then could be taken over. Records that are not marked as this cluster's, it
    never touches. It looks again as soon as something changes, for on the way down there is little time.

    It has one pod: two would both write.
    https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws-filters/

    Args:
        cluster: The cluster's physical name, which marks what is its own.
        zone: Id of the hosted zone.
        base: The domain that all names are below.
        region: Where the cluster is; its pods cannot ask their node for it.
        private: Whether the zone is a private one.
    """
    _namespace, account = NAMES
    return {
        "serviceAccount": {"create": True, "name": account},
        "provider": {"name": "aws"},
        "env": [{"name": "AWS_REGION", "value": region}],
        "sources": ["service", "ingress"],
        "policy": "sync",
        "triggerLoopOnEvent": True,
        "registry": "txt",
        "txtOwnerId": cluster,
        "txtPrefix": PREFIX,
        "domainFilters": [base],
        "managedRecordTypes": ["A", "AAAA", "CNAME"],
        "extraArgs": [
            f"--zone-id-filter={zone}",
            f"--aws-zone-type={'private' if private else 'public'}",
            # The zone may be that of a domain above: without this it would not be looked at.
            "--aws-zone-match-parent",
            # The mark of a name for all hosts needs a name of its own, in which there is no star.
            "--txt-wildcard-replacement=any",
        ],
        "resources": resources("20m", "64Mi", most="128Mi"),
    }
