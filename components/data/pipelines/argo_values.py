"""What Argo Workflows is made of: Helm values and rules, in their own terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from components.scheduling import resources, spread
from infra import mesh
from infra.catalog.charts import chart
from infra.environment.pipelines import Pipelines
from infra.handles import Database
from infra.mesh import Membership

NAMESPACE: Final = "argo"
RELEASE: Final = "argo-workflows"
SERVER: Final = f"{RELEASE}-server"
"""The server's Service, Deployment and service account, as the chart makes them of the release's name."""
PORT: Final = 2746
"""Where the server listens: https://argo-workflows.readthedocs.io/en/stable/argo-server/"""
METRICS_PORT: Final = 9090
STEP_USER: Final = 8737
"""Who steps are where their images say nobody: the user of Argo's own image without root.
https://argo-workflows.readthedocs.io/en/stable/workflow-pod-security-context/#non-root-executor-image"""

_POD: Final = {
    "runAsNonRoot": True,
    "runAsUser": STEP_USER,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_CONTAINER: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_OWN: Final = {**_CONTAINER, "readOnlyRootFilesystem": True}


@dataclass(frozen=True, kw_only=True)
class Around:
    """What Argo Workflows has to know of where it is."""

    environment: str
    """What records of its workflows are told by from those of others."""
    account: str
    """The service account that steps run as, if their workflow does not say so."""
    replicas: int = 1
    """Pods of the controller, of which one works, and of the server."""
    monitored: bool = False
    """Whether there is somebody who reads metrics."""
    logs: bool = False
    """Whether there is a lake to keep steps' output in."""
    database: Database | None = None
    """Where records of workflows go; None: nowhere."""


def values(pipelines: Pipelines, around: Around) -> dict[str, Any]:
    """Values of the chart `argo-workflows`."""
    replicas, database = around.replicas, around.database
    return {
        "images": {"pullPolicy": "IfNotPresent"},
        # The kinds with whole schemas would be loaded from the internet by a job in the cluster.
        "crds": {"install": True, "full": False, "keep": True},
        "createAggregateRoles": False,
        "workflow": {"serviceAccount": {"create": False}, "rbac": {"create": False}},
        "controller": {
            **_deployment(f"{RELEASE}-workflow-controller", replicas, resources("100m", "256Mi", most="2Gi")),
            "workflowNamespaces": [],
            "parallelism": pipelines.parallelism,
            "namespaceParallelism": pipelines.team_parallelism,
            # Creation of pods, so that one large workflow does not keep the API server from all others.
            "resourceRateLimit": {"limit": 20, "burst": 40},
            "workflowDefaults": {"spec": defaults(pipelines, around.account, logs=around.logs)},
            "persistence": {} if database is None else persistence(pipelines, database, around.environment),
            "metricsConfig": {"enabled": around.monitored, "port": METRICS_PORT, "secure": False},
            "serviceMonitor": {"enabled": around.monitored},
            "logging": {"format": "json"},
        },
        "mainContainer": {"securityContext": _CONTAINER, "imagePullPolicy": "IfNotPresent"},
        "executor": {
            "image": {"tag": f"{chart('argo-workflows').app}-nonroot"},
            "resources": resources("50m", "64Mi", most="512Mi"),
            "securityContext": _CONTAINER,
        },
        "server": {
            **_deployment(SERVER, replicas, resources("50m", "128Mi", most="512Mi")),
            # Whoever asks does so with a token of the cluster's own, and has the rights that it has.
            "authModes": ["client"],
            # TLS ends at the gateway, and within a mesh the way from there is encrypted.
            "secure": False,
            "rbac": {"create": False},
            "clusterWorkflowTemplates": {"enabled": False},
            "sso": {"enabled": False},
            "livenessProbe": {"enabled": True},
            "logging": {"format": "json"},
        },
        "artifactRepository": {"archiveLogs": False},
        "useStaticCredentials": False,
    }


def _deployment(name: str, replicas: int, sized: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "replicas": replicas,
        "pdb": {"enabled": True, "minAvailable": 1} if replicas > 1 else {"enabled": False},
        "resources": sized,
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": _OWN,
        "topologySpreadConstraints": spread({"app.kubernetes.io/name": name}),
    }


def defaults(pipelines: Pipelines, account: str, *, logs: bool) -> dict[str, Any]:
    """What holds for a workflow that says nothing else.

    https://argo-workflows.readthedocs.io/en/stable/default-workflow-specs/
    """
    keep = pipelines.keep
    return {
        "serviceAccountName": account,
        # Steps tell what they made by an object of Argo's, which the account may write, and nothing else.
        "automountServiceAccountToken": True,
        "securityContext": _POD,
        "ttlStrategy": {
            "secondsAfterSuccess": int(keep.succeeded),
            "secondsAfterFailure": int(keep.failed),
        },
        # What failed stays as long as its workflow, to be looked into.
        "podGC": {"strategy": "OnPodSuccess", "deleteDelayDuration": "300s"},
        "archiveLogs": logs,
    }


def persistence(pipelines: Pipelines, database: Database, cluster: str) -> dict[str, Any]:
    """Where records of workflows are kept.

    https://argo-workflows.readthedocs.io/en/stable/workflow-archive/
    """
    kept = {} if pipelines.archive is None else {"archiveTTL": f"{pipelines.archive.days}d"}
    return {
        "archive": pipelines.archive is not None,
        **kept,
        # States of workflows that are too large for one object of the cluster.
        "nodeStatusOffLoad": True,
        "clusterName": cluster,
        "connectionPool": {"maxIdleConns": 2, "maxOpenConns": 10, "connMaxLifetime": "1h"},
        "postgresql": {
            "host": database.host,
            "port": database.port,
            "database": database.name,
            "tableName": "argo_workflows",
            "userNameSecret": {"name": database.secret, "key": "username"},
            "passwordSecret": {"name": database.secret, "key": "password"},
            "ssl": True,
            "sslMode": "require",
        },
    }


def server_rules() -> list[dict[str, Any]]:
    """What the server may do by itself in the whole cluster: know what there is.

    The chart would let it read every Secret, and change every workflow, in anybody's name.
    """
    read = ["get", "list", "watch"]
    return [
        {
            "apiGroups": ["argoproj.io"],
            "resources": ["workflows", "workflowtemplates", "clusterworkflowtemplates"],
            "verbs": read,
        }
    ]


def server_rules_at_home(database: Database | None) -> list[dict[str, Any]]:
    """What the server may do in its own namespace: read its configuration, and how to reach its database."""
    configured = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}
    if database is None:
        return [configured]
    secret = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [database.secret]}
    return [configured, {**secret, "verbs": ["get"]}]


def ways_in(membership: Membership | None, metrics: str | None) -> dict[str, Any]:
    """The specification of the namespace's network policy: the gateway, and who reads metrics.

    Args:
        membership: How the namespace is part of the mesh; None: it is not.
        metrics: The namespace of Prometheus; None: there is none.
    """
    rules = [] if membership is None else membership.ways_in
    if membership is not None and membership.gateway:
        rules = [*rules, _from(mesh.GATEWAYS, PORT)]
    if metrics is not None:
        rules = [*rules, _from(metrics, METRICS_PORT)]
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules}


def _from(namespace: str, port: int) -> dict[str, Any]:
    return {"from": [mesh.in_namespace(namespace)], "ports": [{"protocol": "TCP", "port": port}]}
