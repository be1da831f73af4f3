"""Who may speak to whom within the mesh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from infra.handles import TeamSpace
from infra.labels import Scope
from infra.mesh import GATEWAY_PRINCIPAL
from infra.prometheus import PRINCIPAL as PROMETHEUS

API: Final = "security.istio.io/v1"
_COMPONENT: Final = "mesh"


@dataclass(frozen=True, kw_only=True)
class TeamPoliciesArgs:
    """Whose namespaces, and who else may speak to what is in them."""

    scope: Scope
    team: str
    space: TeamSpace
    gateway: bool
    """Whether there is a gateway, which then may."""
    scraped: bool = False
    """Whether Prometheus is in the mesh, and then may too."""
    after: tuple[pulumi.Resource, ...] = ()
    """What brings Istio's kinds; it outlives them."""


class TeamPolicies(pulumi.ComponentResource):
    """In each of a team's namespaces: encrypted only, and only for the team's own pods and the gateway.

    Network policies say the same by address. These say it by identity, which nobody can take by taking an
    address, and say it of pods alone that are part of the mesh.
    """

    def __init__(self, name: str, args: TeamPoliciesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:mesh:TeamPolicies", name, {}, opts)
        specs = {
            "PeerAuthentication": strict(),
            "AuthorizationPolicy": only_from(
                args.space.namespaces, gateway=args.gateway, scraped=args.scraped
            ),
        }
        for namespace in args.space.namespaces:
            for kind, spec in specs.items():
                CustomResource(
                    f"{name}-{namespace}-{kind.lower()}",
                    api_version=API,
                    kind=kind,
                    metadata={
                        "name": "team",
                        "namespace": namespace,
                        "labels": args.scope.labels(_COMPONENT, team=args.team),
                    },
                    spec=spec,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *args.space.ready]),
                )
        self.register_outputs({})


def strict() -> dict[str, Any]:
    """The specification of a PeerAuthentication: what is not encrypted is refused."""
    return {"mtls": {"mode": "STRICT"}}


def only_from(namespaces: Iterable[str], *, gateway: bool, scraped: bool = False) -> dict[str, Any]:
    """The specification of an AuthorizationPolicy: those may come in, and nobody else.

    It names who speaks and no path or method, so that the proxies on nodes can judge by it:
    https://istio.io/v1.29/docs/ambient/usage/l4-policy/
    """
    rules: list[dict[str, Any]] = [{"from": [{"source": {"namespaces": list(namespaces)}}]}]
    if gateway:
        rules.append(only_gateway())
    if scraped:
        rules.append({"from": [{"source": {"principals": [PROMETHEUS]}}]})
    return {"action": "ALLOW", "rules": rules}


def only_gateway() -> dict[str, Any]:
    """The rule of an AuthorizationPolicy for the gateway."""
    return {"from": [{"source": {"principals": [GATEWAY_PRINCIPAL]}}]}
