"""All that a twin holds of Kubernetes: the API server, the nodes in it, and sessions on it."""

from __future__ import annotations

from typing import Final

from typing_extensions import override

from operations.twin.backend import AwsView, Item, Package, PackageBackend
from operations.twin.kubernetes.addons import Addons
from operations.twin.kubernetes.api import Api, Ref
from operations.twin.kubernetes.autoscaler import Autoscaler
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.helm import Helm
from operations.twin.kubernetes.nodes import Nodes
from operations.twin.kubernetes.release import Releases
from operations.twin.kubernetes.volumes import Volumes

_SETTLE_S: Final = 60.0
"""How long an inventory waits for nodes to follow their node groups."""


class KubernetesPackage(Package):
    """The kubernetes package of one twin, which has one cluster."""

    def __init__(self, api: Api, aws: AwsView, helm: Helm | None = None) -> None:
        """Serves the objects of `api`, and keeps nodes in it for the node groups of `aws`.

        `helm` installs releases; without it they are recorded only.
        """
        self._api = api
        self._helm = helm
        self._nodes = Nodes(api, aws)
        self._addons = Addons(api, aws) if api.has_controllers else None
        self._volumes = Volumes(api) if api.has_controllers else None
        self._autoscaler = Autoscaler(api, aws) if api.has_controllers else None

    @override
    def session(self) -> PackageBackend:
        addons = None if self._addons is None else self._addons.settle
        return Session(self._api, releases=Releases(self._api, self._helm), kinds=addons)

    @override
    def inventory(self) -> tuple[Item, ...]:
        self._nodes.settle(_SETTLE_S)
        if self._addons is not None:
            self._addons.settle()
        return tuple(
            sorted(
                Item("kubernetes", value["kind"], Ref.of(value).id, value["metadata"].get("labels") or {})
                for value in self._api.everything()
            )
        )

    @override
    def save(self) -> None:
        self._nodes.settle(_SETTLE_S)
        self._api.save()

    @override
    def close(self) -> None:
        self._nodes.close()
        if self._helm is not None:
            self._helm.close()
        if self._autoscaler is not None:
            self._autoscaler.close()
        if self._volumes is not None:
            self._volumes.close()
        self._api.close()
