"""What a team's pods are told of where data is."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import yaml

from components.tenancy.discovery import (
    DOCUMENT,
    DataSources,
    DataSourcesArgs,
    Found,
    Sources,
    Stream,
    document,
    entries,
    variables,
)
from infra.handles import TeamSpace
from tests.components.support import SCOPE, known, record_component

HOME = "fraud-training"
FOUND = Found(
    buckets={"raw": "a-raw", "curated": "a-curated"},
    database="mlcluster_dev",
    bootstrap="main-kafka-bootstrap.kafka.svc:9094",
    events="s3a://a-raw/spark-events/",
    artifacts="s3://a-raw/teams",
)
STREAM = Stream(
    auth="scram",
    secret=True,
    registry="http://registry.kafka.svc:8080",
    topics={
        "events": {"access": ["read", "write"], "owner": "fraud", "partitions": 24, "retention": "7d"},
        "clicks": {"access": ["read"], "owner": "search", "partitions": 3, "retention": "1d"},
    },
)


def sources(**more: Any) -> Sources:
    given: dict[str, Any] = {"team": "fraud", "region": "eu-west-1", "lake": True, "stream": STREAM, **more}
    return Sources(**given)


def test_all_of_it_can_be_the_environment_of_a_pod() -> None:
    given = variables(sources(), FOUND, HOME)
    assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in given)
    assert given == {
        "CATALOG_DATABASE": "mlcluster_dev",
        "KAFKA_BOOTSTRAP": "main-kafka-bootstrap.kafka.svc:9094",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SECRET": "kafka",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_TOPICS_READ": "clicks,events",
        "KAFKA_TOPICS_WRITE": "events",
        "LAKE_CURATED": "s3://a-curated/teams/fraud/",
        "LAKE_RAW": "s3://a-raw/teams/fraud/",
        "LAKE_REGION": "eu-west-1",
        "PIPELINE_ARTIFACTS": "s3://a-raw/teams/fraud/artifacts/",
        "SCHEMA_REGISTRY": "http://registry.kafka.svc:8080",
        "SPARK_EVENTS": "s3a://a-raw/spark-events/",
        "TEAM": "fraud",
    }


def test_of_what_there_is_not_nothing_is_said() -> None:
    nothing = Sources(team="fraud", region="eu-west-1")
    assert variables(nothing, Found(), HOME) == {"TEAM": "fraud"}
    assert yaml.safe_load(document(nothing, Found(), HOME)) == {"team": "fraud"}


def test_a_catalog_that_another_stack_does_not_have_is_none() -> None:
    given = variables(sources(), Found(database=""), HOME)
    assert "CATALOG_DATABASE" not in given


def test_who_enters_by_the_role_of_the_pod_has_no_secret() -> None:
    given = variables(sources(stream=Stream(auth="iam", secret=False)), FOUND, HOME)
    assert given["KAFKA_SASL_MECHANISM"] == "OAUTHBEARER"
    assert not {"KAFKA_SECRET", "KAFKA_TOPICS_READ", "KAFKA_TOPICS_WRITE"} & given.keys()


def test_a_lake_on_ceph_has_an_address_and_keys_of_the_namespace() -> None:
    given = variables(sources(region=None, endpoint="http://lake.example"), FOUND, HOME)
    assert given["LAKE_ENDPOINT"] == "http://lake.example"
    assert given["LAKE_KEYS"].endswith(HOME)
    assert "LAKE_REGION" not in given


def test_the_document_says_the_same_and_what_is_to_be_known_of_it() -> None:
    mounted = sources(claims={"models": "models/base of the lake, to read"})
    found = yaml.safe_load(document(mounted, FOUND, HOME))
    given = variables(mounted, FOUND, HOME)
    assert found["lake"]["zones"] == {"raw": given["LAKE_RAW"], "curated": given["LAKE_CURATED"]}
    assert found["kafka"]["bootstrap"] == given["KAFKA_BOOTSTRAP"]
    assert found["kafka"]["topics"]["events"]["partitions"] == 24
    assert found["files"] == {"claims": {"models": "models/base of the lake, to read"}}
    assert found["pipelines"] == {"artifacts": given["PIPELINE_ARTIFACTS"]}


def test_no_secret_is_in_it() -> None:
    text = "".join(entries(sources(), FOUND, HOME).values())
    assert "password" not in text
    assert entries(sources(), FOUND, HOME).keys() >= {DOCUMENT, "TEAM"}


def test_each_namespace_of_the_team_has_it() -> None:
    homes = ("fraud-exploration", "fraud-training", "fraud-serving")

    def build(opts: pulumi.ResourceOptions) -> None:
        args = DataSourcesArgs(
            scope=SCOPE,
            sources=sources(),
            found=pulumi.Output.all(buckets={"raw": known("a-raw")}, bootstrap=known("b:1")),
            space=TeamSpace(namespaces=homes, ready=()),
        )
        DataSources("data-sources-fraud", args, opts)

    found = record_component(build)
    made = {one.inputs["metadata"]["namespace"]: one.inputs for one in found.all("ConfigMap")}
    assert set(made) == set(homes)
    assert {one["metadata"]["name"] for one in made.values()} == {"data-sources"}
    assert made[HOME]["data"]["LAKE_RAW"] == "s3://a-raw/teams/fraud/"
    assert made[HOME]["data"]["KAFKA_BOOTSTRAP"] == "b:1"
