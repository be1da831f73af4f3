"""The tags and labels by which everything that belongs to an environment is found again, by exact match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.units import Duration

PRODUCT: Final = "mlcluster"

ENVIRONMENT_TAG: Final = "mlcluster:environment"
OWNER_TAG: Final = "mlcluster:owner"
COMPONENT_TAG: Final = "mlcluster:component"
TEAM_TAG: Final = "mlcluster:team"
TTL_TAG: Final = "mlcluster:ttl"
"""How long the environment is meant to live, as a duration (``12h``), counted from its creation."""
NAME_TAG: Final = "Name"
"""What the AWS console shows."""

MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
ENVIRONMENT_LABEL: Final = "mlcluster.io/environment"
OWNER_LABEL: Final = "mlcluster.io/owner"
COMPONENT_LABEL: Final = "mlcluster.io/component"
TEAM_LABEL: Final = "mlcluster.io/team"
PHASE_LABEL: Final = "mlcluster.io/phase"
"""The phase of work a team's namespace is for: exploration, training or serving."""
LEAVING_LABEL: Final = "mlcluster.io/leaving"
"""``true`` on the namespaces of a team that is leaving, and may be removed."""
POOL_LABEL: Final = "mlcluster.io/pool"
"""The node pool that a node belongs to."""
LOCAL_NVME_LABEL: Final = "mlcluster.io/local-nvme"
"""``true`` on nodes that have local NVMe disks, as one array that images and scratch are on."""


@dataclass(frozen=True)
class Scope:
    """Whose a resource is. Every component is given one.

    Attributes:
        environment: The environment's (and stack's) name.
        owner: Who answers for it.
        ttl: Seconds that it is meant to live; None: until it is taken down.
    """

    environment: str
    owner: str
    ttl: int | None = None

    def tags(self, component: str, *, name: str | None = None, team: str | None = None) -> dict[str, str]:
        """AWS tags of a resource.

        Args:
            component: The component that it is part of: ``network``.
            name: What the AWS console is to show; None: nothing.
            team: The team that it serves and whose bill it is on; None: all of them.
        """
        return _present(
            {
                ENVIRONMENT_TAG: self.environment,
                OWNER_TAG: self.owner,
                COMPONENT_TAG: component,
                TEAM_TAG: team,
                TTL_TAG: None if self.ttl is None else str(Duration(self.ttl)),
                NAME_TAG: name,
            }
        )

    def labels(self, component: str, team: str | None = None) -> dict[str, str]:
        """Kubernetes labels of an object; see `tags` for the arguments."""
        return _present(
            {
                MANAGED_BY_LABEL: PRODUCT,
                ENVIRONMENT_LABEL: self.environment,
                OWNER_LABEL: self.owner,
                COMPONENT_LABEL: component,
                TEAM_LABEL: team,
            }
        )


def _present(pairs: dict[str, str | None]) -> dict[str, str]:
    """The pairs that have a value."""
    return {key: value for key, value in pairs.items() if value is not None}
