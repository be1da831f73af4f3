"""What CloudNativePG is made of: Helm values, custom resources and rights, in their own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.data.postgres import names
from components.ingress import anyone, prometheus_to
from components.scheduling import resources, spread
from infra import iam
from infra.catalog.images import image
from infra.environment.postgres import Postgres
from infra.places import Place
from infra.units import DAY, MiB, quantity_bytes, quantity_cpu

API: Final = "postgresql.cnpg.io/v1"
STORE_API: Final = "barmancloud.cnpg.io/v1"
PLUGIN: Final = "barman-cloud.cloudnative-pg.io"
READY: Final = {"pulumi.com/waitFor": "condition=Ready"}
"""Makes pulumi-kubernetes wait until an operator says that an object is ready."""
APPLIED: Final = {"pulumi.com/waitFor": "jsonpath={.status.applied}=true"}
"""The same of databases and roles, which say so in another way."""
STORE: Final = "lake"
"""The ObjectStore."""
ZONE: Final = "raw"
"""Zone of the lake that backups are in."""

_EVERY_NIGHT: Final = "0 0 2 * * *"
"""With seconds first: https://pkg.go.dev/github.com/robfig/cron#hdr-CRON_Expression_Format"""
_METRICS: Final = 9187
_WEBHOOK: Final = 9443
_OPERATOR_METRICS: Final = 8080
_STATUS: Final = 8000
"""https://cloudnative-pg.io/documentation/1.30/networking/"""
_CONNECTIONS: Final = 200
_SEVERAL: Final = 2
"""Copies of which one can fail."""


def operator_values(replicas: int, *, monitored: bool) -> dict[str, Any]:
    """Values of the chart `cloudnative-pg`. Its pods are restricted as they come."""
    return {
        "replicaCount": replicas,
        "resources": resources("100m", "128Mi", most="512Mi"),
        "topologySpreadConstraints": spread(controller("cloudnative-pg")),
        "monitoring": {"podMonitorEnabled": monitored},
    }


def plugin_values(replicas: int) -> dict[str, Any]:
    """Values of the chart `plugin-barman-cloud`, which takes WAL and backups to the lake."""
    return {
        "replicaCount": replicas,
        "resources": resources("20m", "64Mi", most="256Mi"),
        "topologySpreadConstraints": spread(controller("plugin-barman-cloud")),
    }


def controller(chart: str) -> dict[str, str]:
    """Labels of the pods of a chart."""
    return {"app.kubernetes.io/name": chart}


def disruptions(chart: str) -> dict[str, Any]:
    """The specification of the PodDisruptionBudget of a chart's pods, which the charts do not bring."""
    return {"minAvailable": 1, "selector": {"matchLabels": controller(chart)}}


def cluster(
    postgres: Postgres, instances: int, labels: Mapping[str, str], archive: Any | None
) -> dict[str, Any]:
    """The specification of the server.

    Args:
        postgres: What the environment asks for.
        instances: Copies of the data.
        labels: Of all that the operator makes for it.
        archive: What its part of the archive is called; None: there are no backups.
    """
    several = instances >= _SEVERAL
    return {
        "description": "Databases of services",
        "instances": instances,
        "imageName": image(f"postgresql-{postgres.version}"),
        # With one copy it would only keep its node from being drained, for ever.
        "enablePDB": several,
        "enableSuperuserAccess": False,
        "primaryUpdateMethod": "switchover" if several else "restart",
        "inheritedMetadata": {"labels": dict(labels)},
        "bootstrap": {"initdb": {"dataChecksums": True, "encoding": "UTF8"}},
        "storage": {
            "size": quantity_bytes(postgres.storage),
            "resizeInUseVolumes": True,
            **({} if postgres.storage_class is None else {"storageClass": postgres.storage_class}),
        },
        "resources": _resources(postgres),
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "preferred",
            "topologyKey": "topology.kubernetes.io/zone",
        },
        "topologySpreadConstraints": spread({"cnpg.io/cluster": names.CLUSTER}),
        "postgresql": _settings(postgres, several=several),
        **({} if archive is None else {"plugins": [_archiver(archive)]}),
    }


def _resources(postgres: Postgres) -> dict[str, Any]:
    memory = quantity_bytes(postgres.memory)
    # All that it asks for is its own, so that it is among the last that a node stops for memory.
    return {"requests": {"cpu": quantity_cpu(postgres.cpu), "memory": memory}, "limits": {"memory": memory}}


def _settings(postgres: Postgres, *, several: bool) -> dict[str, Any]:
    # One copy more has what was committed; where there is none, writes go on.
    # https://cloudnative-pg.io/documentation/1.30/replication/#data-durability-and-synchronous-replication
    synchronous = {"synchronous": {"method": "any", "number": 1, "dataDurability": "preferred"}}
    return {
        "parameters": {
            "shared_buffers": f"{postgres.memory // 4 // MiB}MB",
            "effective_cache_size": f"{postgres.memory // 2 // MiB}MB",
            "max_connections": str(_CONNECTIONS),
            "log_min_duration_statement": "1s",
        },
        # Nobody without TLS: https://cloudnative-pg.io/documentation/1.30/postgresql_conf/#the-pg_hba-section
        "pg_hba": ["hostnossl all all all reject", "hostssl all all all scram-sha-256"],
        **(synchronous if several else {}),
    }


