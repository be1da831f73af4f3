"""Whether a chart has the values that are set for it.

A path is known when the chart's own ``values.yaml`` has it, says it in a comment (``# key: …`` where it would
stand), or lets anything stand there (an empty map, nothing, a map that Kubernetes defines); or when the
chart's schema has it. What belongs to a subchart whose values are not at hand is not judged.

Charts' values are in ../shared/upstream; where that is absent, or has not the chart, the test is skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

UPSTREAM: Final = Path(__file__).parents[3] / "shared" / "upstream"
FOLDERS: Final = {
    "aws-efa-k8s-device-plugin": "efa-device-plugin",
    "base": "istio/base",
    "cni": "istio/cni",
    "feast-feature-server": "feast",
    "gateway": "istio/gateway",
    "istiod": "istio/istiod",
    "karpenter-crd": "karpenter/karpenter-crd",
    "kserve-crd": "kserve/kserve-crd",
    "kserve-llmisvc-crd": "kserve/kserve-llmisvc-crd",
    "kserve-llmisvc-resources": "kserve/kserve-llmisvc-resources",
    "kserve-localmodel-crd": "kserve/kserve-localmodel-crd",
    "kserve-localmodel-resources": "kserve/kserve-localmodel-resources",
    "kserve-resources": "kserve",
    "kserve-runtime-configs": "kserve/kserve-runtime-configs",
    "kubeflow-trainer": "trainer",
    "kuberay-operator": "kuberay",
    "node-feature-discovery": "gpu-operator/node-feature-discovery",
    "rook-ceph-cluster": "rook-ceph/rook-ceph-cluster",
    "strimzi-kafka-operator": "strimzi",
    "ztunnel": "istio/ztunnel",
}
"""Where a chart's files are, if not in a folder of its own name."""

_ISTIO: Final = "_internal_defaults_do_not_set"
"""Istio's charts keep their defaults under this key, and take values without it."""
ALSO: Final = {
    # https://github.com/istio/istio/blob/1.29.6/manifests/zzz_profile.yaml
    **dict.fromkeys(("base", "cni", "gateway", "ztunnel"), frozenset({"profile", "platform"})),
    # Its mesh configuration is https://istio.io/v1.29/docs/reference/config/istio.mesh.v1alpha1/
    "istiod": frozenset({"profile", "platform", "meshConfig"}),
}
"""Keys at the top, and all below them, that a chart's templates read though its values do not say so."""
_FREE: Final = re.compile(
    r"(?i).*(labels|annotations|nodeselector|affinity|securitycontext|resources|selector)"
)
"""Keys of maps that Kubernetes defines, whose defaults say nothing about what else may be in them."""

_Schema = Mapping[str, Any]


def unknown_paths(chart: str, values: Mapping[str, Any]) -> list[str]:
    """The dotted paths of values that a chart does not have.

    Args:
        chart: Its name in the catalog.
        values: What is set.
    """
    judged = {key: value for key, value in values.items() if key not in ALSO.get(chart, ())}
    return sorted(_unknown(judged, _chart(folder_of(chart)), ""))


def folder_of(chart: str) -> Path:
    """Where a chart's files are; skips the test where they are not."""
    folder = UPSTREAM / FOLDERS.get(chart, chart)
    if not (folder / "values.yaml").is_file():
        pytest.skip(f"the values of the chart {chart} are not in ../shared/upstream")
    return folder


