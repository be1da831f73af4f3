"""What others have to know of Prometheus: where it is, who it is, and how it is told from others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

NAMESPACE: Final = "monitoring"
ACCOUNT: Final = "prometheus"
"""Its service account."""
PORT: Final = 9090
PRINCIPAL: Final = f"cluster.local/ns/{NAMESPACE}/sa/{ACCOUNT}"
"""Who it is within the mesh."""
READER: Final[Mapping[str, str]] = MappingProxyType({"mlcluster.io/reads-metrics": "true"})
"""Labels of a namespace whose pods may ask it."""

PEER: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    }
)
"""Its pods, as the peer of a network policy."""
