"""The custom kinds of the projects around a cluster, and which chart brings which (sources: kinds.yaml)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from infra.catalog import lookup

Scope = Literal["Namespaced", "Cluster"]


@dataclass(frozen=True, order=True, kw_only=True)
class Kind:
    """A kind that a CustomResourceDefinition makes known."""

    project: str
    """The upstream project that it is from, as kinds.yaml calls it: ``kueue``."""
    group: str
    kind: str
    plural: str
    scope: Scope
    versions: tuple[str, ...]
    """The versions that are served, the stored one first."""

    @property
    def definition(self) -> str:
        """The name of its CustomResourceDefinition."""
        return f"{self.plural}.{self.group}"


@dataclass(frozen=True, kw_only=True)
class Brought:
    """Kinds that a chart brings together, as long as its values and ``skipCrds`` let it."""

    kinds: tuple[Kind, ...]
    switches: Mapping[str, bool]
    """Dotted paths of values, any of which switches them on, with the chart's defaults; empty: always on."""
    in_crds_folder: bool
    """Whether they lie in the chart's ``crds/`` folder, which ``skipCrds`` leaves out."""
    removed: bool
    """Whether Helm removes them, and with them every object of theirs, when the release goes."""


@cache
def projects() -> Mapping[str, tuple[Kind, ...]]:
    """Every kind, by the project it is from."""
    facts: dict[str, Any] = lookup.data("kinds.yaml")["projects"]
    return MappingProxyType({name: tuple(_kinds(name, fact)) for name, fact in facts.items()})


@cache
def charts() -> Mapping[str, tuple[Brought, ...]]:
    """What each chart brings, by the chart's name; nothing for those that bring no kinds."""
    facts: dict[str, list[dict[str, Any]]] = lookup.data("kinds.yaml")["charts"]
    return MappingProxyType({name: tuple(_brought(fact) for fact in entry) for name, entry in facts.items()})


def brought(chart: str, values: Mapping[str, Any], *, skip_crds: bool = False) -> tuple[Brought, ...] | None:
    """Returns what a release of a chart brings; None when the catalog does not know the chart.

    Args:
        chart: The chart's name, without repository or version.
        values: The release's values.
        skip_crds: Whether the chart's ``crds/`` folder is left out.
    """
    known = charts().get(chart)
    if known is None:
        return None
    return tuple(each for each in known if _is_on(each, values) and not (skip_crds and each.in_crds_folder))


def _is_on(each: Brought, values: Mapping[str, Any]) -> bool:
    if not each.switches:
        return True
    given = {path: lookup.at(values, path) for path in each.switches}
    return any(default if given[path] is None else given[path] for path, default in each.switches.items())


def _kinds(project: str, groups: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterable[Kind]:
    for group, kinds in groups.items():
        for kind, fact in kinds.items():
            yield Kind(
                project=project,
                group=group,
                kind=kind,
                plural=fact["plural"],
                scope=fact.get("scope", "Namespaced"),
                versions=tuple(fact["versions"]),
            )


def _brought(fact: Mapping[str, Any]) -> Brought:
    kinds = projects()[fact["project"]]
    chosen = fact.get("kinds", [kind.kind for kind in kinds])
    return Brought(
        kinds=tuple(kind for kind in kinds if kind.kind in chosen),
        switches=MappingProxyType(fact.get("values", {})),
        in_crds_folder=fact.get("crds", False),
        removed=fact.get("removed", False),
    )
