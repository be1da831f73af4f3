"""What the backend needs of an API server; `memory` and `client` implement it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Manifest = dict[str, Any]
"""A Kubernetes object as JSON: apiVersion, kind, metadata and the rest."""


@dataclass(frozen=True, order=True)
class Ref:
    """Names one object."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    """Empty for objects that live in no namespace."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Ref:
        """Returns the reference of an object that has its name (and namespace) in its metadata."""
        metadata = manifest["metadata"]
        return cls(
            manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace") or ""
        )

    @property
    def id(self) -> str:
        """Pulumi's ID of the object: "namespace/name", or "name" outside namespaces."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class ApiError(Exception):
    """The API server refused; `code` is its HTTP status, `reason` its machine-readable word."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


class Api(Protocol):
    """An API server. Calls come from several threads; each may raise `ApiError`."""

    has_controllers: bool
    """Whether controllers act on the objects, so that waiting for a Deployment's replicas makes sense."""

    def namespaced(self, api_version: str, kind: str) -> bool | None:
        """Whether objects of the kind live in namespaces; None when the server does not know the kind."""

    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        manager: str,
        dry_run: bool = False,
        force: bool = False,
        status: bool = False,
    ) -> Manifest:
        """Server-side apply: `manager` owns exactly the fields given; returns the object as it is then.

        Fields that the manager gave earlier and gives no more are removed. `force` takes over fields from
        other managers, which is a conflict otherwise. A dry run validates and changes nothing. The status of
        kinds that have it as a subresource is changed by `status` only, which changes nothing else.
        """

    def get(self, ref: Ref) -> Manifest | None:
        """Returns the object, None when it does not exist."""

    def list(self, api_version: str, kind: str, namespace: str = "") -> tuple[Manifest, ...]:
        """Returns the objects of a kind, of all namespaces unless one is given; none for unknown kinds."""

    def everything(self, namespace: str = "") -> tuple[Manifest, ...]:
        """Returns the objects of all kinds, except events and what the server keeps for itself."""

    def delete(self, ref: Ref, *, propagation: str = "Foreground") -> None:
        """Asks for the deletion; it may still be there on return, while finalizers hold it. Gone is fine."""

    def wait(
        self, ref: Ref, satisfied: Callable[[Manifest | None], bool], timeout: float
    ) -> tuple[bool, Manifest | None]:
        """Waits up to `timeout` seconds until the object satisfies; returns whether it did, and the last."""

    def save(self) -> None:
        """Writes what is not on disk yet."""

    def close(self) -> None:
        """Ends what was started; nothing is called afterwards."""
