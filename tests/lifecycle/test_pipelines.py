"""Pipelines and delivery in a cluster of somebody else's, from nothing to nothing."""

from __future__ import annotations

import pytest

from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  mlcluster:environment:
    owner: ml-platform
    platform: kubernetes
    cluster: {context: lab}
    pipelines:
      semaphores: {fraud: {train: 4}}
      delivery: {repositories: {fraud: ["https://github.com/acme/fraud"]}}
    teams:
      fraud: {members: ["oidc:fraud-scientists"], cpu: 6, memory: 16GiB}
"""
FRAUD = '      fraud: {members: ["oidc:fraud-scientists"], cpu: 6, memory: 16GiB}\n'


def projects(project: Project) -> set[str]:
    return {item.id for item in project.items() if item.type == "AppProject"}


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    assert {item.type for item in lab.items()} >= {"ClusterWorkflowTemplate", "AppProject", "NetworkPolicy"}
    assert projects(lab) == {"argocd/fraud"}


def test_another_up_has_nothing_to_do(lab: Project) -> None:
    assert ops(lab, "up") == {}


def test_another_number_changes_the_teams_semaphores_and_nothing_else(lab: Project) -> None:
    lab.edit("lab", "{train: 4}", "{train: 5}")
    # Pulumi makes ConfigMaps anew.
    assert ops(lab, "up") == {"replace": 3}


def test_a_new_team_has_its_part_and_changes_nobody_elses(lab: Project) -> None:
    lab.edit("lab", FRAUD, FRAUD + FRAUD.replace("fraud", "search"))
    assert set(ops(lab, "up")) == {"create"}
    assert projects(lab) == {"argocd/fraud", "argocd/search"}


def test_down_leaves_nothing_of_projects_either(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
