"""Ceph on the disks of the cluster's own nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.storage import v1 as storage

from components.charts import Chart, ChartArgs, ChartSite
from components.storage import ceph_manifests as manifests
from components.storage.custom import custom
from infra import ceph as names
from infra.environment.storage.ceph import Ceph
from infra.handles import CephHandle
from infra.labels import Scope

_COMPONENT: Final = "ceph"
_READY: Final = pulumi.CustomTimeouts(create="45m", update="45m", delete="30m")
"""Rook brings monitors and disks up one after the other; with many nodes this takes longer than Pulumi's ten
minutes. On the way down it waits until nothing uses Ceph any more."""


@dataclass(frozen=True, kw_only=True)
class CephClusterArgs:
    """What Ceph needs."""

    scope: Scope
    ceph: Ceph
    snapshots: bool
    """Whether volumes on it can have snapshots."""
    users: tuple[str, ...] = ()
    """Namespaces that may have users of the object store."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before it, and outlives it: the kinds of snapshots."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""


class CephCluster(pulumi.ComponentResource):
    """Ceph by Rook, encrypted on disk and on the wire, with what the section says that it offers.

    The operator and the drivers go last: they are what takes everything else down. With `keep: retain` all of
    it is protected, and stays when the stack goes.
    """

    handle: CephHandle

    def __init__(self, name: str, args: CephClusterArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:CephCluster", name, {}, opts)
        self._name, self._args = name, args
        self._retain = args.ceph.keep == "retain"
        operator = self._operator()
        cluster = self._custom(
            "CephCluster", manifests.CLUSTER, manifests.cluster(args.ceph), operator, wait=True
        )
        drivers = {}
        ready: list[pulumi.Resource] = [*operator, cluster]
        if "block" in args.ceph.offers:
            pool = self._custom("CephBlockPool", manifests.POOL, manifests.block_pool(args.ceph), [cluster])
            ready += [pool, self._volumes(names.BLOCK, manifests.BLOCK_DRIVER, pool)]
            drivers[names.BLOCK] = manifests.BLOCK_DRIVER
        if "shared" in args.ceph.offers:
            files = self._custom(
                "CephFilesystem", manifests.FILESYSTEM, manifests.filesystem(args.ceph), [cluster]
            )
            ready += [files, self._volumes(names.SHARED, manifests.SHARED_DRIVER, files)]
            drivers[names.SHARED] = manifests.SHARED_DRIVER
        if "objects" in args.ceph.offers:
            ready.append(self._object_store(cluster))
        self.handle = CephHandle(
            drivers=drivers, endpoint=self._endpoint(), keep=self._retain, ready=tuple(ready)
        )
        self.register_outputs({"drivers": drivers, "endpoint": self._endpoint()})

    def _operator(self) -> list[pulumi.Resource]:
        """Rook's operator and the drivers of volumes, in a namespace where pods may do what disks ask for."""
        space = core.Namespace(
            self._name,
            metadata={
                "name": names.NAMESPACE,
                "labels": {
                    **self._args.scope.labels(_COMPONENT),
                    "pod-security.kubernetes.io/enforce": "privileged",
                },
            },
            opts=self._kept(list(self._args.after)),
        )
        operator = self._chart("rook-ceph", manifests.operator_values(), [space])
        values = manifests.driver_values(snapshots=self._args.snapshots)
        drivers = self._chart("ceph-csi-drivers", values, [operator])
        return [space, operator, drivers]

    def _chart(self, chart: str, values: Mapping[str, Any], after: list[pulumi.Resource]) -> pulumi.Resource:
        """A release, whose resource is what others depend on."""
        opts = pulumi.ResourceOptions(
            parent=self, transformations=[_stays] if self._retain else None
        )  # what a component keeps, its children do not keep by themselves
        args = ChartArgs(
            chart=chart,
            namespace=names.NAMESPACE,
            values=values,
            after=tuple(after),
            site=self._args.charts,
        )
        release: pulumi.Resource = Chart(chart, args, opts).release
        return release

    def _object_store(self, cluster: pulumi.Resource) -> pulumi.Resource:
        spec = manifests.object_store(self._args.ceph, self._args.users)
        return self._custom("CephObjectStore", names.STORE, spec, [cluster], wait=True)

    def _endpoint(self) -> str | None:
        ceph = self._args.ceph
        return names.endpoint(tls=ceph.certificate is not None) if "objects" in ceph.offers else None

    def _custom(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        after: list[pulumi.Resource],
        *,
        wait: bool = False,
    ) -> pulumi.Resource:
        return custom(
            f"{self._name}-{kind}",
            manifests.API,
            kind,
            metadata={
                "name": name,
                "namespace": names.NAMESPACE,
                "labels": self._args.scope.labels(_COMPONENT),
                "annotations": dict(manifests.READY) if wait else {},
            },
            spec=spec,
            opts=self._kept(after),
        )

    def _volumes(self, storage_class: str, driver: str, pool: pulumi.Resource) -> pulumi.Resource:
        made: pulumi.Resource = storage.StorageClass(
            f"{self._name}-{storage_class}",
            metadata={"name": storage_class, "labels": self._args.scope.labels(_COMPONENT)},
            provisioner=driver,
            parameters=manifests.volume_parameters(storage_class),
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=self._kept([pool]),
        )
        return made

    def _kept(self, after: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=after,
            protect=self._retain,
            retain_on_delete=self._retain,
            custom_timeouts=_READY,
        )


def _stays(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """Protects what it is applied to, and leaves it behind when the stack goes."""
    kept = pulumi.ResourceOptions(protect=True, retain_on_delete=True)
    return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, kept))
