"""The environment: everything that one environment file chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from infra.catalog import regions
from infra.environment.budget import Budget
from infra.environment.cluster import Cluster
from infra.environment.fields import Account, EnvironmentName, Owner, PoolName, Region, TeamName
from infra.environment.lifetime import Lifetime
from infra.environment.network import Network
from infra.environment.pools import Pool
from infra.environment.section import Section
from infra.environment.storage import Storage
from infra.environment.teams import Team
from infra.labels import Scope

Platform = Literal["aws", "kubernetes"]

ELSEWHERE: Final = {
    "name": "the file's own name tells it: Pulumi.<name>.yaml",
    "region": "write aws:region under config",
}
"""Fields that the section `mlcluster:environment` does not have, and where they come from."""


class Environment(Section):
    """One environment of the product. A section that is absent is not provisioned."""

    name: EnvironmentName
    """Name of the environment and of its stack, from the file's name."""
    region: Region | None = None
    """AWS region, from the file's `aws:region`. Required on platform `aws`."""

    owner: Owner
    """Who answers for it; a tag and a label of everything in it."""
    account: Account | None = None
    """Number of the AWS account, in quotes; any other is refused. Required on platform `aws`."""
    platform: Platform = "aws"
    """`aws`, or `kubernetes`: an existing cluster, on-premises or local."""
    data: EnvironmentName | None = None
    """The stack that keeps the long-lived data. Default: `storage.lake` lives and dies here."""
    network: Network | None = None
    """The VPC. Required for a cluster on platform `aws`."""
    cluster: Cluster | None = None
    """The Kubernetes control plane. Absent: this stack only keeps data."""
    pools: Mapping[PoolName, Pool] = {}
    """Node pools by name."""
    storage: Storage = Storage()
    """Stores of data."""
    teams: Mapping[TeamName, Team] = {}
    """Teams by name."""
    lifetime: Lifetime = Lifetime()
    """When it goes, and when it sleeps."""
    budget: Budget | None = None
    """What it may cost at AWS. Default: nobody is told."""

    @property
    def is_data(self) -> bool:
        """Whether it is a stack that only keeps data, beyond the life of any cluster."""
        return self.cluster is None and self.storage.lake is not None

    @property
    def scope(self) -> Scope:
        """Whose its resources are."""
        return Scope(self.name, self.owner, self.lifetime.ttl)

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the network's availability zones; none without a network.

        Raises:
            BadInput: The region is not known, which a loaded environment's is.
        """
        if self.network is None or self.region is None:
            return ()
        if isinstance(self.network.zones, tuple):
            return self.network.zones
        return regions.zones(self.region)[: self.network.zones]
