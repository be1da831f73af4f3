"""Spark's history server: plain data in Kubernetes' own terms."""

from __future__ import annotations

from typing import Any, Final

from components.data.spark import settings
from components.data.spark.settings import Lake
from components.ingress import from_namespaces
from components.scheduling import resources, spread
from infra.catalog import spark as catalog
from infra.catalog.images import image
from infra.environment.spark import Spark
from infra.mesh import GATEWAYS

NAMESPACE: Final = "spark-history"
NAME: Final = "spark-history"
"""The Deployment, its Service and its service account."""
PORT: Final = 18080
SERVICE_PORT: Final = 80
LABELS: Final = {"app.kubernetes.io/name": NAME}

_USER: Final = 185
_MEMORY: Final = "2g"
_CLASS: Final = "org.apache.spark.deploy.history.HistoryServer"
_NEEDED: Final = ("s3",)
"""The packages that it reads the lake with."""
_WORK: Final = "/work"


def deployment(spark: Spark, lake: Lake) -> dict[str, Any]:
    """The specification of the Deployment: one pod, since two would remove the same old logs.

    Args:
        spark: The environment's section.
        lake: The lake that the logs are in.
    """
    return {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": dict(LABELS)},
        "template": {
            "metadata": {"labels": dict(LABELS)},
            "spec": {
                "serviceAccountName": NAME,
                "automountServiceAccountToken": False,
                "topologySpreadConstraints": spread(LABELS),
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": _USER,
                    "runAsGroup": _USER,
                    "fsGroup": _USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container(spark, lake)],
                "volumes": [
                    {"name": "work", "emptyDir": {"sizeLimit": "10Gi"}},
                    {"name": "tmp", "emptyDir": {"sizeLimit": "10Gi"}},
                ],
            },
        },
    }


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to it: the gateway, for people; what it shows of jobs is for whoever is logged in."""
    return [from_namespaces({"kubernetes.io/metadata.name": GATEWAYS}, PORT)]


def service() -> dict[str, Any]:
    """The specification of its Service."""
    return {"selector": dict(LABELS), "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": "http"}]}


def command(spark: Spark, lake: Lake) -> list[str]:
    """How it is started: by spark-submit, which fetches packages; its own script knows none.

    Spark's servers that want packages are started so:
    https://github.com/apache/spark/blob/v4.0.4/sbin/start-connect-server.sh
    """
    given = {
        **{f"spark.hadoop.{key}": value for key, value in settings.hadoop(lake).items()},
        **_own(spark, lake),
    }
    return [
        "/opt/spark/bin/spark-submit",
        *("--class", _CLASS, "--name", NAME, "--driver-memory", _MEMORY),
        *_packages(spark),
        *(part for key, value in given.items() for part in ("--conf", f"{key}={value}")),
        "spark-internal",
    ]


def _own(spark: Spark, lake: Lake) -> dict[str, str]:
    """https://spark.apache.org/docs/4.0.4/monitoring.html#spark-history-server-configuration-options."""
    return {
        "spark.history.fs.logDirectory": lake.events,
        "spark.history.ui.port": str(PORT),
        "spark.history.fs.cleaner.enabled": "true",
        "spark.history.fs.cleaner.maxAge": f"{spark.keep_events.days}d",
        "spark.history.fs.update.interval": "30s",
        # Logs that were read stay on the pod's disk, so that a large job opens at once the second time.
        "spark.history.store.path": f"{_WORK}/store",
        "spark.history.store.maxDiskUsage": "8g",
        "spark.history.store.hybridStore.enabled": "true",
        "spark.history.store.hybridStore.maxMemoryUsage": "512m",
        "spark.local.dir": f"{_WORK}/local",
        **({} if spark.packages == () else {"spark.jars.ivy": f"{_WORK}/ivy"}),
    }


def _packages(spark: Spark) -> list[str]:
    """A site's own packages are fetched all: which of them is S3A's, only it knows."""
    known = catalog.packages()
    wanted = [known[name] for name in _NEEDED] if spark.packages is None else list(spark.packages)
    if not wanted:
        return []
    mirror = [] if spark.repository is None else ["--repositories", spark.repository]
    return ["--packages", ",".join(wanted), "--exclude-packages", ",".join(catalog.excludes()), *mirror]


def _container(spark: Spark, lake: Lake) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": spark.image or image("spark"),
        "command": command(spark, lake),
        "ports": [{"name": "http", "containerPort": PORT}],
        # The first start fetches its packages, half a gigabyte.
        "startupProbe": {
            "httpGet": {"path": "/", "port": "http"},
            "periodSeconds": 10,
            "failureThreshold": 60,
        },
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
        "livenessProbe": {
            "httpGet": {"path": "/", "port": "http"},
            "failureThreshold": 6,
            "timeoutSeconds": 5,
        },
        "resources": resources("200m", "3Gi", most="4Gi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "work", "mountPath": _WORK},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the pod's own
        ],
    }
