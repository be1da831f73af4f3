"""Karpenter's machines on the real control plane: its scheduler, its garbage collector, real definitions."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.catalog import kinds
from operations.twin.kubernetes import binaries, definitions, karpenter, leaving, mirror
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.autoscaler import Autoscaler
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from tests.operations.twin.kubernetes.conftest import Aws, group
from tests.operations.twin.kubernetes.manifests import thing
from tests.operations.twin.kubernetes.pools import CLASS, pool, where

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        bool(binaries.missing()), reason="`mlcluster twin build` has not built the control plane"
    ),
]

UPSTREAM = Path(__file__).parents[5] / "shared" / "upstream"
URN = "urn:pulumi:dev::mlcluster::kubernetes:karpenter.sh/v1:NodePool::spark"
NODE_CLASS = thing(
    CLASS["kind"],
    CLASS["name"],
    version="karpenter.k8s.aws/v1",
    spec={
        "role": "nodes",
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "subnetSelectorTerms": [{"id": "subnet-0123456789abcdef0"}],
        "securityGroupSelectorTerms": [{"id": "sg-0123456789abcdef0"}],
    },
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    opened = ControlPlane(tmp_path_factory.mktemp("twin"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(plane: ControlPlane) -> Iterator[Client]:
    """A cluster that knows Karpenter's kinds, really where they are beside the checkout, and plays it."""
    opened = Client(plane.ensure, lambda: None)
    found = mirror.definitions(UPSTREAM, ["karpenter"]) if UPSTREAM.is_dir() else {}
    stubs = {kind.definition: definitions.stub(kind) for kind in kinds.projects()["karpenter"]}
    definitions.install(opened, {**stubs, **found}.values())
    opened.apply(NODE_CLASS, manager="test")
    played = Autoscaler(opened, Aws(group(desired=0)))
    yield opened
    played.close()


@pytest.fixture
def session(client: Client) -> Session:
    return Session(client, patience=5)


@pytest.fixture
def home(client: Client) -> Iterator[str]:
    name = f"test-{uuid.uuid4()}"
    client.apply(thing("Namespace", name), manager="test")
    yield name
    client.delete(Ref("v1", "Namespace", name))


def job(home: str, pods: int) -> Manifest:
    asked = {"requests": {"cpu": "1500m", "memory": "1Gi"}}
    template = {
        "metadata": {"annotations": {"mlcluster.io/runs-for": "1h"}},
        "spec": {
            "restartPolicy": "Never",
            "nodeSelector": {karpenter.POOL: "spark"},
            "containers": [{"name": "main", "image": "x", "resources": asked}],
        },
    }
    spec = {"completions": pods, "parallelism": pods, "template": template}
    metadata = {"annotations": {"pulumi.com/skipAwait": "true"}}
    return thing("Job", "work", home, version="batch/v1", metadata=metadata, spec=spec)


def made(manifest: Manifest) -> Manifest:
    """A manifest as a program gives it: without what the server sets."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "uid"}
    return {**manifest, "metadata": metadata}


def phases(client: Client, home: str) -> Counter[str]:
    return Counter(pod["status"]["phase"] for pod in client.list("v1", "Pod", home))


def until(client: Client, ref: Ref, home: str, wanted: dict[str, int]) -> None:
    """Waits for the phases of the job's pods."""
    assert client.wait(ref, lambda _: phases(client, home) == wanted, 120)[0], phases(client, home)


def machines(client: Client) -> list[Manifest]:
    return [one for one in client.list("v1", "Node") if karpenter.POOL in one["metadata"]["labels"]]


def test_machines_come_for_pods_up_to_the_limits_and_go_with_their_pool(
    session: Session, client: Client, home: str
) -> None:
    limited = made(pool("spark", where(karpenter.TYPE, "m7i.large"), limits={"cpu": "4"}, after="30s"))
    type_ = "kubernetes:karpenter.sh/v1:NodePool"
    id_, state = session.create(URN, type_, limited, 0)
    work = Ref("batch/v1", "Job", "work", home)
    client.apply(job(home, 3), manager="test")
    until(client, work, home, {"Running": 2, "Pending": 1})
    assert len(machines(client)) == 2
    told = [one for one in client.list("v1", "Event", home) if one["source"].get("component") == "karpenter"]
    events = [event["message"] for event in told]
    assert any("exceed limits" in message for message in events)

    wider = {**limited, "spec": {**limited["spec"], "limits": {"cpu": "100"}}}
    session.update(URN, type_, id_, state, wider, 0, False)
    until(client, work, home, {"Running": 3})
    assert len(machines(client)) == 3
    for claim in client.list("karpenter.sh/v1", "NodeClaim"):
        assert client.wait(Ref.of(claim), lambda one: one is not None and ready(one), 60)[0]

    client.delete(work)
    session.delete(URN, type_, id_, state, 120)
    assert machines(client) == []
    assert client.list("karpenter.sh/v1", "NodeClaim") == ()


def ready(claim: Manifest) -> bool:
    return any(
        (one["type"], one["status"]) == ("Ready", "True")
        for one in claim.get("status", {}).get("conditions", ())
    )


def test_empty_machines_go(session: Session, client: Client, home: str) -> None:
    work = Ref("batch/v1", "Job", "work", home)
    type_ = "kubernetes:karpenter.sh/v1:NodePool"
    quick = made(pool("spark", where(karpenter.TYPE, "m7i.large"), after="0s"))
    id_, state = session.create(URN, type_, quick, 0)
    client.apply(job(home, 1), manager="test")
    until(client, work, home, {"Running": 1})
    (node,) = machines(client)
    client.delete(work)
    assert leaving.gone(client, Ref.of(node), 120)
    session.delete(URN, type_, id_, state, 120)
