"""The environment: everything that one environment file chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field

from infra.catalog import regions
from infra.environment.budget import Budget
from infra.environment.certificates import Certificates
from infra.environment.charts import ChartName, Mirror, Values
from infra.environment.cluster import Cluster
from infra.environment.costs import Costs
from infra.environment.domain import Domain
from infra.environment.fields import Account, EnvironmentName, Owner, PoolName, Region, TeamName
from infra.environment.kafka import Kafka
from infra.environment.lifetime import Lifetime
from infra.environment.logs import Logs
from infra.environment.mesh import Mesh
from infra.environment.monitoring import Monitoring
from infra.environment.network import Network
from infra.environment.pipelines import Pipelines
from infra.environment.pools import Pool
from infra.environment.postgres import Postgres
from infra.environment.secrets import Secrets
from infra.environment.section import Section
from infra.environment.spark import Spark
from infra.environment.state import State, StatePlace
from infra.environment.storage import Storage
from infra.environment.teams import Team
from infra.labels import Scope

Platform = Literal["aws", "kubernetes"]

ELSEWHERE: Final = {
    "name": "the file's own name tells it: Pulumi.<name>.yaml",
    "region": "write aws:region under config",
    "others": "the files of the stacks that have those teams tell it",
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
    teams_of: EnvironmentName | None = None
    """The environment that these are teams of, in a stack of their own: all but `owner`, `account`, `state`
    and `teams` is in its file, which lies beside this one. Default: a cluster, or data, of its own."""
    data: EnvironmentName | None = None
    """The stack that keeps the long-lived data. Default: `storage.lake` lives and dies here."""
    state: State | None = None
    """Where its state is kept: an S3 bucket that `mlcluster init` makes. Default: where Pulumi is logged in
    to."""
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
    others: Mapping[EnvironmentName, Mapping[TeamName, Team]] = Field(default={}, exclude=True)
    """Teams that other stacks have in the same cluster, by stack; from the files beside this one."""
    mirror: Mirror | None = None
    """Registry that all Helm charts and their images come from instead of upstream: `oci://` and the address,
    with a path if it is shared. `mlcluster mirror` fills it. Default: upstream."""
    extra_values: Mapping[ChartName, Values] = {}
    """Values of Helm charts that this library has no words for, by chart; they win over its own."""
    domain: Domain | None = None
    """The domain that services have names in. Default: they are reached within the cluster only."""
    certificates: Certificates | None = None
    """Certificates of the domain's names. Default: there are none."""
    secrets: Secrets | None = None
    """Secrets from AWS Secrets Manager, and passwords. Default: there are none."""
    mesh: Mesh | None = None
    """The service mesh, and the gateway that lets people in. Default: there is neither."""
    monitoring: Monitoring | None = None
    """Metrics, dashboards and alerts. Default: there are none."""
    logs: Logs | None = None
    """Where what containers and nodes write is kept. Default: on the nodes alone, for as long as they are."""
    costs: Costs | None = None
    """What namespaces cost. Default: nobody reckons it."""
    postgres: Postgres | None = None
    """Databases of services: MLflow, pipelines, Katib. Default: there are none."""
    kafka: Kafka | None = None
    """Event streaming. Default: there is none."""
    spark: Spark | None = None
    """Batch processing. Default: there is none."""
    pipelines: Pipelines | None = None
    """Pipelines of steps. Default: there are none."""
    lifetime: Lifetime = Lifetime()
    """When it goes, and when it sleeps."""
    budget: Budget | None = None
    """What it may cost at AWS. Default: nobody is told."""

    @property
    def is_data(self) -> bool:
        """Whether it is a stack that only keeps data, beyond the life of any cluster."""
        return self.cluster is None and self.storage.lake is not None

    @property
    def home(self) -> str:
        """The environment whose cluster this is: of a stack of teams, the one that `teams_of` names."""
        return self.teams_of or self.name

    @property
    def all_teams(self) -> dict[str, Team]:
        """The cluster's teams, whichever stack has them; its own win where a name is there twice."""
        elsewhere = {name: team for stack in self.others.values() for name, team in stack.items()}
        return {**elsewhere, **self.teams}

    @property
    def state_place(self) -> StatePlace | None:
        """Where its state is kept; None where its file leaves that to Pulumi."""
        if self.state is None or self.account is None or self.region is None:
            return None
        return self.state.place(self.account, self.region)

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
        if self.network.existing is not None:
            return tuple(self.network.existing.private)
        if isinstance(self.network.zones, tuple):
            return self.network.zones
        return regions.zones(self.region)[: self.network.zones]
