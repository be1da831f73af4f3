"""The Helm charts that components install, each at one pinned version (facts: charts.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

from infra.catalog import lookup


@dataclass(frozen=True, kw_only=True)
class ChartPin:
    """A chart at the version that is installed."""

    name: str
    repository: str
    """``oci://…``, a registry that holds it under its own name, or a Helm repository's address."""
    version: str
    """The chart's version; what is in it may have another."""
    app: str
    """The version of what it installs."""
    licence: str
    docs: str
    """Address of its documentation."""
    needs: tuple[str, ...] = ()
    """Charts, or projects of kinds.yaml, that have to be there before it, if it is used with its defaults."""
    crds: str | None = None
    """Who upgrades the kinds in its `crds/` folder, which Helm does not (charts.yaml says in which words);
    None: it has none there."""
    redirect: Mapping[str, str] = field(default_factory=dict)
    """By the dotted paths of values that say where its images come from, what they are by default."""
    images: tuple[str, ...] = ()
    """Its images, as far as they are known without its templates."""

    @property
    def reference(self) -> str:
        """What Helm calls it: its address in a registry, or its name within its repository."""
        return f"{self.repository}/{self.name}" if self.in_registry else self.name

    @property
    def in_registry(self) -> bool:
        """Whether it comes from an OCI registry."""
        return self.repository.startswith("oci://")

    @property
    def skips_crds(self) -> bool:
        """Whether its `crds/` folder is left out: the catalog has its kinds, or they are not used."""
        return self.crds is not None and self.crds.partition(":")[0] in ("catalog", "unused")

    @property
    def definitions(self) -> str | None:
        """The project whose kinds, of the catalog, are in the place of those in its `crds/` folder."""
        how, _, project = (self.crds or "").partition(":")
        return project if how == "catalog" else None

    @property
    def upgrading(self) -> dict[str, Any]:
        """Values that switch on the job by which the chart upgrades its own kinds."""
        how, _, path = (self.crds or "").partition(":")
        return _nested({path: True}) if how == "value" else {}

    def mirrored(self, mirror: str) -> str:
        """What Helm calls it in a mirror, ``oci://…``."""
        return f"{mirror.rstrip('/')}/charts/{self.name}"

    def redirected(self, mirror: str) -> dict[str, Any]:
        """Values that make its images come from a mirror."""
        return _nested({path: in_mirror(default, mirror) for path, default in self.redirect.items()})


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted paths, as maps within maps."""
    nested: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        place = nested
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    return nested


def in_mirror(image: str, mirror: str) -> str:
    """Where a mirror has an image, or all that are below a registry: the same path at another place."""
    first, slash, rest = image.partition("/")
    host = "." in first.partition(":")[0] or first == "localhost" or bool(slash and ":" in first)
    path = rest if host else image
    return "/".join(filter(None, (mirror.removeprefix("oci://").rstrip("/"), path)))


@cache
def charts() -> Mapping[str, ChartPin]:
    """Every pinned chart by its name."""
    facts: dict[str, dict[str, Any]] = lookup.data("charts.yaml")["charts"]
    return MappingProxyType({name: _pin(name, fact) for name, fact in facts.items()})


def _pin(name: str, fact: Mapping[str, Any]) -> ChartPin:
    images = tuple(one.format(app=fact["app"]) for one in fact.get("images", ()))
    return ChartPin(**{**fact, "name": name, "needs": tuple(fact.get("needs", ())), "images": images})


def chart(name: str) -> ChartPin:
    """The pin of a chart.

    Raises:
        BadInput: The catalog does not have it.
    """
    if name not in charts():
        raise lookup.unknown("chart", name, charts())
    return charts()[name]
