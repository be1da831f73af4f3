"""Spark's history server: a console of jobs that are over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.data.spark import history_manifests as manifests
from components.data.spark import rights
from components.data.spark.settings import ZONE, Lake
from components.identity import PodIdentity, PodIdentityArgs
from infra.environment.spark import Spark
from infra.handles import ClusterHandle, ObjectStore
from infra.labels import Scope
from infra.places import Place

_COMPONENT: Final = "spark"


@dataclass(frozen=True, kw_only=True)
class SparkHistoryArgs:
    """What it needs."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    spark: Spark
    lake: ObjectStore
    after: tuple[pulumi.Resource, ...] = ()
    """What its pod needs, and outlives it."""


class SparkHistory(pulumi.ComponentResource):
    """The history server, which reads the logs of events that jobs leave in the lake, and removes old ones.

    Logs outlive it. Its pods have a role that opens these logs and nothing else.
    """

    ready: tuple[pulumi.Resource, ...]
    """Its Service: what leads there comes after it."""

    def __init__(self, name: str, args: SparkHistoryArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:SparkHistory", name, {}, opts)
        self._name, self._args = name, args
        labels = args.scope.labels(_COMPONENT)
        space = namespaces.namespace(
            name, manifests.NAMESPACE, labels, "restricted", parent=self, after=args.after
        )
        ingress.closed(name, space, labels, manifests.ways_in(), parent=self)
        metadata = {"name": manifests.NAME, "namespace": space.metadata["name"], "labels": labels}
        account = core.ServiceAccount(
            name, metadata=metadata, automount_service_account_token=False, opts=self._child(space)
        )
        server = apps.Deployment(
            name,
            metadata=metadata,
            spec=pulumi.Output.all(buckets=args.lake.buckets).apply(
                lambda found: manifests.deployment(
                    args.spark, Lake(buckets=found["buckets"], region=args.place.region)
                )
            ),
            opts=self._child(account, *self._identity().rights),
        )
        service = core.Service(name, metadata=metadata, spec=manifests.service(), opts=self._child(server))
        self.ready = (server, service)
        self.register_outputs({})

    def _identity(self) -> PodIdentity:
        args = self._args
        statements = pulumi.Output.all(bucket=args.lake.buckets[ZONE], key_arn=args.lake.key_arn).apply(
            lambda found: rights.of_history(args.place, **found)
        )
        return PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=args.scope,
                place=args.place,
                cluster=args.cluster,
                namespace=manifests.NAMESPACE,
                service_account=manifests.NAME,
                role="sparkhistory",
                description="Reads logs of Spark's events in the lake",
                component=_COMPONENT,
                statements=statements,
            ),
            self._child(),
        )

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))
