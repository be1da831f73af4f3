"""Which priorities teams' pods may really have: judged by the API server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from components.tenancy.priorities import Priorities, PrioritiesArgs
from infra.environment.teams import PHASES
from infra.labels import PHASE_LABEL
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from tests.acceptance.cluster import Person, awaited, present
from tests.acceptance.manifests import _manifest
from tests.acceptance.pods import pod
from tests.components.support import SCOPE, record_component

pytestmark = pytest.mark.engine

CASES = [
    ("exploration", "exploration", True),
    ("exploration", "training", False),
    ("exploration", "serving", False),
    ("training", "training", True),
    ("training", "exploration", True),
    ("training", "serving", False),
    ("serving", "serving", True),
    ("serving", "system-cluster-critical", False),
    *((phase, None, True) for phase in PHASES),
]


def manifests() -> list[Manifest]:
    def build(opts: pulumi.ResourceOptions) -> None:
        Priorities("priorities", PrioritiesArgs(scope=SCOPE), opts)

    made = [_manifest(one.type, one.inputs) for one in record_component(build).resources if one.custom]
    spaces = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": f"order-{phase}", "labels": {PHASE_LABEL: phase}},
        }
        for phase in PHASES
    ]
    rules = [one for one in made if "Priority" in one["kind"] or "Admission" in one["kind"]]
    assert len(rules) == 5
    return [*spaces, *rules]


@pytest.fixture(scope="module")
def administrator(plane: ControlPlane, client: Client) -> Iterator[Person]:
    with present(client, manifests()):
        who = Person(plane.ensure, None)
        for phase in PHASES:
            awaited(client, Ref("v1", "ServiceAccount", "default", f"order-{phase}"), bool)
        _in_force(who)
        yield who


def _in_force(who: Person) -> None:
    """Waits until the server has read the policy, which it does some time after it was told of it."""
    until = time.monotonic() + 60
    while _start(who, "exploration", "serving")[0] != 403:
        assert time.monotonic() < until, "the policy does not take hold"
        time.sleep(0.2)


def _start(who: Person, phase: str, wanted: str | None) -> tuple[int, dict[str, Any]]:
    made = pod("work")
    if wanted is not None:
        made["spec"]["priorityClassName"] = wanted
    return who.ask("POST", f"/api/v1/namespaces/order-{phase}/pods?dryRun=All", made)


@pytest.mark.parametrize(("phase", "wanted", "may"), CASES)
def test_a_phase_has_its_own_priority_or_less(
    administrator: Person, phase: str, wanted: str | None, may: bool
) -> None:
    status, body = _start(administrator, phase, wanted)
    assert status == (201 if may else 403), body
    if not may:
        assert f"the priority class {wanted} is not for the phase {phase}" in body["message"]


def test_who_says_nothing_counts_as_exploration(administrator: Person) -> None:
    numbers = [
        _start(administrator, "exploration", one)[1]["spec"]["priority"] for one in (None, "exploration")
    ]
    assert numbers == [0, 0]
    assert _start(administrator, "serving", "serving")[1]["spec"]["priority"] == 10_000