@dataclass(frozen=True)
class _Place:
    """What a chart says about a path."""

    lines: tuple[str, ...]
    """The file that the node is in."""
    until: int
    """The first of its lines that is not about this path any more."""
    node: yaml.Node | None
    """The default; None where only the schema knows the path."""
    schema: _Schema
    root: _Schema
    """The whole schema, to which it may refer."""
    subcharts: Mapping[str, Path | None]
    """Subcharts whose values stand here, and where their files are, if anywhere."""

    @property
    def strict(self) -> bool:
        return self.schema.get("additionalProperties") is False

    @property
    def free(self) -> bool:
        """Whether anything may stand here."""
        if self.strict:
            return False
        if self.node is None:
            return not self.schema.get("properties")
        if isinstance(self.node, yaml.MappingNode):
            return not self.node.value
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == "tag:yaml.org,2002:null"

    def child(self, key: str) -> _Place | None:
        """What the chart says about a key here; None: it does not have it."""
        schema = self._schema_of(key)
        found = self._default_of(key)
        if found is not None:
            node, until = found
            return replace(self, node=node, until=until, schema=schema or {}, subcharts={})
        if schema is not None or self._commented(key):
            return replace(self, node=None, schema=schema or {}, subcharts={})
        return None

    def _default_of(self, key: str) -> tuple[yaml.Node, int] | None:
        if not isinstance(self.node, yaml.MappingNode):
            return None
        starts = [name.start_mark.line for name, _node in self.node.value[1:]]
        ends = [*starts, self.until] if self.node.value else []
        for (name, node), end in zip(self.node.value, ends, strict=True):
            if name.value == key:
                return node, end
        return None

    def _schema_of(self, key: str) -> _Schema | None:
        known = self.schema.get("properties", {})
        if key in known:
            return self._resolved(known[key])
        for pattern, schema in self.schema.get("patternProperties", {}).items():
            if re.search(pattern, key):
                return self._resolved(schema)
        extra = self.schema.get("additionalProperties")
        return self._resolved(extra) if isinstance(extra, Mapping) and extra else None

    def _resolved(self, schema: Any) -> _Schema:
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref", "")
        found: Any = self.root
        for part in reference.removeprefix("#/").split("/") if reference.startswith("#/") else ():
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {})
        return found if reference.startswith("#/") else schema

    def _commented(self, key: str) -> bool:
        """Whether a comment shows the key where it would stand."""
        if not isinstance(self.node, yaml.MappingNode) or not self.node.value:
            return False
        indent = self.node.value[0][0].start_mark.column
        shown = re.compile(rf"( {{{indent}}}#+ ?|#+ {{{indent}}} ?)['\"]?{re.escape(key)}['\"]?:")
        return any(shown.match(line) for line in self.lines[self.node.start_mark.line : self.until])


def _unknown(values: Mapping[str, Any], place: _Place, path: str) -> Iterator[str]:
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if key in place.subcharts:
            yield from _of_subchart(value, place, key, here)
            continue
        child = place.child(key)
        if child is None:
            yield here
        elif isinstance(value, Mapping) and not child.free and not _FREE.fullmatch(key):
            yield from _unknown(value, child, here)


def _of_subchart(value: Any, place: _Place, key: str, here: str) -> Iterator[str]:
    """What neither the subchart nor the chart, which may say more of it, has."""
    folder = place.subcharts[key]
    if folder is None or not isinstance(value, Mapping):
        return
    parent = place.child(key)
    judged = parent is not None and not parent.free
    missing = tuple(f"{one}." for one in _unknown(value, parent, here)) if parent and judged else ("",)
    yield from (one for one in _unknown(value, _chart(folder), here) if f"{one}.".startswith(missing))


@cache
def _chart(folder: Path) -> _Place:
    text = (folder / "values.yaml").read_text()
    lines = tuple(text.splitlines())
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if isinstance(node, yaml.MappingNode):
        inner = [value for name, value in node.value if name.value == _ISTIO]
        node = inner[0] if inner else node
    schema = _schema(folder)
    return _Place(lines, len(lines), node, schema, schema, _subcharts(folder))


def _schema(folder: Path) -> _Schema:
    for name in ("values.schema.json", "values.schema.yaml"):
        if (folder / name).is_file():
            text = (folder / name).read_text()
            found: _Schema = json.loads(text) if name.endswith("json") else yaml.safe_load(text)
            return _Place((), 0, None, {}, found, {})._resolved(found)
    return {}


def _subcharts(folder: Path) -> Mapping[str, Path | None]:
    chart = folder / "Chart.yaml"
    facts = yaml.safe_load(chart.read_text()) if chart.is_file() else {}
    names = [(one.get("alias", one["name"]), one["name"]) for one in facts.get("dependencies") or ()]
    return {
        alias: folder / name if (folder / name / "values.yaml").is_file() else None for alias, name in names
    }
