"""The names by which Postgres is spoken to."""

from __future__ import annotations

from typing import Final

from infra.labels import Scope

COMPONENT: Final = "postgres"
NAMESPACE: Final = "postgres"
"""Where the server is, or what makes databases on one at AWS."""
OPERATOR_NAMESPACE: Final = "cnpg-system"
"""Of CloudNativePG; its plugins must be there too:
https://cloudnative-pg.io/plugin-barman-cloud/docs/installation/"""
CLUSTER: Final = "postgres"
"""The server, to CloudNativePG; its pods run under a service account of that name."""
PORT: Final = 5432
SUPERUSER: Final = "administrator"
"""The administrator at RDS, who is no superuser; `postgres` and `rdsadmin` mean something else there."""


def host() -> str:
    """Where the server in the cluster takes writes."""
    return f"{CLUSTER}-rw.{NAMESPACE}.svc"


def folder(environment: str) -> str:
    """Where an environment's backups are in the zone raw of the lake; no team's part of it."""
    return f"postgres/{environment}/"


def password(database: str, rotation: int) -> str:
    """The Secret with a password, where the server is; another for each rotation."""
    return f"{database}-{rotation}"


def secret(database: str, rotation: int) -> str:
    """The Secret of a service, in its namespace; another for each rotation, so that its pods start anew."""
    return f"{database}-postgres-{rotation}"


def labels(scope: Scope) -> dict[str, str]:
    """Labels of all that belongs to it."""
    return scope.labels(COMPONENT)
