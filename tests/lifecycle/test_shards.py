"""Teams in stacks of their own, on the real engine: a platform and two stacks of its teams on one twin.

Each test goes on where the one before it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from operations.guards import Refusal
from operations.twin.kubernetes.api import Ref
from tests.lifecycle.conftest import Project, project_on

pytestmark = pytest.mark.engine

HEAD = """\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "111122223333"
"""
PLATFORM = f"""\
{HEAD}\
    network: {{cidr: 10.10.0.0/16, zones: 2, nat: single}}
    cluster: {{version: "1.35", oidc: {{issuer: "https://login.example.com", client_id: kubernetes}}}}
    pools: {{system: {{instances: [m7i.2xlarge], min: 1, max: 4}}}}
    storage: {{lake: {{keep: destroy}}, shared: {{home: {{keep: destroy, backups: false}}}}}}
    teams: {{fraud: {{members: ["oidc:fraud"], cpu: 4, memory: 16GiB}}}}
    budget: {{monthly: 10000, notify: [ml-platform@example.com]}}
"""
FIRST = f"""\
{HEAD}\
    teams_of: lab
    teams:
      search:
        members: ["oidc:search", "arn:aws:iam::111122223333:role/search"]
        cpu: 4
        memory: 16GiB
        budget: 100
      vision: {{members: ["oidc:vision"], cpu: 4, memory: 16GiB}}
"""
SECOND = f"""\
{HEAD}\
    teams_of: lab
    teams: {{speech: {{members: ["oidc:speech"], cpu: 4, memory: 16GiB}}}}
"""
SHARDS = ("lab-teams-1", "lab-teams-2")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("shards")
    with project_on("lab", root) as opened:
        for name, text in (("lab", PLATFORM), *zip(SHARDS, (FIRST, SECOND), strict=True)):
            (root / "stacks" / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
        yield opened


def ops(project: Project, what: str, env: str) -> dict[str, int]:
    result = project.run(what, env)
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}


def test_teams_wait_for_their_platform(project: Project) -> None:
    for what in ("preview", "up"):
        with pytest.raises(Refusal, match="has teams of lab, which is not up") as refused:
            project.run(what, SHARDS[0])
        assert "mlcluster up lab" in refused.value.hint


def test_platform_and_teams_come_up_one_after_the_other(project: Project) -> None:
    for env in ("lab", *SHARDS):
        assert set(ops(project, "up", env)) == {"create"}
    live = project.kubernetes().list("v1", "Namespace")
    names = {one["metadata"]["name"] for one in live}
    assert {f"{team}-training" for team in ("fraud", "search", "vision", "speech")} <= names
    budgets = project.aws("budgets").describe_budgets(AccountId="111122223333")["Budgets"]
    (search,) = [one for one in budgets if "FilterExpression" in one]
    values = [one["Tags"]["Values"] for one in search["FilterExpression"]["And"]]
    assert values == [[SHARDS[0]], ["search"]]


def test_another_up_and_a_refresh_have_nothing_to_do(project: Project) -> None:
    for what in ("up", "refresh"):
        assert ops(project, what, SHARDS[0]) == {}


def test_the_cluster_stays_as_long_as_there_are_teams_of_other_stacks(project: Project) -> None:
    with pytest.raises(Refusal, match="lab-teams-1, lab-teams-2 with teams of lab are still up"):
        project.down("lab")


def test_a_team_is_not_removed_with_its_volumes(project: Project) -> None:
    text = project.file(SHARDS[0]).read_text()
    line = next(line for line in text.splitlines(keepends=True) if "vision" in line)
    project.edit(SHARDS[0], line, "")
    for what in ("preview", "up"):
        with pytest.raises(Refusal, match="has no vision any more among its teams"):
            project.run(what, SHARDS[0])
    project.file(SHARDS[0]).write_text(text.replace(line, line.replace("}\n", ", offboard: true}\n")))
    ops(project, "up", SHARDS[0])
    client = project.kubernetes()
    quota = client.get(Ref("v1", "ResourceQuota", "team", "vision-training"))
    assert quota is not None
    assert quota["spec"]["hard"]["pods"] == "0"
    binding = Ref("rbac.authorization.k8s.io/v1", "RoleBinding", "member", "vision-training")
    assert client.get(binding) is None
    project.edit(SHARDS[0], line.replace("}\n", ", offboard: true}\n"), "")
    assert set(ops(project, "up", SHARDS[0])) == {"delete"}
    assert client.get(Ref("v1", "Namespace", "vision-training")) is None


def test_all_goes_without_a_trace_the_teams_first(project: Project) -> None:
    for env in (*SHARDS, "lab"):
        result, left = project.down(env)
        assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert project.items() == ()
