"""Datasets held near the compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core

from components import ingress
from components.charts import Chart, ChartArgs, ChartSite
from components.storage import cache_manifests as manifests
from components.storage import ceph_objects as objects
from components.storage.custom import custom
from infra import deadlines
from infra.environment.storage.cache import Cache
from infra.handles import ObjectStore, TeamSpace
from infra.labels import Scope

_COMPONENT: Final = "cache"


@dataclass(frozen=True, kw_only=True)
class DatasetCacheArgs:
    """What cached datasets need."""

    scope: Scope
    cache: Cache
    lake: ObjectStore
    """A lake on Ceph."""
    prefixes: Mapping[str, str]
    """By dataset, what is cached of its zone's bucket; each ends in a slash."""
    teams: Mapping[str, TeamSpace]
    after: tuple[pulumi.Resource, ...]
    """The lake, which outlives it."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""


class DatasetCache(pulumi.ComponentResource):
    """Fluid, and for each dataset a cache in a namespace that no team gets at, filled at once.

    A team finds a volume claim of the dataset's name in each of its namespaces, to be read only. The caches'
    own keys to the lake open what is cached and nothing else.
    """

    def __init__(self, name: str, args: DatasetCacheArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:DatasetCache", name, {}, opts)
        self._name, self._args = name, args
        operator = self._namespace(manifests.OPERATOR)
        ways = [ingress.anyone(manifests.WEBHOOK), ingress.prometheus_to(manifests.METRICS)]
        ingress.closed(f"{name}-operator", operator, self._labels(), ways, parent=self)
        fluid: pulumi.Resource = Chart(
            "fluid",
            ChartArgs(
                chart="fluid",
                namespace=manifests.OPERATOR,
                values=manifests.operator_values(),
                after=(operator,),
                site=args.charts,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        space = self._namespace(manifests.NAMESPACE)
        # Caches speak among themselves; pods get at them by a file system that is mounted on their node.
        ingress.closed(name, space, self._labels(), [ingress.within()], parent=self)
        for dataset in args.cache.datasets:
            self._dataset(dataset, [fluid, space])
        self.register_outputs({})

    def _dataset(self, name: str, after: list[pulumi.Resource]) -> None:
        args, given = self._args, self._args.cache.datasets[name]
        keys = objects.user(
            manifests.user(name),
            namespace=manifests.NAMESPACE,
            labels=self._labels(given.team),
            opts=self._child([*after, *args.after]),
        )
        bucket, endpoint = args.lake.buckets[given.zone], str(args.lake.endpoint)
        spec = manifests.dataset(name, given, bucket, args.prefixes[name], endpoint)
        dataset = self._custom("Dataset", name, spec, [*after, keys])
        runtime = self._custom("AlluxioRuntime", name, manifests.runtime(given), [dataset])
        self._custom("DataLoad", name, manifests.load(name), [runtime])
        space = args.teams[given.team]
        for namespace in space.namespaces:
            self._custom("Dataset", name, manifests.reference(name), [runtime, *space.ready], namespace)

    def _namespace(self, name: str) -> core.Namespace:
        return core.Namespace(
            f"{self._name}-{name}",
            metadata={
                "name": name,
                "labels": {**self._labels(), "pod-security.kubernetes.io/enforce": "privileged"},
            },
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=deadlines.NAMESPACE),
        )

    def _custom(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        after: list[pulumi.Resource],
        namespace: str = manifests.NAMESPACE,
    ) -> pulumi.Resource:
        team = self._args.cache.datasets[name].team
        return custom(
            f"{self._name}-{kind}-{namespace}-{name}",
            manifests.API,
            kind,
            metadata={"name": name, "namespace": namespace, "labels": self._labels(team)},
            spec=spec,
            opts=self._child(after),
        )

    def _labels(self, team: str | None = None) -> dict[str, str]:
        return self._args.scope.labels(_COMPONENT, team=team)

    def _child(self, after: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=after)
