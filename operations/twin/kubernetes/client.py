"""A real API server as an `Api`: HTTPS with a client certificate, server-side apply, strict validation."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import urllib3
from typing_extensions import override

from operations.twin.kubernetes.api import Api, ApiError, Manifest, Ref
from operations.twin.kubernetes.types import group_of

_APPLY: Final = "application/apply-patch+yaml"
_DISCOVERY: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_CONNECTIONS: Final = 32
_TIMEOUT: Final = urllib3.Timeout(connect=5, read=60)
_PAGE: Final = 500
_POLL_S: Final = (0.02, 1.0)
"""First and longest pause between two looks at an object that is waited for."""
_PATIENCE_S: Final = 60.0
"""How long requests are repeated while the server does not answer: it is restarted meanwhile."""

# Kept by the server or by controllers for themselves, many, and never what a program made.
_NOISE: Final = frozenset({
    "ComponentStatus", "ControllerRevision", "EndpointSlice", "Endpoints", "Event", "Lease", "PodMetrics",
    "NodeMetrics",
})  # fmt: skip
_SYSTEM_MANAGERS: Final = frozenset({
    "api-priority-and-fairness-config-producer-v1", "clusterrole-aggregation-controller", "kube-apiserver",
    "kube-controller-manager", "kube-scheduler", "kubernetes-service-cidr-controller", "kwok-controller",
    "service-cidr-controller",
})  # fmt: skip
"""What the control plane itself writes as."""


@dataclass(frozen=True)
class Credentials:
    """How to reach an API server: its address, and files of its authority's and the client's certificates."""

    server: str
    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True)
class _Resource:
    """Where a kind is served."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    listable: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        home = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{home}/{self.plural}{f'/{name}' if name else ''}"


