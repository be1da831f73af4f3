"""Values of Strimzi's chart, in its own terms."""

from __future__ import annotations

from typing import Any

from components import scheduling

_LABELS = {"strimzi.io/kind": "cluster-operator"}


def values(replicas: int) -> dict[str, Any]:
    """Values of the operator, which looks after its own namespace alone.

    Args:
        replicas: Pods; one of them does the work.
    """
    return {
        "replicas": replicas,
        "watchAnyNamespace": False,
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "topologySpreadConstraints": scheduling.spread(_LABELS),
        "priorityClassName": scheduling.CRITICAL,
        "resources": scheduling.resources("200m", "512Mi", most="768Mi"),
        # The root file system of the operator is read-only by the chart's own values. Its pods are given
        # what the level `restricted` asks for by this alone:
        # https://strimzi.io/docs/operators/1.2.0/deploying#assembly-security-providers-str
        "extraEnvs": [{"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"}],
    }
