"""The kinds that add-ons of EKS bring: known to the API server as long as the add-on is there.

Like those of a release that is only recorded (`definitions`). Looked at when it matters: when an object's
kind is not known, and when somebody asks what there is.
"""

from __future__ import annotations

import threading
from typing import Final

from operations.twin.backend import AwsView
from operations.twin.kubernetes import definitions, mirror
from operations.twin.kubernetes.api import Api, Manifest
from operations.twin.kubernetes.definitions import Wanted
from operations.twin.kubernetes.values import lookup

ADDON: Final = "mlcluster.io/add-on"
"""Annotation of a definition: the add-on that it came with."""

_BRINGING: Final = ("snapshot-controller",)
"""Add-ons with kinds of their own. A chart of the same name brings the same ones, which the catalog knows."""


class Addons:
    """Keeps the definitions in a cluster what its add-ons bring."""

    def __init__(self, api: Api, aws: AwsView) -> None:
        """Looks at nothing yet."""
        self._api = api
        self._aws = aws
        self._settled: frozenset[str] | None = None
        """Add-ons whose kinds are there; None as long as nobody has looked."""
        self._lock = threading.Lock()

    def settle(self) -> None:
        """Makes the definitions follow from the add-ons that there are now.

        Raises:
            ApiError: The API server refuses a definition.
            Refused: One is not established, or does not go, in time.
        """
        there = frozenset(self._aws.addons()).intersection(_BRINGING)
        with self._lock:
            if there == self._settled:
                return
            wanted = {addon: _brought(addon) for addon in there}
            self._remove(frozenset(wanted))
            for addon, brought in sorted(wanted.items()):
                definitions.install(self._api, (_marked(one, addon) for _, one in brought.manifests.values()))
            self._settled = there

    def _remove(self, staying: frozenset[str]) -> None:
        """Removes what add-ons brought that are gone, with every object of those kinds, as EKS does."""
        found = self._api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
        came_with = {one["metadata"]["name"]: _addon_of(one) for one in found}
        going = {name for name, addon in came_with.items() if addon is not None and addon not in staying}
        definitions.remove(self._api, going, frozenset(going))


def _brought(addon: str) -> Wanted:
    return definitions.wanted(addon, {}, skip_crds=False, root=mirror.folder())


def _marked(manifest: Manifest, addon: str) -> Manifest:
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ADDON: addon}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def _addon_of(definition: Manifest) -> str | None:
    found: str | None = lookup(definition, ("metadata", "annotations", ADDON))
    return found
