"""The kinds of recorded releases, on an API server in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.catalog import kinds
from operations.twin.backend import Refused
from operations.twin.kubernetes import definitions, mirror
from operations.twin.kubernetes.api import Api, Ref
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.helm import Helm, HelmMissing
from operations.twin.kubernetes.release import Releases
from operations.twin.kubernetes.types import RELEASE
from tests.operations.twin.kubernetes.manifests import thing

URN = "urn:pulumi:dev::mlcluster::kubernetes:helm.sh/v3:Release::one"


class NoHelm(Helm):
    """A machine on which Helm cannot be had."""

    def __init__(self) -> None:
        super().__init__(lambda: Path("/nowhere"))

    def program(self) -> Path:
        raise HelmMissing("Helm cannot be had: no Go")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path / "mirror"))
    return tmp_path / "mirror"


@pytest.fixture
def session(api: Api, root: Path) -> Session:
    return Session(api, releases=Releases(api, NoHelm()), patience=0)


def definition(name: str) -> Ref:
    return Ref("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)


def recorded(session: Session, chart: str, name: str, **news: Any) -> dict[str, Any]:
    given = {"chart": chart, "name": name, "namespace": "default", **news}
    inputs, failures = session.check(URN, RELEASE, {}, given, b"")
    assert failures == []
    state: dict[str, Any] = session.create(URN, RELEASE, inputs, 0)[1]
    return state


def present(api: Api) -> set[str]:
    found = api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    return {value["metadata"]["name"] for value in found}


def mirrored(root: Path, name: str) -> None:
    folder = root / "jobset" / "crds"
    folder.mkdir(parents=True)
    kind = next(kind for kind in kinds.projects()["jobset"] if kind.definition == name)
    (folder / "jobsets.yaml").write_text(str({**definitions.stub(kind), "status": {}}))


def test_a_stub_serves_all_versions_and_accepts_any_field() -> None:
    kind = next(kind for kind in kinds.projects()["kueue"] if kind.kind == "ClusterQueue")
    made = definitions.stub(kind)
    assert made["metadata"] == {"name": "clusterqueues.kueue.x-k8s.io", "annotations": {}}
    assert made["spec"]["scope"] == "Cluster"
    versions = [(version["name"], version["storage"]) for version in made["spec"]["versions"]]
    assert versions == [("v1beta2", True), ("v1beta1", False)]


def test_groups_of_kubernetes_own_need_an_approval() -> None:
    (kind,) = kinds.projects()["external-dns"]
    assert "api-approved.kubernetes.io" in definitions.stub(kind)["metadata"]["annotations"]


def test_the_note_tells_real_ones_from_stubs(session: Session, api: Api, root: Path) -> None:
    mirrored(root, "jobsets.jobset.x-k8s.io")
    state = recorded(session, "kubeflow-trainer", "trainer")
    note = state["status"]["description"]
    assert note.startswith("recorded, not installed: chart kubeflow-trainer is not in the mirror")
    assert note.endswith(
        "; kinds from the mirror: 1, stubs that accept any field: 3 (clustertrainingruntimes.trainer."
        "kubeflow.org, trainingruntimes.trainer.kubeflow.org, trainjobs.trainer.kubeflow.org)"
    )
    assert present(api) == {
        kind.definition for name in ("trainer", "jobset") for kind in kinds.projects()[name]
    }


def test_no_helm_is_the_reason_where_the_chart_is_there(session: Session, root: Path) -> None:
    (root / "jobset" / "templates").mkdir(parents=True)
    (root / "jobset" / "Chart.yaml").write_text("{name: jobset, version: 0.11.0}")
    state = recorded(session, "jobset", "jobset", version="0.11.0")
    assert state["status"]["description"].startswith(
        "recorded, not installed: Helm cannot be had: no Go; stubs"
    )


@pytest.mark.parametrize(
    ("chart", "note"),
    [("mlflow", "it brings no kinds"), ("mine", "the catalog does not know the chart's kinds")],
)
def test_charts_without_kinds(session: Session, api: Api, chart: str, note: str) -> None:
    state = recorded(session, chart, "one")
    assert state["status"]["description"].endswith(f"; {note}")
    assert present(api) == set()


def test_a_chart_that_the_catalog_does_not_know_brings_what_the_mirror_has(
    session: Session, api: Api, root: Path
) -> None:
    mirrored(root, "jobsets.jobset.x-k8s.io")
    (root / "jobset").rename(root / "mine")
    recorded(session, "mine", "one")
    assert present(api) == {"jobsets.jobset.x-k8s.io"}
    recorded(session, "mine", "two", skipCrds=True)


def test_what_is_there_already_stays_as_it_is(session: Session, api: Api) -> None:
    kind = next(kind for kind in kinds.projects()["jobset"])
    mine = definitions.stub(kind)
    mine["metadata"]["annotations"] = {"of": "mine"}
    before = api.apply(mine, manager="me")
    state = recorded(session, "jobset", "jobset")
    session.delete(URN, RELEASE, "default/jobset", state, 0)
    assert api.get(definition(kind.definition)) == before


def test_values_bring_kinds_later(session: Session, api: Api) -> None:
    state = recorded(session, "cert-manager", "certs")
    assert present(api) == set()
    news, _failures = session.check(
        URN, RELEASE, {}, {**state, "values": {"crds": {"enabled": True}}, "status": None}, b""
    )
    session.update(URN, RELEASE, "default/certs", state, news, 0, False)
    assert present(api) == {kind.definition for kind in kinds.projects()["cert-manager"]}


def test_the_last_release_that_needs_a_definition_takes_it_along(session: Session, api: Api) -> None:
    first = recorded(session, "jobset", "jobset")
    second = recorded(session, "kubeflow-trainer", "trainer")
    session.delete(URN, RELEASE, "default/jobset", first, 0)
    assert "jobsets.jobset.x-k8s.io" in present(api)
    session.delete(URN, RELEASE, "default/trainer", second, 0)
    assert present(api) == set()


def test_what_helm_leaves_stays_while_there_are_objects(session: Session, api: Api) -> None:
    state = recorded(session, "jobset", "jobset")
    mine = thing("JobSet", "mine", "default", version="jobset.x-k8s.io/v1alpha2")
    api.apply(mine, manager="me")
    session.delete(URN, RELEASE, "default/jobset", state, 0)
    assert present(api) == {"jobsets.jobset.x-k8s.io"}
    assert api.get(Ref.of(mine)) is not None


def test_what_helm_removes_goes_even_if_there_are_objects(session: Session, api: Api) -> None:
    state = recorded(session, "kueue", "kueue")
    api.apply(thing("Topology", "mine", version="kueue.x-k8s.io/v1beta2"), manager="me")
    session.delete(URN, RELEASE, "default/kueue", state, 0)
    assert present(api) == set()


def test_one_that_does_not_go_is_named(session: Session, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "_GONE_S", 0.1)
    state = recorded(session, "jobset", "jobset")
    held = {**definitions.stub(kinds.projects()["jobset"][0])}
    held["metadata"] = {**held["metadata"], "finalizers": ["example.org/hold"]}
    api.apply(held, manager="me", force=True)
    with pytest.raises(Refused, match=r"jobsets\.jobset\.x-k8s\.io holds finalizer example\.org/hold"):
        session.delete(URN, RELEASE, "default/jobset", state, 0)
