"""The mesh and its gateway, and what they need of other sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.problems import ABSENT, Problem


def _gateway(environment: Environment) -> Iterator[Problem]:
    """Hosts need a domain, and HTTPS needs certificates."""
    if environment.mesh is None or environment.mesh.gateway is None:
        return
    if environment.domain is None:
        hint = "write domain: {name: ml.example.com, …}, or remove mesh.gateway"
        yield Problem("domain", ABSENT, "is missing, which mesh.gateway has its hosts in", hint)
    if environment.certificates is None:
        hint = "write certificates: {authority: private}, or another, or remove mesh.gateway"
        yield Problem("certificates", ABSENT, "is missing, which mesh.gateway needs for HTTPS", hint)


def _who_reaches_it(environment: Environment) -> Iterator[Problem]:
    """Nobody opens a gateway to the world by leaving something out."""
    if environment.mesh is None or environment.mesh.gateway is None or environment.domain is None:
        return
    public = environment.platform == "aws" and not environment.domain.private
    if public and not environment.mesh.gateway.sources:
        yield Problem(
            "mesh.gateway.sources",
            ABSENT,
            "is missing, and the gateway has public addresses",
            "write the ranges that your people come from (0.0.0.0/0 is everybody), or domain.private: true",
        )


def _login(environment: Environment) -> Iterator[Problem]:
    """The gateway is where people log in."""
    mesh, domain = environment.mesh, environment.domain
    if domain is None or domain.login is None or (mesh is not None and mesh.gateway is not None):
        return
    hint = "write mesh: {gateway: {…}}, or remove login"
    yield Problem("domain.login", ABSENT, "is there, but no gateway that asks for it", hint)


def _kinds(environment: Environment) -> Iterator[Problem]:
    """Only a cluster that somebody else made can have the Gateway API already."""
    if environment.mesh is not None and not environment.mesh.gateway_api and environment.platform == "aws":
        hint = "remove it, or write platform: kubernetes"
        yield Problem("mesh.gateway_api", False, "leaves the cluster without kinds that the mesh needs", hint)


CHECKS: Final = (
    check(_gateway, "mesh", "domain", "certificates"),
    check(_who_reaches_it, "mesh", "domain", "platform"),
    check(_login, "mesh", "domain"),
    check(_kinds, "mesh", "platform"),
)
