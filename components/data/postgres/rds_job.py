"""The Job that makes a service's database on a server at RDS, which has no operator: psql, and what it says.

It says the same each time it runs, whatever is there already. The administrator of RDS is no superuser.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

from components.data.postgres import names
from components.scheduling import resources
from infra.catalog.images import image

ACCOUNT: Final = "databases"
"""The service account of its pods, which may read the administrator's secret at AWS."""
IMAGE: Final = "postgresql-18"
"""Whose psql is used; a newer one speaks to older servers."""

_SHARED: Final = "/run/administrator"
_FILES: Final = "/etc/database"
_TRIES: Final = 6
_LONGEST_S: Final = 900

STATEMENTS: Final = r"""\set ON_ERROR_STOP on
\getenv database DATABASE
\getenv role DATABASE
\getenv password ROLE_PASSWORD
SELECT format('CREATE ROLE %I LOGIN', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
-- Only who can be a role may give it a database: https://www.postgresql.org/docs/current/sql-createdatabase.html
GRANT :"role" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
"""
"""For psql, which quotes what it is given: names as names, the password as a text."""

_SCRIPT: Final = rf"""set -eu
PGPASSWORD="$(perl -MJSON::PP -0777 -ne 'print decode_json($_)->{{password}}' {_SHARED}/secret.json)"
export PGPASSWORD
exec psql --no-psqlrc --quiet --file {_FILES}/database.sql
"""


@dataclass(frozen=True, kw_only=True)
class Making:
    """What a Job makes."""

    database: str
    rotation: int
    region: str

    @property
    def name(self) -> str:
        """The Job's name: another one whenever it would do something else, for a Job cannot be changed."""
        does = json.dumps([self.database, self.rotation, files(), image(IMAGE)])
        return f"{self.database}-{hashlib.sha256(does.encode()).hexdigest()[:10]}"


def files() -> dict[str, str]:
    """What its containers run."""
    return {"database.sql": STATEMENTS, "database.sh": _SCRIPT}


def spec(making: Making, host: str, secret_arn: str) -> dict[str, Any]:
    """The specification of the Job.

    Args:
        making: What it makes.
        host: Where the server is.
        secret_arn: The administrator's secret in AWS Secrets Manager.
    """
    return {
        "backoffLimit": _TRIES,
        "activeDeadlineSeconds": _LONGEST_S,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "serviceAccountName": ACCOUNT,
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 26,
                    "runAsGroup": 26,
                    "fsGroup": 26,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "initContainers": [_administrator(making, secret_arn)],
                "containers": [_psql(making, host)],
                "volumes": [
                    {"name": "administrator", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
                    {"name": "home", "emptyDir": {"sizeLimit": "64Mi"}},
                    {"name": "files", "configMap": {"name": making.name}},
                ],
            }
        },
    }


def _administrator(making: Making, secret_arn: str) -> dict[str, Any]:
    """The container that fetches the administrator's password, which RDS changes every seven days."""
    fetch = 'aws secretsmanager get-secret-value --secret-id "$SECRET" --query SecretString --output text'
    return {
        **_container("administrator", image("aws-cli"), f"{fetch} > {_SHARED}/secret.json"),
        "env": [
            {"name": "SECRET", "value": secret_arn},
            {"name": "AWS_REGION", "value": making.region},
            {"name": "HOME", "value": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
        "volumeMounts": [_mount("administrator", _SHARED), _mount("home", "/tmp")],  # noqa: S108
    }


def _psql(making: Making, host: str) -> dict[str, Any]:
    password = {"name": names.password(making.database, making.rotation), "key": "password"}
    return {
        **_container("psql", image(IMAGE), f"exec sh {_FILES}/database.sh"),
        "env": [
            {"name": "PGHOST", "value": host},
            {"name": "PGPORT", "value": str(names.PORT)},
            {"name": "PGUSER", "value": names.SUPERUSER},
            {"name": "PGDATABASE", "value": "postgres"},
            {"name": "PGSSLMODE", "value": "require"},
            {"name": "DATABASE", "value": making.database},
            {"name": "ROLE_PASSWORD", "valueFrom": {"secretKeyRef": password}},
        ],
        "volumeMounts": [_mount("administrator", _SHARED), _mount("files", _FILES)],
    }


def _container(name: str, reference: str, script: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": reference,
        "command": ["sh", "-c", script],
        "resources": resources("50m", "64Mi", most="256Mi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _mount(name: str, path: str) -> dict[str, str]:
    return {"name": name, "mountPath": path}