class Client(Api):
    """An `Api` over HTTPS."""

    has_controllers = True

    def __init__(self, ready: Callable[[], Credentials], stop: Callable[[], None]) -> None:
        """Connects to nothing yet.

        Args:
            ready: Called before every request; returns once the server can be used, and how to reach it.
            stop: Called by `close`.
        """
        self._ready = ready
        self._stop = stop
        self._lock = threading.Lock()
        self._credentials: Credentials | None = None
        self._pool: urllib3.PoolManager | None = None
        self._resources: dict[tuple[str, str], _Resource] = {}

    @override
    def namespaced(self, api_version: str, kind: str) -> bool | None:
        resource = self._resource(api_version, kind)
        return None if resource is None else resource.namespaced

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
        resource = self._known(manifest["apiVersion"], manifest["kind"])
        metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
        namespace = (metadata.get("namespace") or "default") if resource.namespaced else ""
        if not resource.namespaced:
            metadata.pop("namespace", None)
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        if dry_run:
            query["dryRun"] = "All"
        part = "/status" if status else ""
        path = f"{resource.path(namespace, metadata['name'])}{part}?{urlencode(query)}"
        live = self._request("PATCH", path, {**manifest, "metadata": metadata}, {"Content-Type": _APPLY})
        if manifest["kind"] == "CustomResourceDefinition" and not dry_run:
            self._forget()
        return live

    @override
    def get(self, ref: Ref) -> Manifest | None:
        resource = self._resource(ref.api_version, ref.kind)
        if resource is None:
            return None
        try:
            return self._request("GET", resource.path(ref.namespace, ref.name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    @override
    def list(self, api_version: str, kind: str, namespace: str = "") -> tuple[Manifest, ...]:
        resource = self._resource(api_version, kind)
        return () if resource is None else tuple(self._pages(resource, namespace))

    @override
    def everything(self, namespace: str = "") -> tuple[Manifest, ...]:
        self._discover()
        served = [
            resource
            for resource in self._resources.values()
            if resource.listable and resource.kind not in _NOISE and (resource.namespaced or not namespace)
        ]
        newest = {(group_of(resource.api_version), resource.kind): resource for resource in reversed(served)}
        with ThreadPoolExecutor(8) as pool:
            lists = pool.map(lambda resource: self._all_of(resource, namespace), newest.values())
            found = [value for values in lists for value in values]
        return tuple(value for value in found if namespace or _is_of_a_user(value))

    @override
    def delete(self, ref: Ref, *, propagation: str = "Foreground") -> None:
        resource = self._resource(ref.api_version, ref.kind)
        if resource is None:
            return
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        try:
            self._request("DELETE", resource.path(ref.namespace, ref.name), options)
        except ApiError as error:
            # 409: a namespace that is on its way already.
            if error.code not in {404, 409}:
                raise
        if ref.kind == "CustomResourceDefinition":
            self._forget()

    @override
    def wait(
        self, ref: Ref, satisfied: Callable[[Manifest | None], bool], timeout: float
    ) -> tuple[bool, Manifest | None]:
        until = time.monotonic() + timeout
        pause, longest = _POLL_S
        while True:
            value = self.get(ref)
            if satisfied(value):
                return True, value
            left = until - time.monotonic()
            if left <= 0:
                return False, value
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, longest)

    @override
    def save(self) -> None:
        """Nothing is kept here: etcd has written it before it answered."""

    @override
    def close(self) -> None:
        with self._lock:
            if self._pool is not None:
                self._pool.clear()
                self._pool = None
        self._stop()

    def _pages(self, resource: _Resource, namespace: str) -> Iterable[Manifest]:
        more = ""
        while True:
            query = urlencode({"limit": _PAGE, **({"continue": more} if more else {})})
            page = self._request("GET", f"{resource.path(namespace)}?{query}")
            for item in page.get("items", ()):
                yield {"apiVersion": resource.api_version, "kind": resource.kind, **item}
            more = page.get("metadata", {}).get("continue", "")
            if not more:
                return

    def _all_of(self, resource: _Resource, namespace: str) -> tuple[Manifest, ...]:
        try:
            return tuple(self._pages(resource, namespace))
        except ApiError as error:
            if error.code in {404, 405}:  # gone since discovery, or not to be listed
                return ()
            raise

    def _known(self, api_version: str, kind: str) -> _Resource:
        resource = self._resource(api_version, kind)
        if resource is None:
            message = f'no matches for kind "{kind}" in version "{api_version}": install its definition first'
            raise ApiError(404, "NotFound", message)
        return resource

    def _resource(self, api_version: str, kind: str) -> _Resource | None:
        """Returns where a kind is served; looks again when it is not known, as it may be new."""
        key = (api_version, kind)
        if key not in self._resources:
            self._discover()
        return self._resources.get(key)

    def _forget(self) -> None:
        self._resources = {}

    def _discover(self) -> None:
        found = {}
        for root in ("/api", "/apis"):
            for group in self._request("GET", root, headers={"Accept": _DISCOVERY})["items"]:
                for resource in _resources_of(group):
                    found[resource.api_version, resource.kind] = resource
        self._resources = found

    def _request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Manifest:
        """Sends a request, again when the server went away: each of ours may be repeated."""
        until = time.monotonic() + _PATIENCE_S
        sent = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        content = None if body is None else json.dumps(body)
        while True:
            pool, credentials = self._connection()
            try:
                answer = pool.request(method, f"{credentials.server}{path}", body=content, headers=sent)
                break
            except urllib3.exceptions.HTTPError as error:
                if time.monotonic() > until:
                    message = f"the twin's API server at {credentials.server} does not answer: {error}"
                    raise ApiError(503, "ServiceUnavailable", message) from error
            time.sleep(_POLL_S[1])
        if answer.status >= 400:
            raise _refusal(answer.status, answer.data)
        result: Manifest = answer.json()
        return result

    def _connection(self) -> tuple[urllib3.PoolManager, Credentials]:
        credentials = self._ready()
        with self._lock:
            if self._pool is None or credentials != self._credentials:
                self._credentials = credentials
                self._resources = {}
                self._pool = urllib3.PoolManager(
                    maxsize=_CONNECTIONS,
                    block=True,
                    timeout=_TIMEOUT,
                    retries=False,
                    ca_certs=str(credentials.authority),
                    cert_file=str(credentials.certificate),
                    key_file=str(credentials.key),
                )
            return self._pool, credentials


def _resources_of(group: Mapping[str, Any]) -> Iterable[_Resource]:
    name = group["metadata"].get("name", "")
    for version in group["versions"]:
        for resource in version.get("resources", ()):
            kind = resource.get("responseKind", {}).get("kind")
            if kind:
                yield _Resource(
                    api_version=f"{name}/{version['version']}" if name else version["version"],
                    kind=kind,
                    plural=resource["resource"],
                    namespaced=resource["scope"] == "Namespaced",
                    listable="list" in resource.get("verbs", ()),
                )


def _refusal(code: int, content: bytes) -> ApiError:
    try:
        status = json.loads(content)
        return ApiError(code, status.get("reason", ""), status.get("message", ""))
    except (ValueError, AttributeError):
        return ApiError(code, "", content.decode(errors="replace")[:500])


def _is_of_a_user(value: Manifest) -> bool:
    """Whether somebody else than the control plane itself set fields of the object."""
    fields = value["metadata"].get("managedFields") or ()
    return any(entry.get("manager") not in _SYSTEM_MANAGERS for entry in fields)
