"""What the tests of the mesh have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from infra.handles import GatewayHandle, TeamSpace
from infra.mesh import Membership
from tests.components.storage.judging import complaints
from tests.components.support import Found

KINDS = (
    *("Certificate", "Gateway", "HTTPRoute", "EnvoyFilter", "AuthorizationPolicy", "PeerAuthentication"),
    "ExternalSecret",
)
"""Custom kinds that the mesh's components make, and whose definitions are at hand."""
AMBIENT = Membership(mode="ambient", revision="stable", gateway=True)
SIDECAR = Membership(mode="sidecar", revision="stable", gateway=True)


def customs(found: Found) -> list[Mapping[str, Any]]:
    """All objects of custom kinds."""
    return [one.inputs for kind in KINDS for one in found.all(kind)]


def judged(objects: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the projects' own definitions have against objects."""
    return [f"{one['kind']}: {told}" for one in objects for told in complaints(one)]


def gateway(*, login: bool = True) -> GatewayHandle:
    return GatewayHandle(base="test.ml.example.com", login=login, ready=())


def space(team: str) -> TeamSpace:
    phases = ("exploration", "training", "serving")
    return TeamSpace(namespaces=tuple(f"{team}-{phase}" for phase in phases), ready=())


def values(found: Found, release: str) -> Any:
    return found.inputs("Release", release)["values"]
