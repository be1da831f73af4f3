"""Helm releases on the real control plane: installed from a chart of the tests' own, or recorded."""

from __future__ import annotations

import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.catalog import kinds
from operations.twin.backend import Diff, PartlyCreated, Refused
from operations.twin.kubernetes import binaries, definitions, leaving, mirror, nodes, records
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.kubernetes.helm import Helm
from operations.twin.kubernetes.release import Releases
from operations.twin.kubernetes.types import RELEASE
from tests.operations.twin.kubernetes.conftest import group
from tests.operations.twin.kubernetes.manifests import thing

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        bool(binaries.missing()), reason="`mlcluster twin build` has not built the control plane"
    ),
]

MIRROR = Path(__file__).with_name("mirror")
UPSTREAM = Path(__file__).parents[5] / "shared" / "upstream"
URN = "urn:pulumi:dev::mlcluster::kubernetes:helm.sh/v3:Release::sample"
DEFINITION = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
GADGETS, WIDGETS = (Ref(*DEFINITION, f"{name}.sample.example.org") for name in ("gadgets", "widgets"))
QUEUES = Ref(*DEFINITION, "clusterqueues.kueue.x-k8s.io")

needs_upstream = pytest.mark.skipif(
    not UPSTREAM.is_dir(),
    reason="the projects' definitions are not beside the checkout, in ../shared/upstream",
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    opened = ControlPlane(tmp_path_factory.mktemp("twin"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def client(plane: ControlPlane) -> Client:
    opened = Client(plane.ensure, lambda: None)
    nodes.reconcile(opened, nodes.wanted([group(desired=1, taints=())]))
    return opened


@pytest.fixture
def session(plane: ControlPlane, client: Client) -> Session:
    return Session(client, releases=Releases(client, Helm(plane.reached)), patience=5)


@pytest.fixture
def home() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture(autouse=True)
def _clean(client: Client) -> Iterator[None]:
    """Each test begins without releases and definitions, whatever became of the one before it."""
    _clear(client)
    yield
    _clear(client)


def _clear(client: Client) -> None:
    for revision in records.revisions(client):
        client.delete(revision.ref)
    there = [Ref.of(value) for value in client.list(*DEFINITION)]
    for ref in there:
        client.delete(ref)
    assert [ref for ref in there if not leaving.gone(client, ref, 120)] == []


@pytest.fixture(autouse=True)
def _mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(mirror.VARIABLE, str(MIRROR))


def checked(session: Session, home: str, olds: dict[str, Any] | None = None, **news: Any) -> dict[str, Any]:
    given = {"chart": "sample", "name": "sample", "namespace": home, "createNamespace": True, **news}
    inputs, failures = session.check(URN, RELEASE, olds or {}, given, b"seed")
    assert failures == []
    return inputs


def installed(session: Session, home: str, **news: Any) -> tuple[dict[str, Any], str, dict[str, Any]]:
    inputs = checked(session, home, timeout=60, **news)
    return inputs, *session.create(URN, RELEASE, inputs, 0)


def live(client: Client, kind: str, name: str, namespace: str, version: str = "v1") -> Manifest:
    found = client.get(Ref(version, kind, name, namespace))
    assert found is not None, f"{kind} {name}"
    return found


def test_install_upgrade_nothing_and_delete(session: Session, client: Client, home: str) -> None:
    inputs, id_, state = installed(session, home, version="1.2.3", values={"replicas": 2})
    assert id_ == f"{home}/sample"
    assert state["status"] == {
        "name": "sample", "namespace": home, "revision": 1, "status": "deployed", "chart": "sample",
        "version": "1.2.3", "appVersion": "9.0", "description": "Install complete",
    }  # fmt: skip
    assert state["resourceNames"]["Deployment.apps/apps/v1"] == [f"{home}/sample"]
    assert live(client, "Deployment", "sample", home, "apps/v1")["status"]["availableReplicas"] == 2, (
        "awaited"
    )
    hook = live(client, "Job", "sample-hook", home, "batch/v1")
    assert hook["status"]["succeeded"] == 1, "Helm waits for hooks"
    assert client.get(GADGETS) is not None
    assert session.read(RELEASE, id_, inputs, state) == (inputs, state)

    again = checked(session, home, inputs, timeout=60, version="1.2.3", values={"replicas": 2})
    assert session.diff(RELEASE, id_, inputs, state, again) == Diff()

    news = checked(session, home, inputs, timeout=60, version="1.2.3", values={"greeting": "good day"})
    changed = session.diff(RELEASE, id_, inputs, state, news).changed
    assert changed == ("checksum", "values")
    after = session.update(URN, RELEASE, id_, state, news, 0, False)
    assert (after["status"]["revision"], after["status"]["description"]) == (2, "Upgrade complete")
    assert live(client, "ConfigMap", "sample", home)["data"] == {"greeting": "good day"}
    assert live(client, "Deployment", "sample", home, "apps/v1")["spec"]["replicas"] == 1
    assert live(client, "Job", "sample-hook", home, "batch/v1")["metadata"]["uid"] != hook["metadata"]["uid"]

    session.delete(URN, RELEASE, id_, after, 0)
    assert session.read(RELEASE, id_, news, after) is None
    assert client.get(Ref("apps/v1", "Deployment", "sample", home)) is None
    assert client.get(WIDGETS) is None, "a template goes with its release"
    assert client.get(GADGETS) is not None, "Helm leaves what was in crds/"
    session.delete(URN, RELEASE, id_, after, 0)


def test_webhooks_of_a_chart_refuse_nothing(session: Session, client: Client, home: str) -> None:
    _inputs, id_, state = installed(session, home, skipCrds=True)
    assert client.get(GADGETS) is None
    client.apply(thing("ConfigMap", "another", home), manager="test")
    session.delete(URN, RELEASE, id_, state, 0)


def test_an_archive_is_a_chart_too(
    session: Session, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample").mkdir()
    with tarfile.open(tmp_path / "sample" / "sample-1.2.3.tgz", "w:gz") as archive:
        archive.add(MIRROR / "sample", "sample")
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path))
    chart = "oci://registry.example.org/charts/sample"
    _inputs, id_, state = installed(session, home, chart=chart, version="v1.2.3")
    assert (state["chart"], state["status"]["version"]) == (chart, "1.2.3")
    session.delete(URN, RELEASE, id_, state, 0)


def test_a_chart_that_does_not_render_fails_the_preview(session: Session, home: str) -> None:
    news = {"chart": "sample", "namespace": home, "values": {"broken": "yes"}}
    _inputs, ((name, reason),) = session.check(URN, RELEASE, {}, news, b"seed")
    assert name == "chart"
    assert "sample/templates/config.yaml" in reason
    assert "values.broken must not be set" in reason


def test_a_missing_namespace(session: Session, home: str) -> None:
    inputs = checked(session, home, createNamespace=False)
    with pytest.raises(Refused, match="not found; set createNamespace, or depend on the namespace") as caught:
        session.create(URN, RELEASE, inputs, 0)
    assert not isinstance(caught.value, PartlyCreated)


def test_what_the_server_refuses_is_said_in_helms_words(session: Session, home: str) -> None:
    inputs = checked(session, home, atomic=True, values={"configName": "Not Valid"})
    with pytest.raises(Refused, match=r'ConfigMap "Not Valid" is invalid: metadata\.name') as caught:
        session.create(URN, RELEASE, inputs, 0)
    assert not isinstance(caught.value, PartlyCreated), "atomic: nothing is left"
    assert session.read(RELEASE, f"{home}/sample", inputs, {}) is None


def test_a_release_that_does_not_get_ready_is_finished_by_the_next_up(session: Session, home: str) -> None:
    nowhere = {"nodeSelector": {"example.org/nowhere": "true"}}
    inputs = checked(session, home, timeout=3, values=nowhere)
    with pytest.raises(PartlyCreated, match=r"sample: INSTALLATION FAILED: .*deadline exceeded") as caught:
        session.create(URN, RELEASE, inputs, 0)
    assert caught.value.id == f"{home}/sample"
    assert caught.value.state["status"]["status"] == "failed"
    # Not without values: Helm then takes those of the revision before.
    news = checked(session, home, inputs, timeout=60, values={"replicas": 1})
    state = session.update(URN, RELEASE, caught.value.id, caught.value.state, news, 0, False)
    assert state["status"]["status"] == "deployed"
    session.delete(URN, RELEASE, caught.value.id, state, 0)


def test_what_a_killed_helm_left_is_finished(session: Session, client: Client, home: str) -> None:
    inputs, id_, _state = installed(session, home)
    revision = records.latest(client, home, "sample")
    assert revision is not None
    records.write(client, revision.with_status("pending-install"))
    same_id, state = session.create(URN, RELEASE, inputs, 0)
    assert (same_id, state["status"]["status"], state["status"]["revision"]) == (id_, "deployed", 2)
    with pytest.raises(Refused, match="exists already"):
        session.create(URN, RELEASE, inputs, 0)
    session.delete(URN, RELEASE, id_, state, 0)


def test_a_chart_that_left_the_mirror(
    session: Session, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, id_, state = installed(session, home)
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path))
    same = checked(session, home, inputs, timeout=60)
    assert session.diff(RELEASE, id_, inputs, state, same) == Diff()
    news = checked(session, home, inputs, timeout=60, values={"replicas": 2})
    with pytest.raises(Refused, match="cannot be changed without it: chart sample is not in the mirror"):
        session.update(URN, RELEASE, id_, state, news, 0, False)
    session.delete(URN, RELEASE, id_, state, 0)


def test_a_recorded_release_is_taken_over_when_its_chart_is_there(
    session: Session, client: Client, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path))
    inputs, id_, state = installed(session, home)
    assert state["status"]["description"].startswith("recorded, not installed: chart sample is not in the")
    monkeypatch.setenv(mirror.VARIABLE, str(MIRROR))
    news = checked(session, home, inputs, timeout=60)
    assert session.diff(RELEASE, id_, inputs, state, news).changed == ("checksum", "resourceNames")
    after = session.update(URN, RELEASE, id_, state, news, 0, False)
    assert (after["status"]["revision"], after["status"]["appVersion"]) == (2, "9.0")
    live(client, "Deployment", "sample", home, "apps/v1")
    session.delete(URN, RELEASE, id_, after, 0)


