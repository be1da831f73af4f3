"""The example events-to-lake, handed in by a member of a team."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.client import Client
from tests.acceptance.cluster import MANAGER, present
from tests.acceptance.manifests import UPSTREAM
from tests.examples.events_to_lake.test_manifests import IMAGE, RENDER, profile

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]

SPACE = "events-to-lake"
RESTRICTED = {
    "apiVersion": "v1",
    "kind": "Namespace",
    "metadata": {"name": SPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}


def manifests() -> list[Manifest]:
    """As render.py makes them, in a namespace of the strictest level."""
    made = RENDER.rendered(profile(), IMAGE)
    for one in made:
        one["metadata"]["namespace"] = SPACE
        one["metadata"].setdefault("name", "producer")
        one["metadata"].pop("generateName", None)
    return [dict(one) for one in made]


def pod() -> Manifest:
    """The producer's pod, as the Job's controller would make it."""
    (job,) = (one for one in manifests() if one["kind"] == "Job")
    spec = {**job["spec"]["template"]["spec"], "serviceAccountName": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "producer", "namespace": SPACE},
        "spec": spec,
    }


@pytest.fixture(scope="module")
def there(client: Client) -> Iterator[list[Manifest]]:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": SPACE},
    }
    with present(client, [RESTRICTED, account, *manifests(), pod()]) as applied:
        yield applied


def test_the_api_server_takes_all_of_it(there: list[Manifest]) -> None:
    kinds = {one["kind"] for one in there}
    assert kinds >= {"Job", "SparkApplication", "ScheduledSparkApplication", "CronWorkflow", "Pod"}


def test_nothing_is_dropped(client: Client, there: list[Manifest]) -> None:
    del there
    for wanted in manifests():
        live = client.apply(wanted, manager=MANAGER)
        if wanted["kind"] in ("SparkApplication", "ScheduledSparkApplication"):
            assert live["spec"] == wanted["spec"]
