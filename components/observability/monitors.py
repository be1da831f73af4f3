"""What Prometheus looks at that no chart of ours tells it of: plain data.

GPUs are told of by their operator, nodes and objects by the chart of Prometheus; Kafka, Spark and others
bring monitors of their own. What is not there matches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_EVERYWHERE: Final = {"any": True}
_PORT: Final = "__meta_kubernetes_pod_annotation_prometheus_io_port"
_PROXY: Final = "istio-proxy"

PODS: Final[Mapping[str, Mapping[str, Any]]] = {
    # Its metrics say the namespaces of certificates: they count, not its own.
    "cert-manager": {
        "namespaceSelector": _EVERYWHERE,
        "selector": {
            "matchLabels": {
                "app.kubernetes.io/name": "cert-manager",
                "app.kubernetes.io/component": "controller",
            }
        },
        "podMetricsEndpoints": [{"port": "http-metrics", "interval": "60s", "honorLabels": True}],
    },
    # Sidecars, gateways and waypoints name no port, but say in an annotation which it is:
    # https://istio.io/v1.29/docs/ops/integrations/prometheus/
    "mesh": {
        "namespaceSelector": _EVERYWHERE,
        "selector": {"matchExpressions": [{"key": "istio-prometheus-ignore", "operator": "DoesNotExist"}]},
        "podMetricsEndpoints": [
            {
                "path": "/stats/prometheus",
                "relabelings": [
                    {
                        "action": "keep",
                        "sourceLabels": ["__meta_kubernetes_pod_container_name"],
                        "regex": _PROXY,
                    },
                    {"action": "keep", "sourceLabels": [_PORT], "regex": r"\d+"},
                    {
                        "action": "replace",
                        "sourceLabels": ["__meta_kubernetes_pod_ip", _PORT],
                        "regex": r"([\d.]+);(\d+)",
                        "replacement": "$1:$2",
                        "targetLabel": "__address__",
                    },
                ],
            }
        ],
    },
}
"""Specifications of PodMonitors by name."""
