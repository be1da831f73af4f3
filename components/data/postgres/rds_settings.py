"""An instance of Amazon RDS in AWS's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from components.data.postgres import names
from infra import iam, naming
from infra.environment.postgres import Managed, Postgres
from infra.places import Place
from infra.units import GiB

LOGS: Final = ("postgresql", "upgrade")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html"""
BACKUP_WINDOW: Final = "02:00-03:00"
_INSIGHTS_DAYS: Final = 7
"""What is free of charge."""
_SLOW_MS: Final = "1000"
_SEVERAL: Final = 2


def identifier(environment: str) -> str:
    """The instance's name, of at most 63 characters.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    """
    return naming.physical(environment, names.COMPONENT)


def log_groups(environment: str) -> dict[str, str]:
    """CloudWatch's log groups by log; RDS makes those that are missing, and they would stay for ever."""
    return {log: f"/aws/rds/instance/{identifier(environment)}/{log}" for log in LOGS}


def settings(postgres: Postgres, instances: int) -> dict[str, Any]:
    """Arguments of the instance that follow from the environment file alone."""
    managed = postgres.managed or Managed()
    kept = postgres.keep == "retain"
    return {
        "engine": "postgres",
        "engine_version": postgres.version,
        "allow_major_version_upgrade": True,
        "auto_minor_version_upgrade": True,
        "instance_class": managed.instance,
        "multi_az": instances >= _SEVERAL,
        "storage_type": "gp3",
        "allocated_storage": postgres.storage // GiB,
        "max_allocated_storage": postgres.grows_to // GiB,
        "storage_encrypted": True,
        "port": names.PORT,
        "publicly_accessible": False,
        "username": names.SUPERUSER,
        "manage_master_user_password": True,
        "iam_database_authentication_enabled": True,
        "backup_retention_period": postgres.backups.days if postgres.backups else 0,
        "backup_window": BACKUP_WINDOW,
        "maintenance_window": window(managed.maintenance),
        "copy_tags_to_snapshot": True,
        "delete_automated_backups": True,
        "deletion_protection": kept,
        "skip_final_snapshot": postgres.keep != "backup",
        "performance_insights_enabled": True,
        "performance_insights_retention_period": _INSIGHTS_DAYS,
        "enabled_cloudwatch_logs_exports": list(LOGS),
        # An `up` is done when what was asked for is there, and not at the next window.
        "apply_immediately": True,
    }


def parameters() -> list[Mapping[str, str]]:
    """Parameters that differ from the engine's: TLS for all, and slow statements in the log."""
    return [
        {"name": "rds.force_ssl", "value": "1"},
        {"name": "log_min_duration_statement", "value": _SLOW_MS},
    ]


def window(maintenance: str) -> str:
    """An hour each week as RDS writes it: ``sun:04:00-sun:05:00``."""
    day, _, time = maintenance.partition(" ")
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    monday = datetime(2024, 1, 1)  # noqa: DTZ001 - a week like any other
    starts = monday + timedelta(days=days.index(day), hours=int(time[:2]), minutes=int(time[3:]))
    return "-".join(f"{when:%a:%H:%M}".lower() for when in (starts, starts + timedelta(hours=1)))


def key_policy(place: Place, environment: str) -> str:
    """The key's policy: RDS and Secrets Manager use it for those who may, CloudWatch Logs for its logs."""
    return iam.account_key(place.root(), iam.key_for_logs(place, list(log_groups(environment).values())))


def read_administrator(place: Place, secret_arn: str, key_arn: str) -> str:
    """What the Jobs that make databases may do at AWS: read the administrator's secret, and nothing else."""
    through = f"secretsmanager.{place.region}.{place.dns_suffix}"
    return iam.document(
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": secret_arn,
        },
        {
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": through}},
        },
    )
