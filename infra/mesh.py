"""What others have to know of the mesh: its places, its ports, and what makes a namespace part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

Mode = Literal["ambient", "sidecar"]

NAMESPACE: Final = "istio-system"
"""Where the control plane is, which its charts take for granted."""
GATEWAYS: Final = "istio-ingress"
"""Where the gateway is."""
GATEWAY: Final = "istio-ingress"
"""The gateway's release, and so its Service, its pods' ServiceAccount, and the Gateway's name."""
GATEWAY_LABELS: Final[Mapping[str, str]] = MappingProxyType({"istio": "ingress"})
"""What the gateway's pods are found by. The chart makes it of the release's name:
https://github.com/istio/istio/blob/1.29.6/manifests/charts/gateway/templates/_helpers.tpl"""
GATEWAY_PRINCIPAL: Final = f"cluster.local/ns/{GATEWAYS}/sa/{GATEWAY}"
"""Who the gateway is within the mesh."""
LOGIN: Final = "login"
"""Where people are asked who they are: the namespace, and the service's part of its host name."""

CONTROL_PLANE: Final = 15012
"""Port where sidecars get their certificates and configuration:
https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio"""
TUNNEL: Final = 15008
"""Port where pods of an ambient mesh receive all that comes to them (HBONE):
https://istio.io/latest/docs/ambient/usage/networkpolicy/"""
PROBES: Final = "169.254.7.127/32"
"""Where probes come from in an ambient mesh, which sends them around the tunnel (as above)."""


@dataclass(frozen=True, kw_only=True)
class Membership:
    """How namespaces are part of the mesh."""

    mode: Mode
    revision: str
    """The control plane that they belong to."""
    gateway: bool
    """Whether there is a gateway, which has to get at what is in them."""

    @property
    def labels(self) -> dict[str, str]:
        """Labels of a namespace that is part of it.

        In an ambient mesh not the revision's: pods would be given sidecars on top.
        """
        return (
            {"istio.io/dataplane-mode": "ambient"}
            if self.mode == "ambient"
            else {"istio.io/rev": self.revision}
        )

    @property
    def ways_in(self) -> list[dict[str, Any]]:
        """What a network policy has to let in: probes, and the gateway where there is one.

        What comes from other pods in the mesh comes from their addresses, to the tunnel's port: who lets pods
        in on any port needs no more for it.
        """
        probes = [{"from": [{"ipBlock": {"cidr": PROBES}}]}] if self.mode == "ambient" else []
        tunnel = {"ports": [_port(TUNNEL)]} if self.mode == "ambient" else {}
        return [*probes, *([{"from": [in_namespace(GATEWAYS)], **tunnel}] if self.gateway else [])]

    @property
    def ways_out(self) -> list[dict[str, Any]]:
        """What a network policy has to let out: sidecars, to the control plane."""
        istiod = {**in_namespace(NAMESPACE), "podSelector": {"matchLabels": {"app": "istiod"}}}
        return [{"to": [istiod], "ports": [_port(CONTROL_PLANE)]}] if self.mode == "sidecar" else []

    @property
    def network_policy(self) -> dict[str, Any] | None:
        """The network policy that adds the ways in and out to what others let through; None without any."""
        rules = {"Ingress": ("ingress", self.ways_in), "Egress": ("egress", self.ways_out)}
        there = {kind: rule for kind, rule in rules.items() if rule[1]}
        return {"podSelector": {}, "policyTypes": list(there), **dict(there.values())} if there else None


def in_namespace(name: str) -> dict[str, Any]:
    """The peers of a network policy that are all pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _port(number: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": number}
