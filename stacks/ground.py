"""What services in a cluster stand on, handed to each of their stacks as one thing."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from infra.environment import Environment
from infra.handles import (
    ClusterHandle,
    Edge,
    EventStream,
    Metrics,
    NetworkHandle,
    ObjectStore,
    PipelinePlatform,
    SparkPlatform,
    TableCatalog,
)
from stacks.mesh import MeshStack


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A cluster that is ready for services."""

    env: Environment
    cluster: ClusterHandle | None = None
    """None: somebody else's."""
    network: NetworkHandle | None = None
    """None: somebody else's."""
    lake: ObjectStore | None = None
    catalog: TableCatalog | None = None
    edge: Edge
    """Certificates, secrets and passwords."""
    web: MeshStack
    """The mesh, and what leads consoles out (`stacks.mesh.publish`)."""
    metrics: Metrics | None = None
    """None: nobody watches."""
    after: tuple[pulumi.Resource, ...] = ()
    """What pods and their volumes need: services come after it, and go before it."""
    cloud: pulumi.ResourceOptions | None = None
    """Options of what is only at AWS; None where there is no AWS."""
    opts: pulumi.ResourceOptions
    """Options of what is in the cluster, or in both."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """The services of data that an environment has."""

    stream: EventStream | None = None
    spark: SparkPlatform | None = None
    pipelines: PipelinePlatform | None = None

    @property
    def ready(self) -> tuple[pulumi.Resource, ...]:
        """What a team's part comes after, and goes before."""
        found = (self.stream, self.spark, self.pipelines)
        return tuple(one for service in found if service is not None for one in service.ready)
