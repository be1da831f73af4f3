"""What charts need is there before them, and kinds before their objects."""

from __future__ import annotations

import pytest

from infra.catalog import kinds
from infra.catalog.charts import charts
from infra.resources import RecordedResource
from operations.recorder import record
from tests.components.support import Found
from tests.stacks.test_mirror import SECTIONS
from tests.stacks.test_platform import parsed


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(record(parsed(**SECTIONS)))


def chart_of(release: RecordedResource) -> str:
    return str(release.inputs["chart"]).rpartition("/")[2]


def bringing(found: Found) -> dict[tuple[str, str], set[str]]:
    """By group and kind, what makes it known."""
    brought: dict[tuple[str, str], set[str]] = {}
    for one in found.all("Release"):
        skips = bool(one.inputs.get("skipCrds"))
        for part in kinds.brought(chart_of(one), one.inputs.get("values", {}), skip_crds=skips) or ():
            for kind in part.kinds:
                brought.setdefault((kind.group, kind.kind), set()).add(f"Release::{one.name}")
    for one in found.all("CustomResourceDefinition"):
        spec = one.inputs["spec"]
        key = (spec["group"], spec["names"]["kind"])
        brought.setdefault(key, set()).add(f"CustomResourceDefinition::{one.name}")
    return brought


def test_what_a_chart_needs_comes_before_it(found: Found) -> None:
    releases = {chart_of(one): f"Release::{one.name}" for one in found.all("Release")}
    looked_at = []
    for release in found.all("Release"):
        before = found.before(release)
        for need in charts()[chart_of(release)].needs:
            looked_at.append(need)
            if need in charts():
                assert releases[need] in before, f"{release.name} needs {need}"
            else:
                wanted = {f"CustomResourceDefinition::{kind.definition}" for kind in kinds.projects()[need]}
                assert wanted <= before, f"{release.name} needs {need}"
    assert {"base", "istiod", "gateway-api"} <= set(looked_at)


def test_kinds_come_before_their_objects(found: Found) -> None:
    brought = bringing(found)
    looked_at = 0
    for one in found.resources:
        group, _, kind = one.type.removeprefix("kubernetes:").partition(":")
        key = (group.rpartition("/")[0], kind)
        if one.type.startswith("kubernetes:") and key in brought:
            looked_at += 1
            assert brought[key] & found.before(one), f"{one.name} ({one.type}) is before its kind"
    assert looked_at > 10
