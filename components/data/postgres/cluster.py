"""Postgres in the cluster, by CloudNativePG."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policy

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.data.postgres import cluster_manifests as manifests
from components.data.postgres import names
from components.identity import PodIdentity, PodIdentityArgs
from infra.environment.postgres import Postgres
from infra.handles import ClusterHandle, Metrics, ObjectStore
from infra.labels import Scope
from infra.places import Place

_APIS: Final = {"ObjectStore": manifests.STORE_API, "PodMonitor": "monitoring.coreos.com/v1"}
_NOTED: Final[Mapping[str, Any]] = {"Cluster": {"annotations": manifests.READY}}
_TIMEOUTS: Final = pulumi.CustomTimeouts(create="30m", update="60m")
"""Copies are made one after the other, and changed so too."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Where backups go, and as whom."""

    place: Place
    cluster: ClusterHandle
    lake: ObjectStore


@dataclass(frozen=True, kw_only=True)
class PostgresClusterArgs:
    """What the server needs."""

    scope: Scope
    postgres: Postgres
    instances: int
    """Copies of the data."""
    replicas: int
    """Pods of each of its controllers."""
    archive: Archive | None
    """None: there are no backups."""
    metrics: Metrics | None
    """None: nobody watches."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What pods and volumes need; with an archive also certificates. They outlive it."""


class PostgresCluster(pulumi.ComponentResource):
    """The operator, its plugin for backups, and one server with as many copies as are asked for.

    With `keep: retain` the server is protected. What it archives is in a folder of its own in the lake, named
    after its namespace's uid: a server that is made anew would refuse to write where another one has written.
    """

    ready: tuple[pulumi.Resource, ...]
    """Databases come after these, and go before them."""

    def __init__(self, name: str, args: PostgresClusterArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:PostgresCluster", name, {}, opts)
        self._name, self._args = name, args
        operator = self._operator()
        space = namespaces.namespace(
            name, names.NAMESPACE, names.labels(args.scope), "restricted", parent=self, after=args.after
        )
        ingress.closed(name, space, names.labels(args.scope), parent=self)
        self._let_in(space)
        archive = () if args.archive is None else self._archive(args.archive, operator, space)
        server = self._server(space, (operator, *archive))
        if args.archive is not None:
            self._custom("ScheduledBackup", "nightly", manifests.schedule(), [server])
        if args.metrics is not None:
            self._monitor(space, args.metrics)
        self.ready = (server,)
        self.register_outputs({"host": names.host()})

    def _operator(self) -> pulumi.Resource:
        args = self._args
        space = namespaces.namespace(
            f"{self._name}-operator",
            names.OPERATOR_NAMESPACE,
            names.labels(args.scope),
            "restricted",
            parent=self,
            after=args.after,
        )
        ways = [ingress.within(), *manifests.operator_ways_in()]
        ingress.closed(f"{self._name}-operator", space, names.labels(args.scope), ways, parent=self)
        watched = () if args.metrics is None else args.metrics.ready
        values = manifests.operator_values(args.replicas, monitored=args.metrics is not None)
        operator = self._chart("cloudnative-pg", values, (space, *watched))
        if args.archive is None:
            return operator
        return self._chart("plugin-barman-cloud", manifests.plugin_values(args.replicas), (operator,))

    def _chart(
        self, chart: str, values: Mapping[str, Any], after: tuple[pulumi.Resource, ...]
    ) -> pulumi.Resource:
        args = ChartArgs(
            chart=chart,
            namespace=names.OPERATOR_NAMESPACE,
            values=values,
            after=(*after, *self._args.after),
            site=self._args.site,
        )
        release: pulumi.Resource = Chart(chart, args, pulumi.ResourceOptions(parent=self)).release
        if self._args.replicas > 1:
            policy.PodDisruptionBudget(
                chart,
                metadata={
                    "name": chart,
                    "namespace": names.OPERATOR_NAMESPACE,
                    "labels": names.labels(self._args.scope),
                },
                spec=manifests.disruptions(chart),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(after)),
            )
        return release

    def _let_in(self, space: core.Namespace) -> None:
        watcher = None if self._args.metrics is None else self._args.metrics.namespace
        networking.NetworkPolicy(
            self._name,
            metadata=self._metadata("server"),
            spec=manifests.own_traffic(watcher),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )

    def _archive(
        self, archive: Archive, operator: pulumi.Resource, space: core.Namespace
    ) -> tuple[pulumi.Resource, ...]:
        """The right to write to the lake, and where in it."""
        scope, bucket = self._args.scope, archive.lake.buckets[manifests.ZONE]
        identity = PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=scope,
                place=archive.place,
                cluster=archive.cluster,
                namespace=names.NAMESPACE,
                service_account=names.CLUSTER,
                role="postgres",
                description="Backups of Postgres in the lake",
                component=names.COMPONENT,
                statements=pulumi.Output.all(bucket=bucket, key_arn=archive.lake.key_arn).apply(
                    lambda known: manifests.rights(archive.place, **known, environment=scope.environment)
                ),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        spec = pulumi.Output.from_input(bucket).apply(
            lambda known: manifests.store(self._args.postgres, known, scope.environment)
        )
        where = self._custom("ObjectStore", manifests.STORE, spec, [operator, space])
        return (*identity.rights, where)

    def _server(self, space: core.Namespace, after: tuple[pulumi.Resource, ...]) -> pulumi.Resource:
        args = self._args
        spec = manifests.cluster(
            args.postgres,
            args.instances,
            names.labels(args.scope),
            archive=None if args.archive is None else space.metadata.uid,
        )
        opts = pulumi.ResourceOptions(protect=args.postgres.keep == "retain", custom_timeouts=_TIMEOUTS)
        return self._custom("Cluster", names.CLUSTER, spec, [space, *after], opts)

    def _monitor(self, space: core.Namespace, metrics: Metrics) -> None:
        self._custom("PodMonitor", "server", manifests.monitor(), [space, *metrics.ready])

    def _custom(
        self,
        kind: str,
        name: str,
        spec: pulumi.Input[Mapping[str, Any]],
        after: list[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> pulumi.Resource:
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{kind.lower()}",
            api_version=_APIS.get(kind, manifests.API),
            kind=kind,
            metadata={**self._metadata(name), **_NOTED.get(kind, {})},
            spec=spec,
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(parent=self, depends_on=after), opts or pulumi.ResourceOptions()
            ),
        )
        return made

    def _metadata(self, name: str) -> dict[str, Any]:
        return {"name": name, "namespace": names.NAMESPACE, "labels": names.labels(self._args.scope)}
