"""What Postgres stands on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import ABSENT, Problem, did_you_mean


def _needs(environment: Environment) -> Iterator[Problem]:
    """There is a cluster for its services, and a way for passwords into it."""
    if environment.postgres is None:
        return
    if environment.cluster is None:
        yield Problem("postgres", ABSENT, "needs a cluster", "write the cluster, or remove postgres")
    elif environment.secrets is None:
        message = "has no way to make passwords"
        yield Problem("postgres", ABSENT, message, "write secrets: {}, which makes them in the cluster")


def _managed(environment: Environment) -> Iterator[Problem]:
    """RDS is at AWS."""
    postgres = environment.postgres
    if postgres is not None and postgres.managed is not None and environment.platform != "aws":
        message = "is only for platform aws"
        yield Problem("postgres.managed", ABSENT, message, "remove it: CloudNativePG is in the cluster")


def _backups(environment: Environment) -> Iterator[Problem]:
    """Backups of pods have a place to go to, and certificates to speak with what takes them there."""
    postgres, storage = environment.postgres, environment.storage
    if postgres is None or postgres.managed is not None or postgres.backups is None:
        return
    path, value = "postgres.backups", str(postgres.backups)
    if not (storage.lake or environment.data):
        if environment.platform == "aws":
            hint = "write data or storage.lake, or backups: null to have none"
        else:
            hint = "write backups: null to have none: only a lake on S3 takes them"
        yield Problem(path, value, "have no lake on S3 to go to", hint)
    elif environment.certificates is None:
        message = "are taken by a plugin that needs certificates, and nobody makes them"
        hint = "write domain and certificates (authority: private does), or backups: null to have none"
        yield Problem(path, value, message, hint)


def _storage_class(environment: Environment) -> Iterator[Problem]:
    """On AWS the environment knows all classes that there are."""
    postgres = environment.postgres
    if postgres is None or postgres.storage_class is None or environment.platform != "aws":
        return
    classes, wanted = environment.storage.classes, postgres.storage_class
    if wanted not in classes:
        message = "is not a storage class of this environment"
        yield Problem("postgres.storage_class", wanted, message, did_you_mean(wanted, classes))


CHECKS: Final = (
    check(_needs, "postgres", "cluster", "secrets"),
    check(_managed, "postgres", "platform"),
    check(_backups, "postgres", "storage", "data", "certificates", "platform"),
    check(_storage_class, "postgres", "storage", "platform"),
)
