"""The service mesh, and the gateway that lets people in."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.environment.fields import Cidr, Flag, Form
from infra.environment.section import Section
from infra.problems import Wrong

Revision = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a revision",
        hint="write small letters, digits and hyphens, beginning with a letter, such as v1-29",
        example="stable",
        longest=24,
    ),
]
Rate = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
_EVEN_BY_DEFAULT = Field(validate_default=True)


class Limits(Section):
    """How many requests each of the gateway's pods takes; above that it answers 429."""

    per_client: Rate = 50
    """Requests a second from one address."""
    burst: Annotated[Rate, _EVEN_BY_DEFAULT] = 200
    """Requests that one address may send at once, if it was quiet before. At least `per_client`."""
    in_all: Annotated[Rate, _EVEN_BY_DEFAULT] = 5000
    """Requests a second from everybody together. At least `per_client`."""

    @field_validator("burst", "in_all")
    @classmethod
    def _not_below_one_clients(cls, value: int, info: ValidationInfo) -> int:
        least = info.data.get("per_client", 1)
        if value < least:
            raise Wrong(f"is below per_client, {least}", f"write at least {least}")
        return value


class Gateway(Section):
    """The one way in: all host names of the domain lead to it, by HTTPS alone.

    `domain.private` says whether it has public addresses, `domain.login` how people say who they are.
    """

    sources: tuple[Cidr, ...] = ()
    """Ranges that it may be reached from. Required where its addresses are public; `0.0.0.0/0` is everybody.
    Default: from wherever its private addresses can be reached."""
    limits: Limits = Limits()
    """How much it takes."""


class Mesh(Section):
    """Istio. What pods of teams say to each other is encrypted, and both sides know who speaks (STRICT mTLS).

    A team's pods are spoken to by its own pods and by the gateway, and by nobody else in the mesh.
    """

    mode: Literal["ambient", "sidecar"] = "ambient"
    """How pods are part of it. `ambient`: by a proxy on each node; pods stay as they are. `sidecar`: by a
    proxy in each pod, which counts against quotas (0.1 vCPU and 128 MiB) and comes with the pod's next
    start."""
    revision: Revision = "stable"
    """Name of the control plane. With the same name a new version takes the place of the old one; with
    another name it comes up beside the old one, which then is `previous` until all pods have moved."""
    previous: Revision | None = None
    """A control plane that is still there, as it is, for pods that have not moved yet. Default: none."""
    gateway_api: Flag = True
    """Whether the kinds of the Gateway API come with it. Write `false` on platform `kubernetes` where the
    cluster has them, in version 1.4."""
    gateway: Gateway | None = None
    """The way in from outside. Default: there is none."""

    @field_validator("previous")
    @classmethod
    def _another(cls, previous: str | None, info: ValidationInfo) -> str | None:
        if previous is not None and previous == info.data.get("revision"):
            raise Wrong("is the revision itself", "write the one before, or remove previous")
        return previous
