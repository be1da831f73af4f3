"""Revisions of Helm releases as Helm itself keeps them: a Secret each, in the release's namespace.

`helm list`, `helm history` and `helm get values` read what is written here; what Helm writes is read here.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.twin.kubernetes.api import Api, Manifest, Ref

MANAGER: Final = "Helm"
RECORDED: Final = "mlcluster.io/recorded"
"""Label of the Secret of a revision that was recorded and not installed, and of what was made for it."""

_TYPE: Final = "helm.sh/release.v1"
_PENDING: Final = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})


@dataclass(frozen=True)
class Revision:
    """One revision of a release."""

    content: Mapping[str, Any]
    """As Helm has it in JSON: name, namespace, version, info, chart, config, manifest and more."""
    recorded: bool
    """Whether it was recorded only, so that Helm must not be asked to change or remove it."""

    @property
    def number(self) -> int:
        """Counts from 1."""
        return int(self.content["version"])

    @property
    def status(self) -> str:
        """Helm's word: deployed, failed, superseded, pending-install and others."""
        return str(self.content["info"]["status"])

    @property
    def pending(self) -> bool:
        """Whether Helm has not finished it: it is at it, or was killed."""
        return self.status in _PENDING

    @property
    def ref(self) -> Ref:
        """Its Secret."""
        name = f"sh.helm.release.v1.{self.content['name']}.v{self.number}"
        return Ref("v1", "Secret", name, self.content["namespace"])

    def with_status(self, status: str) -> Revision:
        """The same with another status."""
        content = {**self.content, "info": {**self.content["info"], "status": status}}
        return Revision(content, self.recorded)


def revisions(api: Api, namespace: str = "", name: str = "") -> tuple[Revision, ...]:
    """Returns revisions, oldest first: all of them, of a namespace, or of a release."""
    wanted = {"owner": "helm", **({"name": name} if name else {})}
    found = [
        _unpacked(secret)
        for secret in api.list("v1", "Secret", namespace)
        if secret.get("type") == _TYPE and wanted.items() <= _labels(secret).items()
    ]
    return tuple(sorted(found, key=lambda revision: (revision.ref.namespace, revision.number)))


def latest(api: Api, namespace: str, name: str) -> Revision | None:
    """Returns the newest revision of a release; None when there is no such release."""
    return next(reversed(revisions(api, namespace, name)), None)


def write(api: Api, revision: Revision) -> None:
    """Writes a revision, over the one of the same number."""
    api.apply(_packed(revision), manager=MANAGER, force=True)


def _labels(secret: Manifest) -> dict[str, str]:
    return secret["metadata"].get("labels") or {}


def _packed(revision: Revision) -> Manifest:
    packed = base64.b64encode(gzip.compress(json.dumps(revision.content).encode()))
    labels = {
        "owner": "helm", "name": revision.content["name"], "version": str(revision.number),
        "status": revision.status, **({RECORDED: "true"} if revision.recorded else {}),
    }  # fmt: skip
    ref = revision.ref
    return {
        "apiVersion": ref.api_version,
        "kind": ref.kind,
        "type": _TYPE,
        "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": labels},
        "data": {"release": base64.b64encode(packed).decode()},
    }


def _unpacked(secret: Manifest) -> Revision:
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    return Revision(json.loads(gzip.decompress(packed)), _labels(secret).get(RECORDED) == "true")
