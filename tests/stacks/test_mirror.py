"""With a mirror, a stack with all services takes nothing from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from operations.mirror.needs import references
from operations.recorder import record
from operations.services import catalogue
from tests.components.support import Found
from tests.stacks.test_mesh import WHOLE
from tests.stacks.test_platform import parsed

MIRROR = "oci://registry.example.com/mirror"
SECTIONS: dict[str, Any] = {**WHOLE, "monitoring": {}, "logs": {}, "costs": {}, "mirror": MIRROR}


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed(**SECTIONS)))


def test_every_chart_comes_from_the_mirror(found: Found) -> None:
    releases = found.all("Release")
    assert len(releases) >= 10
    assert {str(one.inputs["chart"]).rpartition("/")[0] for one in releases} == {f"{MIRROR}/charts"}
    assert [one.name for one in releases if "repositoryOpts" in one.inputs] == []


def test_every_image_that_is_named_comes_from_the_mirror(found: Found) -> None:
    inside = [one for one in found.resources if one.type.startswith("kubernetes:")]
    named = {(one.name, image) for one in inside for image in references(one.inputs)}
    assert [one for one in named if not one[1].startswith("registry.example.com/mirror/")] == []


def test_people_find_every_console_by_its_address(found: Found) -> None:
    led = {host for one in found.all("HTTPRoute") for host in one.inputs["spec"].get("hostnames", ())}
    entries = catalogue(parsed(**SECTIONS), found.resources, None)
    told = {str(one.address).removeprefix("https://") for one in entries if one.address}
    assert any(host.startswith("grafana.") for host in told)
    assert {host for host in led if not host.startswith(("*.", "login."))} == told
