"""What a stack's state says of the control plane that it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_CLUSTER: Final = "aws:eks/cluster:Cluster"


@dataclass(frozen=True)
class ControlPlane:
    """An EKS control plane, as it was when it was last changed or looked at."""

    name: str
    arn: str
    version: str
    """Its Kubernetes version, such as ``1.35``."""
    protected: bool
    """Whether EKS refuses to delete it."""


def control_plane(state: Mapping[str, Any] | None) -> ControlPlane | None:
    """The control plane of a stack; None where it has none, or none that is whole.

    Args:
        state: The deployment, as `EngineStack.state` reads it.
    """
    for resource in (state or {}).get("resources", ()):
        found = resource.get("outputs") or {}
        if resource["type"] == _CLUSTER and not resource.get("delete") and found.get("version"):
            protected = found.get("deletionProtection") is True
            return ControlPlane(found["name"], found["arn"], found["version"], protected)
    return None
