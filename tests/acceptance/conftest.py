"""One control plane for all acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.twin.kubernetes import binaries
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    if binaries.missing():
        pytest.skip("`mlcluster twin build` has not built the control plane")
    opened = ControlPlane(tmp_path_factory.mktemp("acceptance"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def client(plane: ControlPlane) -> Client:
    return Client(plane.ensure, lambda: None)