def queue(name: str, **spec: Any) -> Manifest:
    return thing("ClusterQueue", name, version="kueue.x-k8s.io/v1beta2", spec=spec)


@needs_upstream
def test_a_recorded_release_brings_its_real_kinds(
    session: Session, client: Client, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mirror.VARIABLE, str(UPSTREAM))
    _inputs, id_, state = installed(session, home, chart="kueue", version="0.17.8", name="kueue")
    assert "; kinds from the mirror: 11" in state["status"]["description"]
    urn = "urn:pulumi:dev::mlcluster::kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue::train"
    type_ = "kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue"
    created, _live = session.create(urn, type_, queue("train", queueingStrategy="StrictFIFO"), 0)
    assert created == "train"
    with pytest.raises(Refused, match="cohort"):
        session.create(urn, type_, queue("other", cohort="all"), 0)
    session.delete(URN, RELEASE, id_, state, 0)
    assert client.get(QUEUES) is None, "templates of the chart, so they go with it and take the queue along"


def test_a_recorded_release_brings_stubs_where_there_is_no_mirror(
    session: Session, client: Client, home: str
) -> None:
    _inputs, id_, state = installed(session, home, chart="kueue", version="0.17.8", name="kueue")
    assert (
        "; stubs that accept any field: 11 (admissionchecks.kueue.x-k8s.io, "
        in state["status"]["description"]
    )
    live_queue = client.apply(queue("train", anything={"goes": 1}), manager="test")
    assert live_queue["spec"] == {"anything": {"goes": 1}}
    old = thing("ClusterQueue", "old", version="kueue.x-k8s.io/v1beta1", spec={})
    assert client.apply(old, manager="test")["apiVersion"] == "kueue.x-k8s.io/v1beta1"
    session.delete(URN, RELEASE, id_, state, 0)
    assert client.get(QUEUES) is None


