"""Where each team's data is, from the file and from what the services say of themselves."""

from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
import yaml

from infra.handles import Edge, EventStream, PipelinePlatform, SparkPlatform, TeamSpace
from stacks import discovery
from stacks.ground import Ground, Services
from stacks.mesh import MeshStack
from tests.components.support import Found, known, lake, record_component
from tests.infra.environment.samples import SMALL, small

TEAM = SMALL["teams"]["fraud"]
CHANGES: dict[str, Any] = {
    "secrets": {},
    "teams": {"fraud": TEAM, "search": {**TEAM, "gpus": 0}},
    "storage": {
        "lake": {"keep": "destroy"},
        "lustre": {"scratch": {"capacity": "1200GiB", "link": "datasets"}},
        "shared": {"home": {"keep": "destroy"}},
        "mounts": {"models": {"path": "models/base"}},
    },
    "kafka": {
        "keep": "destroy",
        "topics": {
            "events": {"partitions": 24, "team": "fraud", "readers": ["search"]},
            "state": {"compact": True, "team": "search"},
        },
    },
}


@cache
def recorded(services: bool = True) -> Found:
    env = small(CHANGES)

    def build(opts: pulumi.ResourceOptions) -> None:
        offered = Services(
            stream=EventStream(kind="strimzi", bootstrap=known("b:9094"), auth="scram"),
            spark=SparkPlatform(kind="operator", events=known("s3a://a-raw/spark-events/")),
            pipelines=PipelinePlatform(kind="argo", artifacts=known("s3://a-raw/teams")),
        )
        ground = Ground(env=env, lake=lake(), edge=Edge(), web=MeshStack(), opts=opts)
        spaces = {
            team: TeamSpace(
                namespaces=tuple(f"{team}-{phase}" for phase in ("training", "serving")), ready=()
            )
            for team in env.teams
        }
        discovery.teams(ground, offered if services else Services(), spaces)

    return record_component(build)


def told(team: str) -> Any:
    return recorded().inputs("ConfigMap", f"data-sources-{team}-{team}-training")["data"]


def test_each_team_is_told_of_its_own_and_of_what_others_let_it_read() -> None:
    assert told("fraud")["LAKE_CURATED"] == "s3://a-curated/teams/fraud/"
    assert told("search")["LAKE_CURATED"] == "s3://a-curated/teams/search/"
    assert (told("fraud")["KAFKA_TOPICS_READ"], told("fraud")["KAFKA_TOPICS_WRITE"]) == ("events", "events")
    assert (told("search")["KAFKA_TOPICS_READ"], told("search")["KAFKA_TOPICS_WRITE"]) == (
        "events,state",
        "state",
    )


def test_topics_are_described() -> None:
    topics = yaml.safe_load(told("search")["data-sources.yaml"])["kafka"]["topics"]
    assert topics["events"] == {"access": ["read"], "owner": "fraud", "partitions": 24, "retention": "7d"}
    assert topics["state"]["retention"] == "the last of each key"


def test_claims_and_classes_are_called_as_those_who_make_them_call_them() -> None:
    files = yaml.safe_load(told("fraud")["data-sources.yaml"])["files"]
    assert set(files["claims"]) == {"scratch", "scratch-datasets", "models"}
    assert set(files["storage_classes"]) == {"home-fraud"}


def test_without_services_of_data_there_is_none() -> None:
    assert recorded(services=False).all("ConfigMap") == []
