"""Values of the Spark operator's chart."""

from __future__ import annotations

from typing import Any, Final

from components.ingress import anyone, prometheus_to
from components.scheduling import resources, spread

_WEBHOOK: Final = 9443
_METRICS: Final = 8080
"""The chart's own ports."""
NAMESPACE: Final = "spark-operator"
LEVEL: Final = "baseline"
"""Its own pods would do with `restricted`; the job that upgrades its kinds, before they start, does not:
https://github.com/kubeflow/spark-operator/blob/v2.5.2/charts/spark-operator-chart/templates/hook/job.yaml"""
_CHART: Final = "spark-operator"
_SUBMISSIONS: Final = "8Gi"
"""Room for what submissions fetch: the operator asks Maven for a job's packages too, which are 700 MiB."""
_ALL: Final = ""
"""How the chart writes all namespaces."""


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to its pods: the API server to the webhook, and Prometheus."""
    return [anyone(_WEBHOOK), prometheus_to(_METRICS)]


def values(replicas: int, *, monitored: bool) -> dict[str, Any]:
    """Values of the chart: it watches all namespaces, and makes nothing in them.

    Service accounts and roles of jobs are the teams' own; the chart would make them in namespaces that it is
    told of by name, and those of teams may come later, from another stack.

    A submission starts a JVM within the controller, so it has memory for ten of them:
    https://github.com/kubeflow/spark-operator/blob/v2.5.2/charts/spark-operator-chart/values.yaml

    Args:
        replicas: Pods of each of its parts; of the first, one does the work.
        monitored: Whether Prometheus' kinds are there.
    """
    return {
        "controller": {
            **_hygiene("controller", replicas),
            "resources": resources("200m", "1Gi", most="4Gi"),
            "leaderElection": {"enable": True},
            "workers": 10,
            "uiService": {"enable": True},
            "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": _SUBMISSIONS}}],
        },
        "webhook": {
            **_hygiene("webhook", replicas),
            "enable": True,
            "resources": resources("50m", "128Mi", most="512Mi"),
        },
        "spark": {
            "jobNamespaces": [_ALL],
            "serviceAccount": {"create": False},
            "rbac": {"create": False},
        },
        "prometheus": {
            "metrics": {"enable": True, "labels": "namespace"},
            "podMonitor": {"create": monitored, "podMetricsEndpoint": {"scheme": "http", "interval": "30s"}},
        },
    }


def _hygiene(part: str, replicas: int) -> dict[str, Any]:
    """The chart refuses to spread a single pod."""
    labels = {"app.kubernetes.io/name": _CHART, "app.kubernetes.io/component": part}
    several = replicas > 1
    return {
        "replicas": replicas,
        "podDisruptionBudget": {"enable": several, "minAvailable": 1},
        **({"topologySpreadConstraints": spread(labels)} if several else {}),
    }
