"""A control plane that is upgraded, and one that is protected, each step by the real engine on a twin.

Kubernetes objects are kept in memory: what is looked at is EKS.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.engine.events import Done, Event
from operations.guards import Refusal
from operations.twin import kubernetes
from tests.lifecycle.conftest import Project, project_on

pytestmark = pytest.mark.engine

VERSION = '      version: "{}"\n'
OWNER = "    owner: ml-platform\n"
PROTECT = OWNER + "    lifetime: {protect: true}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(kubernetes.VARIABLE, kubernetes.Kind.MEMORY)
        with project_on("dev", tmp_path_factory.mktemp("project")) as opened:
            yield opened


LOGS = "      log_retention: 7d\n"
PEOPLE = (
    LOGS
    + """\
      oidc: {issuer: "https://login.example.com", client_id: kubernetes}
      hosted_zones: [Z0123456789ABCDEFGHIJ]
"""
)
MEMBERS = 'fraud: {members: ["arn:aws:iam::111122223333:role/fraud-scientist"'
MORE_MEMBERS = MEMBERS + ', "oidc:fraud-scientists"'


def up(project: Project) -> list[tuple[str, str]]:
    """Brings dev up; what was updated, as type and name, in the order in which each was done."""
    done: list[tuple[str, str]] = []

    def note(event: Event) -> None:
        if isinstance(event, Done) and event.op == "update":
            _, type_, name = event.urn.rsplit("::", 2)
            done.append((type_.rpartition(":")[2], name))

    result = project.run("up", "dev", note)
    assert (result.result, result.errors) == ("succeeded", ())
    return done


def moved(project: Project, old: str, new: str) -> None:
    project.edit("dev", VERSION.format(old), VERSION.format(new))


def test_the_control_plane_goes_first_then_what_nodes_start_with_then_nodes_then_the_rest(
    project: Project,
) -> None:
    moved(project, "1.35", "1.34")
    assert up(project) == []
    moved(project, "1.34", "1.35")
    order = up(project)
    at = {one: number for number, one in enumerate(order)}
    assert order[0] == ("Cluster", "cluster")
    pools = [at["NodeGroup", "system"], at["NodeGroup", "gpu"]]
    assert at["Cluster", "cluster"] < at["Addon", "node-addons-kube-proxy"] < min(pools)
    assert at["NodeGroup", "system"] < at["Addon", "system-addons-coredns"]
    assert up(project) == []


@pytest.mark.parametrize("what", ["up", "preview"])
@pytest.mark.parametrize(
    ("wanted", "why"), [("1.33", "EKS never goes back"), ("1.32", "EKS never goes back")]
)
def test_nothing_goes_back(project: Project, what: str, wanted: str, why: str) -> None:
    moved(project, "1.35", wanted)
    before = project.items()
    with pytest.raises(Refusal, match=why):
        project.run(what, "dev")
    assert project.items() == before
    moved(project, wanted, "1.35")
    assert up(project) == []


def test_who_enters_is_changed_without_touching_the_control_plane(project: Project) -> None:
    project.edit("dev", LOGS, PEOPLE)
    project.edit("dev", MEMBERS, MORE_MEMBERS)
    updated = up(project)
    assert updated
    assert {type_ for type_, _ in updated} == {"RoleBinding"}
    kinds = {item.type for item in project.items()}
    assert {"access-entry", "identity-provider-config"} <= kinds
    found = project.run("refresh", "dev")
    assert {op for op, count in found.changes.items() if count} == {"same"}
    assert up(project) == []


def test_a_protected_control_plane_goes_only_as_its_file_says(project: Project) -> None:
    project.edit("dev", OWNER, PROTECT)
    assert ("Cluster", "cluster") in up(project)
    project.edit("dev", PROTECT, OWNER)
    before = project.items()
    with pytest.raises(Refusal, match="is protected"):
        project.down("dev")
    assert project.items() == before, "and nothing that stands on it is gone"
    project.edit("dev", OWNER, PROTECT)
    result, left = project.down("dev")
    assert (result.result, result.errors, left) == ("succeeded", (), ())


def test_a_version_that_would_be_skipped_is_refused_and_nothing_is_changed(project: Project) -> None:
    moved(project, "1.35", "1.33")
    up(project)
    moved(project, "1.33", "1.35")
    before = project.items()
    with pytest.raises(Refusal, match=r"1\.34 would be skipped"):
        project.run("up", "dev")
    assert project.items() == before
    result, left = project.down("dev")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
