"""Postgres of an environment."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.data.postgres import names
from components.data.postgres.cluster import Archive, PostgresCluster, PostgresClusterArgs
from components.data.postgres.database import Administrator, ServiceDatabase, ServiceDatabaseArgs
from components.data.postgres.rds import RdsServer, RdsServerArgs
from infra.environment.postgres import Postgres
from infra.handles import Database
from stacks import wiring
from stacks.ground import Ground


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where databases are made."""

    host: pulumi.Input[str]
    """Where it takes writes, as the cluster's pods find it."""
    administrator: Administrator | None
    """How databases are made at RDS; None: by CloudNativePG."""
    ready: tuple[pulumi.Resource, ...]
    """Databases come after these, and go before them."""


def deploy(ground: Ground) -> Server | None:
    """The environment's server; None where it has none."""
    postgres = ground.env.postgres
    if postgres is None:
        return None
    if postgres.managed is not None:
        return _at_rds(ground, postgres)
    made = PostgresCluster(
        "postgres",
        PostgresClusterArgs(
            scope=ground.env.scope,
            postgres=postgres,
            instances=_copies(ground, postgres),
            replicas=wiring.replicas(ground.env),
            archive=_archive(ground, postgres),
            metrics=ground.metrics,
            site=wiring.charts_of(ground.env),
            after=(*ground.after, *ground.edge.ready),
        ),
        ground.opts,
    )
    return Server(host=names.host(), administrator=None, ready=made.ready)


def database(
    ground: Ground,
    server: Server,
    name: str,
    namespace: str,
    *,
    after: tuple[pulumi.Resource, ...] = (),
) -> Database:
    """A database of a service's own, and its Secret in the service's namespace.

    Args:
        ground: What services stand on.
        server: From `deploy`.
        name: Of the database and its role: small letters, digits and underscores.
        namespace: The service's.
        after: What makes that namespace, which outlives what is put into it.
    """
    postgres = ground.env.postgres
    if postgres is None:
        raise ValueError("there is a server of Postgres, and no section that asks for it")
    args = ServiceDatabaseArgs(
        scope=ground.env.scope,
        database=name,
        namespace=namespace,
        host=server.host,
        administrator=server.administrator,
        rotation=postgres.rotation,
        keep=postgres.keep == "retain",
        after=(*server.ready, *ground.edge.ready, *after),
    )
    return ServiceDatabase(f"database-{name}", args, ground.opts).handle


def _at_rds(ground: Ground, postgres: Postgres) -> Server:
    if ground.network is None or ground.cluster is None:
        raise ValueError(f"{ground.env.name} asks for RDS outside of AWS: it was never checked")
    made = RdsServer(
        "postgres",
        RdsServerArgs(
            scope=ground.env.scope,
            place=wiring.place_of(ground.env),
            postgres=postgres,
            instances=_copies(ground, postgres),
            network=ground.network,
            cluster=ground.cluster,
            after=ground.after,
        ),
        ground.opts,
    )
    administrator = Administrator(secret_arn=made.secret_arn, region=wiring.place_of(ground.env).region)
    return Server(host=made.host, administrator=administrator, ready=made.ready)


def _copies(ground: Ground, postgres: Postgres) -> int:
    return postgres.copies(safe=wiring.replicas(ground.env) > 1)


def _archive(ground: Ground, postgres: Postgres) -> Archive | None:
    if postgres.backups is None or ground.cluster is None or ground.lake is None:
        return None
    return Archive(place=wiring.place_of(ground.env), cluster=ground.cluster, lake=ground.lake)
