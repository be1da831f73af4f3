"""Kafka by Amazon MSK, from nothing to nothing: topics, volumes, what is refused, and what stays."""

from __future__ import annotations

import pytest

from infra.environment import load
from operations.guards import Refusal, keeps_no_data
from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: ml-platform
    account: "111122223333"
    network: {cidr: 10.30.0.0/16, zones: 2}
    cluster: {version: "1.35", oidc: {issuer: "https://login.example.com", client_id: kubernetes}}
    pools:
      system: {instances: [m7i.xlarge], min: 2, max: 4}
    storage:
      lake: {keep: destroy}
    kafka:
      keep: retain
      managed: {storage: 100GiB, brokers: 2}
      topics:
        clicks: {partitions: 6, team: fraud}
        views: {partitions: 3, team: fraud}
    teams:
      fraud: {members: ["oidc:fraud"], cpu: 6, memory: 16GiB}
"""


def of_msk(project: Project) -> dict[str, str]:
    """What there is of MSK, by id, and what it is."""
    return {item.id: item.type for item in project.items() if item.service == "kafka"}


def refused(project: Project, old: str, new: str, said: str) -> None:
    """An edit that `up` refuses, and that is taken back."""
    file = project.file("lab")
    before = file.read_text()
    project.edit("lab", old, new)
    with pytest.raises(Refusal, match=said):
        project.run("up", "lab")
    file.write_text(before)


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    assert sorted(of_msk(lab).values()) == ["cluster", "configuration", "topic", "topic"]
    assert ops(lab, "up") == {}


def test_topics_volumes_and_brokers_grow_in_place(lab: Project) -> None:
    before = of_msk(lab)
    lab.edit("lab", "clicks: {partitions: 6,", "clicks: {partitions: 12, retention: 3d,")
    lab.edit("lab", "{storage: 100GiB, brokers: 2}", "{storage: 200GiB, brokers: 4}")
    done = lab.run("up", "lab")
    assert (done.result, done.errors) == ("succeeded", ())
    assert {one.op for one in done.operations if one.type.startswith("aws:")} <= {"same", "update"}
    assert of_msk(lab) == before
    assert ops(lab, "refresh") == {}


def test_what_would_lose_something_is_refused_before_the_engine_starts(lab: Project) -> None:
    refused(
        lab, "clicks: {partitions: 12,", "clicks: {partitions: 6,", "12 partitions, which cannot become 6"
    )
    refused(lab, "storage: 200GiB", "storage: 100GiB", "200 GiB on each broker, which cannot become 100")
    refused(lab, "brokers: 4}", "brokers: 2}", "has 4 brokers and would have 2")


def test_what_is_to_stay_stays_until_the_file_says_otherwise(lab: Project) -> None:
    refused(lab, "        views: {partitions: 3, team: fraud}\n", "", "Topic topic-views would be deleted")
    with pytest.raises(Refusal, match=r"holds Kafka with all that is in it.*kafka\.keep: retain"):
        keeps_no_data(load(lab.file("lab")))
    lab.edit("lab", "keep: retain\n      managed", "keep: destroy\n      managed")
    assert set(ops(lab, "up")) <= {"update"}


def test_down_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
