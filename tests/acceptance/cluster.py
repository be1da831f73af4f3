"""A control plane as administrators and teams use it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import urllib3

from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client, Credentials
from tests.acceptance.manifests import UPSTREAM, definition

MANAGER: Final = "acceptance"
DEFINITION: Final = "CustomResourceDefinition"
_PATIENCE_S: Final = 60.0


class Person:
    """Somebody of an RBAC group, who speaks to the API server himself."""

    def __init__(self, reach: Callable[[], Credentials], group: str | None) -> None:
        """Speaks as a member of `group`; as an administrator where that is None."""
        found = reach()
        self._server = found.server
        self._who = {} if group is None else {"Impersonate-User": "somebody", "Impersonate-Group": group}
        self._pool = urllib3.PoolManager(
            ca_certs=str(found.authority),
            cert_file=str(found.certificate),
            key_file=str(found.key),
            retries=False,
        )

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """Sends a request; returns the status and the answer."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {**self._who, "Content-Type": kind}
        answer = self._pool.request(method, f"{self._server}{path}", json=body, headers=headers)
        return answer.status, answer.json()

    def start(self, namespace: str, pod: Manifest) -> tuple[int, dict[str, Any]]:
        """Creates a pod."""
        return self.ask("POST", f"/api/v1/namespaces/{namespace}/pods", pod)


@contextmanager
def present(client: Client, manifests: Iterable[Manifest]) -> Iterator[list[Manifest]]:
    """Applies objects, and deletes them afterwards; gives them as the server answered.

    What they need of definitions is there before them, and stays, as do definitions among them: other tests
    need them too.
    """
    wanted = list(manifests)
    define(client, wanted)
    try:
        yield [client.apply(one, manager=MANAGER) for one in wanted]
    finally:
        _delete(client, [Ref.of(one) for one in wanted if one["kind"] != DEFINITION])


def define(client: Client, manifests: Iterable[Manifest]) -> None:
    """Makes the kinds of objects known, as far as they are not."""
    for api_version, kind in sorted({(one["apiVersion"], one["kind"]) for one in manifests}):
        _define(client, api_version, kind)


def awaited(client: Client, ref: Ref, satisfied: Callable[[Manifest], bool]) -> Manifest:
    """The object, once it satisfies."""
    ready, live = client.wait(ref, lambda value: value is not None and satisfied(value), _PATIENCE_S)
    assert ready, f"{ref} is not as expected after {_PATIENCE_S:g} s: {live}"
    assert live is not None
    return live


def _define(client: Client, api_version: str, kind: str) -> None:
    if client.namespaced(api_version, kind) is not None:
        return
    if not UPSTREAM.is_dir():
        pytest.skip(f"the definition of {kind} ({api_version}) is in {UPSTREAM}, which is not there")
    found = definition(api_version, kind)
    assert found is not None, f"{UPSTREAM} has no definition of {kind} ({api_version})"
    client.apply(found, manager=MANAGER)
    until = time.monotonic() + _PATIENCE_S
    while client.namespaced(api_version, kind) is None:
        assert time.monotonic() < until, f"{kind} is not served in {api_version}"
        time.sleep(0.1)


def _delete(client: Client, refs: list[Ref]) -> None:
    """Deletes namespaces and what lies in none; the rest goes with its namespace."""
    gone = {ref.name for ref in refs if ref.kind == "Namespace"}
    ours = [ref for ref in reversed(refs) if ref.namespace not in gone]
    for ref in ours:
        # Foreground deletion waits for the garbage collector, which learns of new kinds twice a minute.
        client.delete(ref, propagation="Background")
    for ref in ours:
        left = client.wait(ref, lambda value: value is None, _PATIENCE_S)[1]
        assert left is None, f"{ref} is still there: {left.get('status')}"
