"""An API server's behaviour without an API server: objects in memory, written to one JSON file.

It holds to what deployments trip over: namespaces that must exist, names, immutable fields, ownership of
fields by server-side apply, finalizers, cascading deletion. It knows no schemas, so it accepts misspelt
fields, and has no controllers, so no Deployment ever gets pods: those need the real control plane.
"""

from __future__ import annotations

import copy
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from operations.twin.kubernetes.api import Api, ApiError, Manifest, Ref
from operations.twin.kubernetes.rules import forbidden_change, invalid_metadata
from operations.twin.kubernetes.types import built_in_scope, group_of
from operations.twin.kubernetes.values import lookup, merged, plain, with_encoded_secrets, without

FILE: Final = "kubernetes.json"
_NAMESPACE: Final = ("", "Namespace")
SYSTEM_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")

Key = tuple[str, str, str, str]
"""Group, kind, namespace, name: an object is the same in every version of its API."""

# Set by the server; what a client says of them is not looked at.
_SERVER_METADATA: Final = (
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation", "managedFields",
    "selfLink",
)  # fmt: skip


class MemoryApi(Api):
    """An `Api` in memory; what it holds is read from and saved to `folder`/kubernetes.json."""

    has_controllers = False

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._changed = threading.Condition(threading.RLock())
        self._revision = 0
        self._saved = 0
        self._objects: dict[Key, Manifest] = {}
        self._given: dict[Key, dict[str, Manifest]] = {}
        if self._file.exists():
            self._load(json.loads(self._file.read_text()))
        for name in SYSTEM_NAMESPACES:
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            if _key(namespace) not in self._objects:
                self.apply(namespace, manager="kubernetes")

    @override
    def namespaced(self, api_version: str, kind: str) -> bool | None:
        """Kinds of custom resources are known once their definition was applied."""
        scope = built_in_scope(api_version, kind)
        if scope is not None:
            return scope
        with self._changed:
            definition = self._definition(api_version, kind)
        return None if definition is None else lookup(definition, ("spec", "scope")) != "Cluster"

    @override
    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        manager: str,
        dry_run: bool = False,
        force: bool = False,
        status: bool = False,
    ) -> Manifest:
        """Lists are owned and replaced as a whole; the status is a field like any other."""
        wanted = with_encoded_secrets(plain(manifest))
        with self._changed:
            wanted["metadata"] = self._placed(wanted)
            key = _key(wanted)
            old = self._objects.get(key)
            given = self._given.get(key, {})
            if not force:
                _refuse_conflicts(wanted, old, {who: what for who, what in given.items() if who != manager})
            base = without(old, given.get(manager, {}), wanted) if old else {}
            new = merged(base, wanted)
            self._judge(old, new)
            new = self._stamped(old, new)
            if not dry_run:
                self._objects[key] = new
                self._given[key] = {**given, manager: wanted}
                self._settle()
            return copy.deepcopy(new)

    @override
    def get(self, ref: Ref) -> Manifest | None:
        with self._changed:
            return copy.deepcopy(self._objects.get(_key_of(ref)))

    @override
    def list(self, api_version: str, kind: str, namespace: str = "") -> tuple[Manifest, ...]:
        wanted = (group_of(api_version), kind)
        with self._changed:
            return tuple(
                copy.deepcopy(value)
                for key, value in sorted(self._objects.items())
                if key[:2] == wanted and namespace in {"", key[2]}
            )

    @override
    def everything(self, namespace: str = "") -> tuple[Manifest, ...]:
        with self._changed:
            return tuple(
                copy.deepcopy(value)
                for key, value in sorted(self._objects.items())
                if namespace in {"", key[2]} and not _is_system_namespace(key)
            )

    @override
    def delete(self, ref: Ref, *, propagation: str = "Foreground") -> None:
        """With "Orphan", what the object owns stays."""
        key = _key_of(ref)
        if _is_system_namespace(key):
            raise ApiError(403, "Forbidden", f'namespaces "{key[3]}" is forbidden: it may not be deleted')
        with self._changed:
            if key not in self._objects:
                return
            if propagation == "Orphan" and key[:2] != _NAMESPACE:
                self._disown(key)
            self._mark(key)
            self._settle()

    @override
    def wait(
        self, ref: Ref, satisfied: Callable[[Manifest | None], bool], timeout: float
    ) -> tuple[bool, Manifest | None]:
        until = time.monotonic() + timeout
        with self._changed:
            while True:
                value = self.get(ref)
                if satisfied(value):
                    return True, value
                left = until - time.monotonic()
                if left <= 0:
                    return False, value
                self._changed.wait(left)

    @override
    def save(self) -> None:
        """Writes the file atomically; it is private to the user, since Secrets are in it."""
        with self._changed:
            if self._saved == self._revision:
                return
            records = [
                {"object": value, "given": self._given.get(key, {})}
                for key, value in sorted(self._objects.items())
            ]
            text = json.dumps({"revision": self._revision, "records": records})
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_suffix(".new")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:  # noqa: PTH123 - created private
                stream.write(text)
            draft.replace(self._file)
            self._saved = self._revision

    @override
    def close(self) -> None:
        """Nothing was started."""

    def _load(self, saved: Mapping[str, Any]) -> None:
        for record in saved["records"]:
            key = _key(record["object"])
            self._objects[key] = record["object"]
            self._given[key] = record["given"]
        self._revision = self._saved = saved["revision"]

    def _definition(self, api_version: str, kind: str) -> Manifest | None:
        for key, value in self._objects.items():
            if key[1] == "CustomResourceDefinition":
                spec = value["spec"]
                if spec["group"] == group_of(api_version) and lookup(spec, ("names", "kind")) == kind:
                    return value
        return None

    def _placed(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the metadata with the namespace that the kind's scope asks for."""
        metadata = {
            key: value for key, value in manifest.get("metadata", {}).items() if key not in _SERVER_METADATA
        }
        if not metadata.get("name"):
            raise ApiError(422, "Invalid", f"{manifest['kind']}: metadata.name: Required value")
        scope = self.namespaced(manifest["apiVersion"], manifest["kind"])
        if scope is False:
            metadata.pop("namespace", None)
        elif scope:
            metadata["namespace"] = metadata.get("namespace") or "default"
        return metadata

    def _judge(self, old: Manifest | None, new: Manifest) -> None:
        kind, metadata = new["kind"], new["metadata"]
        problem = invalid_metadata(new) or (forbidden_change(old, new) if old else None)
        if problem:
            raise ApiError(422, "Invalid", f'{kind} "{metadata["name"]}" is invalid: {problem}')
        namespace = metadata.get("namespace")
        if old or not namespace:
            return
        home = self._objects.get(("", "Namespace", "", namespace))
        if home is None:
            raise ApiError(404, "NotFound", f'namespaces "{namespace}" not found')
        if home["metadata"].get("deletionTimestamp"):
            raise ApiError(
                403, "Forbidden",
                f'unable to create new content in namespace {namespace} because it is being terminated',
            )  # fmt: skip

    def _stamped(self, old: Manifest | None, new: Manifest) -> Manifest:
        """Returns the object with what the server sets; the same as the old one when nothing changed."""
        born: dict[str, Any] = (
            old["metadata"]
            if old
            else {"uid": str(uuid.uuid4()), "creationTimestamp": _now(), "generation": 0}
        )
        stamps = {key: born[key] for key in _SERVER_METADATA if key in born}
        new = {**new, "metadata": {**new["metadata"], **stamps}}
        new = merged(_initial_status(new), new)
        if new == old:
            return new
        if old is None or {**old, "metadata": 0, "status": 0} != {**new, "metadata": 0, "status": 0}:
            new["metadata"]["generation"] = born.get("generation", 0) + 1
        new["metadata"]["resourceVersion"] = self._next_revision()
        return new

    def _next_revision(self) -> str:
        self._revision += 1
        return str(self._revision)

    def _mark(self, key: Key) -> None:
        """Marks an object for deletion, and what lives in it or is owned by it."""
        value = self._objects[key]
        if "deletionTimestamp" in value["metadata"]:
            return
        metadata = {**value["metadata"], "deletionTimestamp": _now()}
        metadata["resourceVersion"] = self._next_revision()
        self._objects[key] = {**value, "metadata": metadata}
        if key[:2] == _NAMESPACE:
            self._objects[key]["status"] = {"phase": "Terminating"}
        for other in self._dependents(key):
            self._mark(other)

    def _dependents(self, key: Key) -> tuple[Key, ...]:
        """Returns what goes with an object: a namespace's content, an owner's property."""
        if key[:2] == _NAMESPACE:
            return tuple(other for other in self._objects if other[2] == key[3])
        uid = self._objects[key]["metadata"]["uid"]
        return tuple(
            other
            for other, value in self._objects.items()
            if any(owner.get("uid") == uid for owner in value["metadata"].get("ownerReferences", ()))
        )

    def _disown(self, key: Key) -> None:
        uid = self._objects[key]["metadata"]["uid"]
        for other in self._dependents(key):
            metadata = self._objects[other]["metadata"]
            kept = [owner for owner in metadata["ownerReferences"] if owner.get("uid") != uid]
            self._objects[other] = {**self._objects[other], "metadata": {**metadata, "ownerReferences": kept}}

    def _settle(self) -> None:
        """Removes what is marked and held by nothing, until nothing more goes; then wakes who waits."""
        while going := [key for key in self._objects if self._may_go(key)]:
            for key in going:
                del self._objects[key]
                self._given.pop(key, None)
                self._next_revision()
        self._changed.notify_all()

    def _may_go(self, key: Key) -> bool:
        metadata = self._objects[key]["metadata"]
        held = "deletionTimestamp" not in metadata or metadata.get("finalizers")
        return not held and not self._dependents(key)


def _key(manifest: Mapping[str, Any]) -> Key:
    return _key_of(Ref.of(manifest))


def _key_of(ref: Ref) -> Key:
    return group_of(ref.api_version), ref.kind, ref.namespace, ref.name


def _is_system_namespace(key: Key) -> bool:
    return key[:2] == _NAMESPACE and key[3] in SYSTEM_NAMESPACES


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refuse_conflicts(
    wanted: Mapping[str, Any], old: Mapping[str, Any] | None, others: Mapping[str, Manifest]
) -> None:
    """Refuses to change a field that another manager gave."""
    for who, what in others.items():
        for path in _leaves(what):
            theirs, ours = lookup(old, path), lookup(wanted, path)
            if ours is not None and theirs is not None and ours != theirs:
                field = "." + ".".join(path)
                raise ApiError(
                    409, "Conflict", f'Apply failed with 1 conflict: conflict with "{who}": {field}'
                )


def _leaves(value: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, member in value.items():
        if isinstance(member, Mapping):
            yield from _leaves(member, (*path, key))
        else:
            yield (*path, key)


def _initial_status(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the server, or the cloud, says at once of a new object, where programs read it."""
    kind = manifest["kind"]
    if kind == "Namespace":
        return {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    if kind == "CustomResourceDefinition":
        conditions = [
            {"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": "True"}
        ]  # fmt: skip
        return {"status": {"conditions": conditions}}
    if kind == "Service" and lookup(manifest, ("spec", "type")) == "LoadBalancer":
        name = f"{manifest['metadata']['name']}.{manifest['metadata'].get('namespace', 'default')}"
        return {"status": {"loadBalancer": {"ingress": [{"hostname": f"{name}.elb.twin.invalid"}]}}}
    return {}
