"""Kinds that no chart brings are ones that the API server takes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.catalog.definitions import PROJECTS, definitions
from operations.twin.kubernetes.api import ApiError
from operations.twin.kubernetes.client import Client
from tests.acceptance.cluster import MANAGER

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("project", PROJECTS)
def test_the_api_server_takes_the_definitions(client: Client, project: str) -> None:
    for one in definitions(project):
        taken = client.apply(dict(one), manager=MANAGER, force=True, dry_run=True)
        assert taken["metadata"]["name"] == one["metadata"]["name"]


def test_one_whose_schema_is_no_schema_is_refused(client: Client) -> None:
    one: Any = dict(definitions("gateway-api")[0])
    version = {**one["spec"]["versions"][0], "schema": {"openAPIV3Schema": {"type": "nothing"}}}
    with pytest.raises(ApiError, match="nothing"):
        client.apply({**one, "spec": {**one["spec"], "versions": [version]}}, manager=MANAGER, dry_run=True)
