"""Kubernetes versions that EKS runs and the add-ons pinned for each (sources and dates: versions.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from infra.catalog import lookup
from infra.problems import BadInput, Problem

Support = Literal["standard", "extended", "ended"]


@dataclass(frozen=True, kw_only=True)
class Addon:
    """An EKS add-on at the version pinned for one Kubernetes version."""

    name: str
    version: str
    source: str
    """Where the pairing was seen, or, for an estimate, why it is believed."""
    estimate: bool
    """True where that very pairing was not seen anywhere."""


@dataclass(frozen=True, kw_only=True)
class KubernetesVersion:
    """A minor version of Kubernetes as EKS supports it."""

    name: str
    standard_until: date
    """The day (UTC) with which extended support, and its price, begins."""
    extended_until: date
    """The day after which EKS upgrades the control plane by itself."""
    addons: Mapping[str, Addon]

    def support(self, on: date) -> Support:
        """The kind of support it has on a day."""
        if on < self.standard_until:
            return "standard"
        return "extended" if on <= self.extended_until else "ended"


@cache
def as_of() -> date:
    """The day on which these facts were looked up."""
    looked_up: date = lookup.data("versions.yaml")["as_of"]
    return looked_up


@cache
def versions() -> Mapping[str, KubernetesVersion]:
    """Every supported version by name, newest first."""
    facts = lookup.data("versions.yaml")
    return MappingProxyType(
        {
            name: KubernetesVersion(name=name, addons=_addons(name, facts["addons"]), **dates)
            for name, dates in facts["versions"].items()
        }
    )


def version(name: str) -> KubernetesVersion:
    """A supported version such as ``1.35``.

    Raises:
        BadInput: EKS did not run it when these facts were looked up; the hint names those it ran.
    """
    found = versions().get(name)
    if found is None:
        message = f"is not a Kubernetes version that EKS runs (as of {as_of()})"
        raise BadInput(
            [Problem("Kubernetes version", name, message, f"write one of {', '.join(versions())}")]
        )
    return found


def _addons(kubernetes: str, facts: Mapping[str, Any]) -> Mapping[str, Addon]:
    return MappingProxyType({name: _addon(name, kubernetes, fact) for name, fact in facts.items()})


def _addon(name: str, kubernetes: str, fact: Mapping[str, Any]) -> Addon:
    guess: str | None = fact.get("estimates", {}).get(kubernetes)
    return Addon(
        name=name,
        version=fact["versions"][kubernetes],
        source=guess or fact["source"],
        estimate=guess is not None,
    )