@needs_upstream
@pytest.mark.parametrize("chart", ["kuberay-operator", "external-dns"])
def test_the_largest_and_the_protected_kinds_are_accepted(
    session: Session, client: Client, home: str, chart: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _inputs, id_, state = installed(session, home, chart=chart, name="one")
    assert "stubs that accept" in state["status"]["description"]
    monkeypatch.setenv(mirror.VARIABLE, str(UPSTREAM))
    after = session.update(
        URN, RELEASE, id_, state, checked(session, home, chart=chart, name="one"), 0, False
    )
    assert "kinds from the mirror" in after["status"]["description"]
    assert "stubs" not in after["status"]["description"]
    session.delete(URN, RELEASE, id_, after, 0)
    assert not any(
        value["metadata"].get("labels", {}).get(records.RECORDED) for value in client.list(*DEFINITION)
    )


def test_waking_a_definition_that_went_does_not_bring_it_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = kinds.projects()["jobset"][0]
    ref = definitions.ref_of(kind.definition)
    definitions.install(client, [definitions.stub(kind)])
    client.delete(ref)
    last = live_or_made(client, ref)
    assert leaving.gone(client, ref, 120)
    with monkeypatch.context() as patch:
        patch.setattr(client, "get", lambda _ref: last)
        leaving.wake(client, ref, 1)
    assert client.get(ref) is None


def live_or_made(client: Client, ref: Ref) -> Manifest:
    """A definition on its way out, as a look just before it went would have seen it."""
    seen = client.get(ref) or {"metadata": {"uid": str(uuid.uuid4())}}
    return {**seen, "metadata": {**seen["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
