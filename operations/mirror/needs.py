"""The charts and images that an environment needs, told by what its program asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from infra.catalog.charts import ChartPin, chart
from infra.environment import Environment
from infra.resources import RecordedResource
from operations.plan import previewed

_RELEASE: Final = "kubernetes:helm.sh/v3:Release"


@dataclass(frozen=True, kw_only=True)
class Need:
    """A chart that an environment installs."""

    pin: ChartPin
    release: str
    namespace: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """What Helm calls its package."""
        return f"{self.pin.name}-{self.pin.version}.tgz"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that pods of an environment have."""

    reference: str
    told_by: str
    """Who names it: a chart, by what is known of it or by its templates, or a resource."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """All that an environment takes from the internet, with upstream's addresses."""

    charts: tuple[Need, ...]
    """One for each release; a chart may have several."""
    images: tuple[Image, ...]


def needs(environment: Environment, root: Path) -> Needs:
    """What an environment needs, as upstream has it: a mirror that it has already is looked through.

    Raises:
        BadInput: the file of its data stack is missing or wrong.
    """
    resources = previewed(environment.model_copy(update={"mirror": None}), root)
    charts = sorted(_charts(resources), key=lambda need: (need.pin.name, need.release))
    images = [*_of_resources(resources), *_of_catalog(charts)]
    return Needs(charts=tuple(charts), images=unique(images))


def unique(images: Iterable[Image]) -> tuple[Image, ...]:
    """Images by reference, each once, told by the first that did."""
    found: dict[str, Image] = {}
    for image in images:
        found.setdefault(image.reference, image)
    return tuple(found[reference] for reference in sorted(found))


def references(value: Any) -> Iterator[str]:
    """Every reference to an image in manifests or values: the text under a key `image`, at any depth.

    Manifests within config maps count: people make objects of them.
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "image" and isinstance(inner, str) and _is_reference(inner):
                yield inner
            elif isinstance(key, str) and key.endswith(".yaml") and isinstance(inner, str):
                yield from references(_manifest(inner))
            else:
                yield from references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from references(inner)


def _manifest(text: str) -> Any:
    """What a text says, if it is YAML of one document."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _is_reference(text: str) -> bool:
    return "://" not in text and ("/" in text or ":" in text) and not any(one.isspace() for one in text)


def _charts(resources: Iterable[RecordedResource]) -> Iterator[Need]:
    for one in resources:
        if one.type == _RELEASE:
            name = str(one.inputs["chart"]).rstrip("/").rpartition("/")[2]
            yield Need(
                pin=chart(name),
                release=str(one.inputs.get("name", one.name)),
                namespace=str(one.inputs.get("namespace", "default")),
                values=one.inputs.get("values", {}),
            )


def _of_resources(resources: Iterable[RecordedResource]) -> Iterator[Image]:
    for one in resources:
        if one.type.startswith("kubernetes:") and not one.type.endswith(":CustomResourceDefinition"):
            told_by = f"{one.type.rpartition(':')[2]} {one.name}"
            yield from (Image(reference=each, told_by=told_by) for each in references(one.inputs))


def _of_catalog(charts: Iterable[Need]) -> Iterator[Image]:
    for need in charts:
        yield from (Image(reference=each, told_by=f"chart {need.pin.name}") for each in need.pin.images)
