"""Pulumi's kubernetes package over an `Api`: names, differences, waiting, and what its errors say."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from typing_extensions import override

from operations.twin.backend import UNKNOWN, Diff, PackageBackend, PartlyCreated, Refused
from operations.twin.kubernetes import leaving, naming, readiness, release
from operations.twin.kubernetes.api import Api, ApiError, Manifest, Ref
from operations.twin.kubernetes.rules import replacing
from operations.twin.kubernetes.types import RELEASE, Type, resolve
from operations.twin.kubernetes.values import (
    MISSING,
    as_given,
    differences,
    holds_unknown,
    lookup,
    merged,
    plain,
    with_encoded_secrets,
)

MANAGER: Final = "mlcluster"
"""The field manager of everything that a program applies."""

_CREATE_S: Final = 600.0
"""How long pulumi-kubernetes waits for an object to be ready."""
_DELETE_S: Final = 600.0
"""How long pulumi-kubernetes waits for an object to go."""
_STUCK_S: Final = 30.0
"""After twice this long with the same finalizers in the way, a deletion is given up: nobody removes them.

One with a timeout of its own (`customTimeouts`, or the annotation) has all of that, since its author knows
what it waits for, unless there are finalizers in the way that nobody on a twin takes off."""
_PATIENCE_S: Final = 10.0
"""How long an object waits for its namespace or its definition, which may be on their way in parallel."""

_SERVER_SIDE: Final = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "ownerReferences", "resourceVersion", "selfLink", "uid",
)  # fmt: skip


class Session(PackageBackend):
    """One configured kubernetes provider; the objects are the API server's."""

    def __init__(
        self,
        api: Api,
        *,
        releases: release.Releases | None = None,
        patience: float = _PATIENCE_S,
        kinds: Callable[[], None] | None = None,
    ) -> None:
        self._api = api
        self._releases = releases or release.Releases(api)
        self._patience = patience
        self._kinds = kinds
        self._namespace = ""
        self._mutable_data: frozenset[str] = frozenset()
        self._upsert = False

    @override
    def configure(self, config: Mapping[str, Any]) -> None:
        """Takes what changes behaviour; kubeconfig and context are not looked at."""
        self._namespace = str(config.get("namespace") or "")
        mutable = {"Secret": "enableSecretMutable", "ConfigMap": "enableConfigMapMutable"}
        self._mutable_data = frozenset(kind for kind, key in mutable.items() if _is_true(config.get(key)))
        self._upsert = _is_true(config.get("upsertExistingObjects"))

    @override
    def check(
        self, urn: str, type_: str, olds: Mapping[str, Any], news: Mapping[str, Any], autoname_seed: bytes
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if type_ == RELEASE:
            return self._releases.check(urn, olds, news, autoname_seed)
        wanted = resolve(type_, news)
        if wanted.is_list:
            return dict(news), [("kind", f"{wanted.kind} cannot be created: declare what is in the list")]
        if lookup(news, ("metadata", "generateName")):
            return dict(news), [("metadata", "generateName does not go with server-side apply: give a name")]
        if wanted.is_patch:
            missing = not lookup(news, ("metadata", "name"))
            return dict(news), [("metadata", "a patch needs the name of its object")] if missing else []
        inputs = naming.named(urn, olds, plain(news), autoname_seed)
        metadata = inputs.get("metadata")
        if self._namespace and isinstance(metadata, dict) and self._is_namespaced(wanted):
            metadata.setdefault("namespace", self._namespace)
        return {**inputs, "apiVersion": wanted.api_version, "kind": wanted.kind}, []

    @override
    def diff(
        self,
        type_: str,
        id_: str,
        old_inputs: Mapping[str, Any],
        old_state: Mapping[str, Any],
        news: Mapping[str, Any],
    ) -> Diff:
        """What the server set is not compared."""
        if type_ == RELEASE:
            return release.diff(old_inputs, news)
        wanted = resolve(type_, news)
        old, new = (self._comparable(wanted, inputs) for inputs in (old_inputs, news))
        changed = sorted({path[0] for path in differences(old, new) if path})
        mutable = frozenset({"Secret", "ConfigMap"}) if wanted.is_patch else self._mutable_data
        paths = replacing(wanted.api_version, wanted.kind, mutable)[: 2 if wanted.is_patch else None]
        replaced = sorted({path[0] for path in paths if _differ_at(old, new, path)})
        same_name = lookup(new, ("metadata", "name")) == lookup(old, ("metadata", "name"))
        same_home = lookup(new, ("metadata", "namespace")) == lookup(old, ("metadata", "namespace"))
        first = bool(replaced) and same_name and same_home and not naming.is_autonamed(news)
        return Diff(tuple(changed), tuple(replaced), delete_before_replace=first)

    @override
    def preview(self, urn: str, type_: str, news: Mapping[str, Any]) -> dict[str, Any]:
        """The server judges what is known by a dry run."""
        if type_ == RELEASE:
            return release.preview(news)
        unset = {"metadata": {"uid": UNKNOWN, "resourceVersion": UNKNOWN}, "status": UNKNOWN}
        known = self._dry_run(urn, type_, news) or {}
        return {**merged(merged(dict(news), known), unset)}

    @override
    def create(
        self, urn: str, type_: str, news: Mapping[str, Any], timeout: float
    ) -> tuple[str, dict[str, Any]]:
        if type_ == RELEASE:
            return self._releases.install(news)
        wanted = resolve(type_, news)
        manifest = self._manifest(wanted, news)
        if not wanted.is_patch and not self._upsert:
            self._refuse_existing(manifest)
        live = self._apply_patiently(urn, wanted, manifest)
        ref = Ref.of(live)
        return ref.id, self._awaited(live, ref, timeout)

    @override
    def read(
        self, type_: str, id_: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        if type_ == RELEASE:
            return self._releases.read(id_, inputs)
        live = self._api.get(self._ref(type_, id_, state or inputs))
        if live is None:
            return None
        return _inputs_of(inputs, live), _state_of(live)

    @override
    def update(
        self,
        urn: str,
        type_: str,
        id_: str,
        old_state: Mapping[str, Any],
        news: Mapping[str, Any],
        timeout: float,
        preview: bool,
    ) -> dict[str, Any]:
        if type_ == RELEASE:
            return release.preview(news) if preview else self._releases.upgrade(news)
        if preview:
            known = self._dry_run(urn, type_, news)
            return known or {**old_state, **news, "status": UNKNOWN}
        wanted = resolve(type_, news)
        live = self._apply_patiently(urn, wanted, self._manifest(wanted, news))
        return self._awaited(live, Ref.of(live), timeout)

    @override
    def delete(self, urn: str, type_: str, id_: str, state: Mapping[str, Any], timeout: float) -> None:
        """Refused, naming the objects and finalizers that hold it, when nothing moves."""
        if type_ == RELEASE:
            self._releases.uninstall(id_, state)
            return
        ref = self._ref(type_, id_, state)
        try:
            if resolve(type_, state).is_patch:
                self._relinquish(urn, ref)
            else:
                self._delete(ref, timeout or _annotated(state) or 0)
        except ApiError as error:
            raise Refused(f"{ref}: {error}") from error

    @override
    def invoke(self, token: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Refuses: the package's functions render charts and YAML, which programs here do not use."""
        raise Refused(f"{token} is not served by the twin: use a resource, such as helm.v3.Release, instead")

    def _is_namespaced(self, wanted: Type) -> bool:
        return self._api.namespaced(wanted.api_version, wanted.kind) is not False

    def _manifest(self, wanted: Type, news: Mapping[str, Any]) -> Manifest:
        manifest = {**plain(news), "apiVersion": wanted.api_version, "kind": wanted.kind}
        return with_encoded_secrets({key: value for key, value in manifest.items() if key != "status"})

    def _comparable(self, wanted: Type, inputs: Mapping[str, Any]) -> Manifest:
        """Returns inputs such that what means the same is the same."""
        manifest = self._manifest(wanted, inputs)
        metadata = manifest.get("metadata")
        if isinstance(metadata, Mapping):
            home = (
                {"namespace": metadata.get("namespace") or "default"} if self._is_namespaced(wanted) else {}
            )
            rest = {key: value for key, value in metadata.items() if key != "namespace"}
            manifest["metadata"] = {**rest, **home}
        return manifest

    def _ref(self, type_: str, id_: str, properties: Mapping[str, Any]) -> Ref:
        wanted = resolve(type_, properties)
        namespace, _slash, name = id_.rpartition("/")
        if not namespace and self._api.namespaced(wanted.api_version, wanted.kind):
            namespace = "default"
        return Ref(wanted.api_version, wanted.kind, name, namespace)

    def _refuse_existing(self, manifest: Manifest) -> None:
        name = lookup(manifest, ("metadata", "name"), "")
        namespace = lookup(manifest, ("metadata", "namespace"))
        ref = Ref(manifest["apiVersion"], manifest["kind"], name, namespace or "")
        if not namespace and self._api.namespaced(ref.api_version, ref.kind):
            ref = Ref(ref.api_version, ref.kind, name, "default")
        if self._api.get(ref) is not None:
            raise Refused(
                f"{ref} already exists: import it, delete it, or set upsertExistingObjects on the provider"
            )

    def _apply(self, urn: str, wanted: Type, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        # A program is the authority on what it declares, so it takes over fields from others; a patch, which
        # shares an object with its owner, does not.
        manager = _patch_manager(urn) if wanted.is_patch else MANAGER
        return self._api.apply(manifest, manager=manager, dry_run=dry_run, force=not wanted.is_patch)

    def _apply_patiently(self, urn: str, wanted: Type, manifest: Manifest) -> Manifest:
        if self._kinds is not None and self._api.namespaced(wanted.api_version, wanted.kind) is None:
            self._kinds()
        until = time.monotonic() + self._patience
        pause = 0.1
        while True:
            try:
                return self._apply(urn, wanted, manifest)
            except ApiError as error:
                if error.code != 404 or time.monotonic() + pause > until:
                    raise Refused(_explained(manifest, error)) from error
            time.sleep(pause)
            pause *= 2

    def _dry_run(self, urn: str, type_: str, news: Mapping[str, Any]) -> dict[str, Any] | None:
        """Returns what would be; None where the server cannot tell yet."""
        wanted = resolve(type_, news)
        if holds_unknown(news):
            return None
        manifest = self._manifest(wanted, news)
        try:
            return _state_of(self._apply(urn, wanted, manifest, dry_run=True))
        except ApiError as error:
            if error.code == 404:
                return None
            raise Refused(_explained(manifest, error)) from error

    def _awaited(self, live: Manifest, ref: Ref, timeout: float) -> dict[str, Any]:
        check = readiness.check_of(self._api, live)
        if check is None:
            return _state_of(live)
        limit = timeout or _annotated(live) or _CREATE_S
        ready, last = self._api.wait(ref, lambda value: value is None or check(value) is None, limit)
        if last is None:
            raise Refused(f"{ref} was deleted while it was awaited")
        if ready:
            return _state_of(last)
        message = f"{ref} was applied but is not ready after {limit:g} s: {check(last)}"
        raise PartlyCreated(message, ref.id, _state_of(last))

    def _delete(self, ref: Ref, asked: float) -> None:
        self._api.delete(ref)
        timeout = asked or _DELETE_S
        until = time.monotonic() + timeout
        held: tuple[readiness.Hold, ...] = ()
        while True:
            left = until - time.monotonic()
            if leaving.gone(self._api, ref, min(left, _STUCK_S)):
                return
            before, held = held, readiness.blockers(self._api, ref)
            hopeless = not asked or any(hold.is_a_strangers for hold in held)
            if (held and held == before and hopeless) or time.monotonic() >= until:
                words = "; ".join(map(str, held)) or f"still there after {timeout:g} s"
                raise Refused(f"{ref} does not go: {words}")

    def _relinquish(self, urn: str, ref: Ref) -> None:
        """Gives up the fields that a patch owns; the object stays."""
        if self._api.get(ref) is None:
            return
        home = {"namespace": ref.namespace} if ref.namespace else {}
        nothing = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name, **home}}
        self._api.apply(nothing, manager=_patch_manager(urn))


def _annotated(value: Mapping[str, Any]) -> float | None:
    """The timeout that an object's annotation gives, in seconds; None without one."""
    given = lookup(value, ("metadata", "annotations", readiness.TIMEOUT))
    return float(given) if given else None


def _is_true(value: Any) -> bool:
    return value is True or value == "true"


def _differ_at(old: Manifest, new: Manifest, path: tuple[str, ...]) -> bool:
    before, after = (lookup(value, path, MISSING) for value in (old, new))
    return any(True for _difference in differences(before, after))


def _patch_manager(urn: str) -> str:
    return f"{MANAGER}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def _explained(manifest: Manifest, error: ApiError) -> str:
    name = lookup(manifest, ("metadata", "name"), "")
    namespace = lookup(manifest, ("metadata", "namespace"))
    return f"{manifest['kind']} {f'{namespace}/' if namespace else ''}{name}: {error}"


def _state_of(live: Manifest) -> dict[str, Any]:
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def _inputs_of(given: Mapping[str, Any], live: Manifest) -> dict[str, Any]:
    """Returns the inputs that would give `live`, in the shape and spelling of those given before."""
    if not given:
        metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_SIDE}
        return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}
    wanted = with_encoded_secrets(plain(given))
    found: dict[str, Any] = as_given(wanted, live)
    return found if any(True for _difference in differences(wanted, found)) else dict(given)
