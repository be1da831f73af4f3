"""What lets Prometheus into teams' namespaces, which let nobody in by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.networking import v1 as networking

from components import ingress
from components.observability.spaces import COMPONENT
from infra import prometheus
from infra.handles import TeamSpace
from infra.labels import Scope

_NAME: Final = "metrics"


@dataclass(frozen=True, kw_only=True)
class TeamReachArgs:
    """Into which namespaces."""

    scope: Scope
    teams: Mapping[str, TeamSpace]


class TeamReach(pulumi.ComponentResource):
    """A network policy in each of the teams' namespaces that lets Prometheus' pods in, and no others."""

    def __init__(self, name: str, args: TeamReachArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:observability:TeamReach", name, {}, opts)
        for team, space in args.teams.items():
            for namespace in space.namespaces:
                networking.NetworkPolicy(
                    f"{name}-{namespace}",
                    metadata={
                        "name": _NAME,
                        "namespace": namespace,
                        "labels": args.scope.labels(COMPONENT, team),
                    },
                    spec=policy(),
                    opts=pulumi.ResourceOptions(parent=self, depends_on=list(space.ready)),
                )
        self.register_outputs({})


def policy() -> dict[str, Any]:
    """The policy's specification: any port, for whoever tells metrics chooses it."""
    return ingress.policy([{"from": [dict(prometheus.PEER)]}])
