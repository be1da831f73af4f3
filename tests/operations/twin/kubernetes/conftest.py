"""What the tests of the Kubernetes side share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from operations.twin.backend import ApiServer, Cluster, NodeGroup, Taint
from operations.twin.kubernetes.api import Api
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.memory import MemoryApi


class Aws:
    """An `AwsView` whose node groups a test sets."""

    def __init__(self, *groups: NodeGroup) -> None:
        self.groups = groups
        self.brought: tuple[str, ...] = ()
        self.callbacks: list[Callable[[], None]] = []

    def clusters(self) -> tuple[Cluster, ...]:
        return ()

    def node_groups(self) -> tuple[NodeGroup, ...]:
        return self.groups

    def addons(self) -> tuple[str, ...]:
        return self.brought

    def on_node_groups(self, callback: Callable[[], None]) -> None:
        self.callbacks.append(callback)

    def serve_clusters(self, api_server: Callable[[], ApiServer]) -> None:
        self.api_server = api_server

    def change(self, *groups: NodeGroup) -> None:
        self.groups = groups
        for callback in self.callbacks:
            callback()


def group(name: str = "train", desired: int = 2, **changes: Any) -> NodeGroup:
    values: dict[str, Any] = {
        "account": "111122223333",
        "region": "us-east-1",
        "cluster": "mlcluster-dev",
        "name": name,
        "version": "1.35",
        "instance_types": ("p4d.24xlarge",),
        "desired": desired,
        "min": 0,
        "max": 512,
        "labels": {"mlcluster.io/pool": name},
        "taints": (Taint("nvidia.com/gpu", "true", "NoSchedule"),),
        "subnets": ("subnet-1",),
        "zones": ("us-east-1a",),
        "capacity_type": "ON_DEMAND",
        "efa_interfaces": 4,
    }
    return NodeGroup(**{**values, **changes})


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    opened = MemoryApi(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def session(api: Api) -> Session:
    return Session(api, patience=0)
