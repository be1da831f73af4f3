"""Kafka in the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.data.kafka import manifests, metrics, policies, values
from components.data.kafka.keeping import kept
from components.identity import PodIdentity, PodIdentityArgs
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.handles import ClusterHandle, EventStream, Metrics, ObjectStore
from infra.labels import Scope
from infra.places import Place

COMPONENT: Final = "kafka"
_ZONE: Final = "raw"
_TIMES: Final = pulumi.CustomTimeouts(create="30m", update="60m", delete="30m")
"""Volumes, controllers, brokers, operators: one after the other, and on an update one by one."""


@dataclass(frozen=True, kw_only=True)
class OldRecords:
    """Where old records go, and by whose rights."""

    place: Place
    cluster: ClusterHandle
    lake: ObjectStore


@dataclass(frozen=True, kw_only=True)
class KafkaClusterArgs:
    """What Kafka needs."""

    scope: Scope
    kafka: Kafka
    site: manifests.Site
    metrics: Metrics | None = None
    """None: nobody watches."""
    tiered: OldRecords | None = None
    """None: all records are on disks."""
    replicas: int = 1
    """Pods of the operator."""
    charts: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What pods and their volumes need; it outlives them."""


class KafkaCluster(pulumi.ComponentResource):
    """Strimzi's operator, controllers and brokers, and what looks after topics, users and balance.

    Topics and users come after `handle.ready`, and go before: with the operators gone nobody would take the
    finalizers off topics. With `keep: retain` all that data depends on is protected.
    """

    handle: EventStream

    def __init__(self, name: str, args: KafkaClusterArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:KafkaCluster", name, {}, opts)
        self._name, self._args = name, args
        space = self._namespace()
        operator = self._operator(space)
        rights = self._rights()
        before = [*operator, *self._rules(space), *self._templates(operator)]
        pools = [self._pool(role, operator) for role in (manifests.CONTROLLERS, manifests.BROKERS)]
        cluster = self._custom(
            "Kafka",
            names.CLUSTER,
            self._spec(),
            self._child([*before, *pools, *rights], keep=True),
            annotations=manifests.READY,
        )
        # Strimzi lets in who has to speak to brokers, Cruise Control and Kafka Connect.
        ways = [ingress.prometheus_to(*metrics.PORTS)]
        ingress.closed(name, space, args.scope.labels(COMPONENT), ways, parent=self)
        self._monitors(space)
        self.handle = EventStream(
            kind="strimzi", bootstrap=names.bootstrap(), auth="scram", ready=(*operator, cluster)
        )
        self.register_outputs({"bootstrap": self.handle.bootstrap})

    def _namespace(self) -> core.Namespace:
        holder = pulumi.ComponentResource("mlcluster:data:KafkaSpace", self._name, {}, self._child(keep=True))
        return namespaces.namespace(
            self._name,
            names.NAMESPACE,
            self._args.scope.labels(COMPONENT),
            "restricted",
            parent=holder,
            after=self._args.after,
        )

    def _operator(self, space: pulumi.Resource) -> list[pulumi.Resource]:
        args = ChartArgs(
            chart="strimzi-kafka-operator",
            namespace=names.NAMESPACE,
            values=values.values(self._args.replicas),
            after=(space, *self._args.after),
            site=self._args.charts,
        )
        return [space, Chart("strimzi-kafka-operator", args, self._child(keep=True)).release]

    def _rights(self) -> tuple[pulumi.Resource, ...]:
        """Brokers' way to their part of the lake."""
        tiered, environment = self._args.tiered, self._args.scope.environment
        if tiered is None:
            return ()
        known = pulumi.Output.all(bucket=tiered.lake.buckets[_ZONE], key=tiered.lake.key_arn)
        place = tiered.place
        args = PodIdentityArgs(
            scope=self._args.scope,
            place=place,
            cluster=tiered.cluster,
            namespace=names.NAMESPACE,
            service_account=names.BROKERS_ACCOUNT,
            role="kafka",
            description="Puts old records of Kafka in the lake",
            component=COMPONENT,
            statements=known.apply(
                lambda one: policies.tiered(place, one["bucket"], one["key"], environment)
            ),
        )
        return PodIdentity(self._name, args, self._child()).rights

    def _spec(self) -> dict[str, Any]:
        args, remote = self._args, None
        if args.tiered is not None:
            remote = manifests.Remote(
                bucket=args.tiered.lake.buckets[_ZONE],
                region=args.tiered.place.region,
                prefix=policies.prefix(args.scope.environment),
            )
        return manifests.cluster(args.kafka, args.site, monitored=args.metrics is not None, remote=remote)

    def _pool(self, role: str, after: Iterable[pulumi.Resource]) -> pulumi.Resource:
        spec = manifests.node_pool(self._args.kafka, role, self._args.site)
        labels = {names.CLUSTER_LABEL: names.CLUSTER}
        return self._custom("KafkaNodePool", role, spec, self._child(after, keep=True), labels=labels)

    def _templates(self, after: Iterable[pulumi.Resource]) -> list[pulumi.Resource]:
        """How partitions are moved when brokers come or go."""
        modes = manifests.MODES if self._args.kafka.balances else ()
        return [
            self._custom("KafkaRebalance", mode, {}, self._child(after), annotations=manifests.TEMPLATE)
            for mode in modes
        ]

    def _rules(self, space: pulumi.Resource) -> list[pulumi.Resource]:
        """What beans of brokers are called as metrics."""
        if self._args.metrics is None:
            return []
        return [
            core.ConfigMap(
                self._name,
                metadata={
                    "name": metrics.CONFIG_MAP,
                    "namespace": names.NAMESPACE,
                    "labels": self._args.scope.labels(COMPONENT),
                },
                data={metrics.KEY: metrics.configuration()},
                opts=self._child([space]),
            )
        ]

    def _monitors(self, space: pulumi.Resource) -> None:
        if self._args.metrics is None:
            return
        for name, spec in metrics.monitors(names.NAMESPACE).items():
            CustomResource(
                f"{self._name}-{name}",
                api_version="monitoring.coreos.com/v1",
                kind="PodMonitor",
                metadata={
                    "name": name,
                    "namespace": names.NAMESPACE,
                    "labels": self._args.scope.labels(COMPONENT),
                },
                spec=spec,
                opts=self._child([space, *self._args.metrics.ready]),
            )

    def _custom(
        self,
        kind: str,
        called: str,
        spec: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
        **more: Mapping[str, str],
    ) -> pulumi.Resource:
        """An object of Strimzi's, with `more` labels and annotations."""
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{kind}-{called}",
            api_version=names.API,
            kind=kind,
            metadata={
                "name": called,
                "namespace": names.NAMESPACE,
                "labels": {**self._args.scope.labels(COMPONENT), **more.get("labels", {})},
                "annotations": dict(more.get("annotations", {})),
            },
            spec=spec,
            opts=opts,
        )
        return made

    def _child(self, after: Iterable[pulumi.Resource] = (), *, keep: bool = False) -> pulumi.ResourceOptions:
        """Options of a child.

        Args:
            after: What it comes after.
            keep: Whether data depends on it, so that it stays where data is to stay.
        """
        made = pulumi.ResourceOptions(parent=self, depends_on=list(after), custom_timeouts=_TIMES)
        return kept(made) if keep and self._args.kafka.keep == "retain" else made
