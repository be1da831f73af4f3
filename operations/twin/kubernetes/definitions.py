"""The custom kinds of releases that are recorded and not installed: what their charts would have made known.

Definitions are the real ones where the mirror has them, and permissive stubs elsewhere, which accept any
field. Those that are there already, a user's or another chart's, stay as they are.

When the last recorded release that needs a definition goes, it goes too. Where Helm would have removed it,
all objects of its kind go with it, as they would then. Where Helm would have left it (it is from the chart's
crds/ folder, or marked to be kept), it stays as long as there are objects of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from infra.catalog import kinds
from infra.catalog.kinds import Brought, Kind
from operations.twin.backend import Refused
from operations.twin.kubernetes import leaving, mirror, readiness
from operations.twin.kubernetes.api import Api, Manifest, Ref
from operations.twin.kubernetes.records import RECORDED

Origin = Literal["real", "stub"]

MANAGER: Final = "mlcluster-definitions"
KEY: Final = "CustomResourceDefinition.apiextensions.k8s.io/apiextensions.k8s.io/v1"
"""What definitions stand under in a release's `resourceNames`."""
_PARALLEL: Final = 4
_ESTABLISHED_S: Final = 60.0
_GONE_S: Final = 120.0
_UNKNOWN: Final = "the catalog does not know the chart's kinds"
_NAMED: Final = 3
"""Kinds that a message names before it counts the rest."""

# The API server wants this of groups of Kubernetes' own: https://github.com/kubernetes/enhancements/pull/1111
_APPROVAL: Final = "api-approved.kubernetes.io"
_PROTECTED: Final = (".k8s.io", ".kubernetes.io")


@dataclass(frozen=True)
class Wanted:
    """What a recorded release asks for."""

    manifests: Mapping[str, tuple[Origin, Manifest]]
    """Definitions by name."""
    removed: frozenset[str]
    """Names of those that Helm removes with the release."""
    note: str
    """What they are, for people."""
    lenient: bool
    """Whether objects of its kinds are not judged, or not known: those of some are stubs or not there."""


def wanted(chart: str, values: Mapping[str, Any], *, skip_crds: bool, root: Path) -> Wanted:
    """Returns the definitions that a release of a chart brings.

    Args:
        chart: The chart's name, without repository.
        values: The release's values: some charts bring their kinds only when told to.
        skip_crds: The release's ``skipCrds``.
        root: The mirror's folder.
    """
    parts = kinds.brought(chart, values, skip_crds=skip_crds)
    if parts is None:
        real = {} if skip_crds else mirror.definitions(root, [chart])
        found: dict[str, tuple[Origin, Manifest]] = {name: ("real", value) for name, value in real.items()}
        return Wanted(found, frozenset(), _note(found, _UNKNOWN), not found)
    chosen = {kind.definition: kind for part in parts for kind in part.kinds}
    real = mirror.definitions(root, {chart, *(kind.project for kind in chosen.values())}) if chosen else {}
    found = {name: ("real", real[name]) if name in real else ("stub", stub(chosen[name])) for name in chosen}
    stubs = any(origin == "stub" for origin, _manifest in found.values())
    return Wanted(found, _removed(parts), _note(found, "it brings no kinds"), stubs)


def stub(kind: Kind) -> Manifest:
    """Returns a definition that accepts any object of the kind."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [
        {"name": name, "served": True, "storage": not index, "schema": schema, "subresources": {"status": {}}}
        for index, name in enumerate(kind.versions)
    ]
    approval = {_APPROVAL: "unapproved, a stub"} if kind.group.endswith(_PROTECTED) else {}
    names = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.kind.lower(),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.definition, "annotations": approval},
        "spec": {"group": kind.group, "names": names, "scope": kind.scope, "versions": versions},
    }


def install(api: Api, manifests: Iterable[Manifest]) -> None:
    """Applies definitions, except over those that are not ours, and waits until their kinds can be used.

    Raises:
        ApiError: The API server refuses one.
        Refused: One is not established in time.
    """
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for ref in pool.map(lambda manifest: _applied(api, manifest), manifests):
            _await(api, ref)


def remove(api: Api, names: Iterable[str], with_objects: frozenset[str]) -> None:
    """Removes those definitions that were made for recorded releases.

    Args:
        api: Where.
        names: Definitions that no release needs any more.
        with_objects: Those of them that go even if there are objects of their kinds, which go too.
    """
    going = []
    for name in sorted(names):
        ref = ref_of(name)
        live = api.get(ref)
        if live is not None and _is_ours(live) and (name in with_objects or not _has_objects(api, live)):
            api.delete(ref)
            going.append(ref)
    for ref in going:
        if not leaving.gone(api, ref, _GONE_S):
            held = "; ".join(map(str, readiness.blockers(api, ref)))
            raise Refused(f"{ref} does not go: {held or 'objects of its kind are held by finalizers'}")


def _applied(api: Api, manifest: Manifest) -> Ref:
    ref = Ref.of(manifest)
    live = api.get(ref)
    if live is not None and "deletionTimestamp" in live["metadata"]:
        leaving.gone(api, ref, _GONE_S)  # what is applied to one that goes, goes with it
        live = api.get(ref)
    if live is None or _is_ours(live):
        labels = {**(manifest["metadata"].get("labels") or {}), RECORDED: "true"}
        metadata = {**manifest["metadata"], "labels": labels}
        api.apply({**manifest, "metadata": metadata}, manager=MANAGER, force=True)
    return ref


def _await(api: Api, ref: Ref) -> None:
    done, last = api.wait(ref, lambda value: value is not None and _lacks(api, value) is None, _ESTABLISHED_S)
    if not done:
        raise Refused(f"{ref}: {_lacks(api, last) if last else 'it was deleted at once'}")


def _lacks(api: Api, definition: Manifest) -> str | None:
    check = readiness.check_of(api, definition)
    return None if check is None else check(definition)


def ref_of(name: str) -> Ref:
    """Names a definition."""
    return Ref("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)


def _is_ours(definition: Manifest) -> bool:
    return (definition["metadata"].get("labels") or {}).get(RECORDED) == "true"


def _has_objects(api: Api, definition: Manifest) -> bool:
    spec = definition["spec"]
    stored = next(version["name"] for version in spec["versions"] if version["storage"])
    return bool(api.list(f"{spec['group']}/{stored}", spec["names"]["kind"]))


def _removed(parts: Iterable[Brought]) -> frozenset[str]:
    return frozenset(kind.definition for part in parts if part.removed for kind in part.kinds)


def _note(found: Mapping[str, tuple[Origin, Manifest]], nothing: str) -> str:
    if not found:
        return nothing
    stubs = sorted(name for name, (origin, _manifest) in found.items() if origin == "stub")
    parts = [f"kinds from the mirror: {len(found) - len(stubs)}"] if len(found) > len(stubs) else []
    if stubs:
        parts.append(f"stubs that accept any field: {len(stubs)} ({_some(stubs)})")
    return ", ".join(parts)


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