def _archiver(archive: Any) -> dict[str, Any]:
    parameters = {"barmanObjectName": STORE, "serverName": archive}
    return {"name": PLUGIN, "enabled": True, "isWALArchiver": True, "parameters": parameters}


def store(postgres: Postgres, bucket: str, environment: str) -> dict[str, Any]:
    """The specification of where backups go.

    Args:
        postgres: What the environment asks for; it has backups.
        bucket: Name of the lake's bucket.
        environment: Whose they are.
    """
    return {
        "retentionPolicy": f"{(postgres.backups or 0) // DAY}d",
        "configuration": {
            "destinationPath": f"s3://{bucket}/{names.folder(environment)}".rstrip("/"),
            "s3Credentials": {"inheritFromIAMRole": True},
            "wal": {"compression": "gzip", "maxParallel": 4},
            "data": {"compression": "gzip", "jobs": 2},
        },
        "instanceSidecarConfiguration": {"resources": resources("50m", "128Mi", most="512Mi")},
    }


def schedule() -> dict[str, Any]:
    """The specification of the ScheduledBackup: every night, and at once, since WAL alone is of no use."""
    return {
        "cluster": {"name": names.CLUSTER},
        "schedule": _EVERY_NIGHT,
        "immediate": True,
        "backupOwnerReference": "cluster",
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }


def rights(place: Place, bucket: str, key_arn: str, environment: str) -> str:
    """What the server's pods may do at AWS: keep the environment's archive, and nothing else.

    https://cloudnative-pg.io/plugin-barman-cloud/docs/object_stores/#aws-s3
    """
    arn, own = place.bucket(bucket), names.folder(environment)
    return iam.document(
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            # Barman looks first whether there is the bucket, which names no prefix.
            "Condition": {"StringLikeIfExists": {"s3:prefix": [own.rstrip("/"), f"{own}*"]}},
        },
        {
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObject",
                "s3:PutObject",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": f"{arn}/{own}*",
        },
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.dns_suffix}"}},
        },
    )


def monitor() -> dict[str, Any]:
    """The specification of the PodMonitor of the server's pods."""
    return {"selector": {"matchLabels": _pods()}, "podMetricsEndpoints": [{"port": "metrics"}]}


def operator_ways_in() -> list[dict[str, Any]]:
    """Who may speak to the operator, beside its plugin: the API server to its webhook, and Prometheus."""
    return [anyone(_WEBHOOK), prometheus_to(_OPERATOR_METRICS)]


def own_traffic(watcher: str | None) -> dict[str, Any]:
    """The specification of the NetworkPolicy of the server's pods: each other, the operator, and who watches.

    Services are let in one by one (`from_service`).

    Args:
        watcher: Namespace of Prometheus; None: there is none.
    """
    metrics = [] if watcher is None else [_entry({"namespaceSelector": _called(watcher)}, _METRICS)]
    return {
        "podSelector": {"matchLabels": _pods()},
        "policyTypes": ["Ingress"],
        "ingress": [
            _entry({"podSelector": {"matchLabels": _pods()}}, names.PORT, _STATUS),
            _entry({"namespaceSelector": _called(names.OPERATOR_NAMESPACE)}, names.PORT, _STATUS),
            *metrics,
        ],
    }


def from_service(namespace: str) -> dict[str, Any]:
    """The specification of the NetworkPolicy that lets a service's namespace in."""
    return {
        "podSelector": {"matchLabels": _pods()},
        "policyTypes": ["Ingress"],
        "ingress": [_entry({"namespaceSelector": _called(namespace)}, names.PORT)],
    }


def role(database: str, rotation: int, *, keep: bool) -> dict[str, Any]:
    """The specification of the DatabaseRole of a service: it may log in, and nothing else."""
    return {
        "cluster": {"name": names.CLUSTER},
        "name": database,
        "login": True,
        "superuser": False,
        "createdb": False,
        "createrole": False,
        "comment": f"The service {database}",
        "passwordSecret": {"name": names.password(database, rotation)},
        "databaseRoleReclaimPolicy": _reclaim(keep=keep),
    }


def database(name: str, *, keep: bool) -> dict[str, Any]:
    """The specification of the Database of a service."""
    return {
        "cluster": {"name": names.CLUSTER},
        "name": name,
        "owner": name,
        "databaseReclaimPolicy": _reclaim(keep=keep),
    }


def _reclaim(*, keep: bool) -> str:
    return "retain" if keep else "delete"


def _pods() -> dict[str, str]:
    return {"cnpg.io/cluster": names.CLUSTER}


def _called(namespace: str) -> dict[str, Any]:
    return {"matchLabels": {"kubernetes.io/metadata.name": namespace}}


def _entry(peer: Mapping[str, Any], *ports: int) -> dict[str, Any]:
    return {"from": [dict(peer)], "ports": [{"protocol": "TCP", "port": port} for port in ports]}
