"""Postgres, and what is said of mistakes in it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment.postgres import Postgres
from infra.problems import BadInput
from tests.infra.environment.samples import MISSING, on_premises, problems_of, small

EDGE = {
    "secrets": {},
    "domain": {"name": "ml.example.com", "hosted_zone": "Z0123456789ABCDEFGHIJ"},
    "certificates": {"email": "ml-platform@example.com"},
}


def said_of(section: dict[str, Any], **changes: Any) -> list[str]:
    given = {**EDGE, "postgres": section, **changes}
    return problems_of(
        {path: value for path, value in given.items() if path not in EDGE or value is not MISSING}
    )


def lab_problems(changes: dict[str, Any]) -> list[str]:
    try:
        on_premises(changes)
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


def test_it_is_absent_by_default_and_in_the_cluster_when_asked_for() -> None:
    assert small().postgres is None
    assert small({**EDGE, "postgres": {}}).postgres == Postgres()
    assert Postgres().managed is None
    assert Postgres().keep == "retain"


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"instances": 3, "storage": "100GiB", "storage_class": "gp3", "cpu": 4, "memory": "16GiB"},
        {"version": "17", "backups": "90d", "rotation": 3, "keep": "destroy"},
        {"managed": {}},
        {"managed": {"instance": "db.r7g.2xlarge", "maintenance": "saturday 23:30"}, "instances": 2},
        {"managed": {"max_storage": "1TiB"}, "storage": "100GiB", "backups": "35d", "keep": "backup"},
    ],
)
def test_what_is_right_is_taken(section: dict[str, Any]) -> None:
    assert said_of(section) == []


def test_on_an_existing_cluster_it_has_no_lake_on_s3_to_back_up_to() -> None:
    assert lab_problems({"secrets": {}, "postgres": {"backups": None}}) == []
    (said,) = lab_problems({"secrets": {}, "postgres": {}})
    assert said.startswith("postgres.backups: 14d have no lake on S3 to go to; write backups: null")


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            {"managed": {}, "instances": 3},
            "postgres.instances: 3 is more than RDS has with Multi-AZ; write 1 or 2, or remove managed",
        ),
        ({"instances": 0}, "postgres.instances: 0"),
        ({"storage": "1.5GiB"}, "postgres.storage: 1.5GiB is not a whole number of GiB; write one such as"),
        ({"managed": {}, "storage": "10GiB"}, "postgres.storage: 10GiB is not a size that RDS has; write"),
        (
            {"managed": {"max_storage": "40GiB"}, "storage": "50GiB"},
            "postgres.storage: 50GiB is above managed.max_storage, 40GiB; write a max_storage of at least",
        ),
        ({"managed": {"max_storage": "10GiB"}}, "postgres.managed.max_storage: 10GiB is below 20GiB; write"),
        *(
            (
                {"managed": {}, name: value},
                f"postgres.{name}: {value} is of pods, and managed has none; remove",
            )
            for name, value in (("cpu", 2), ("memory", "8GiB"), ("storage_class", "gp3"))
        ),
        ({"managed": {}, "backups": "90d"}, "postgres.backups: 90d is longer than RDS keeps backups; write"),
        ({"backups": "12h"}, "postgres.backups: 12h is not a whole number of days; write days, such as 30d"),
        ({"keep": "backup"}, "postgres.keep: backup is of RDS, and there is no managed; write destroy"),
        ({"rotation": 0}, "postgres.rotation: 0"),
        ({"version": "9.6"}, 'postgres.version: "9.6" is not among what can be chosen; write'),
        (
            {"managed": {"instance": "m7g.large"}},
            "postgres.managed.instance: m7g.large is not an instance class of RDS; write one such as db.m7g",
        ),
        (
            {"managed": {"maintenance": "sometimes"}},
            "postgres.managed.maintenance: sometimes is not a day of the week and a time; write them in UTC",
        ),
        (
            {"storage_class": "gp4"},
            "postgres.storage_class: gp4 is not a storage class of this environment; did you mean gp3?",
        ),
        ({"replicas": 3}, "postgres.replicas: is not a key that is known here;"),
    ],
)
def test_a_mistake_is_one_problem(section: dict[str, Any], said: str) -> None:
    (found,) = said_of(section)
    assert found.startswith(said)


@pytest.mark.parametrize(
    ("section", "changes", "said"),
    [
        (
            {},
            {"secrets": MISSING},
            "postgres: has no way to make passwords; write secrets: {}, which makes them in the cluster",
        ),
        (
            {},
            {"certificates": MISSING},
            "postgres.backups: 14d are taken by a plugin that needs certificates, and nobody makes them;",
        ),
        (
            {},
            {"storage.lake": MISSING},
            "postgres.backups: 14d have no lake on S3 to go to; write data or storage.lake, or backups: null",
        ),
    ],
)
def test_what_it_stands_on_is_asked_for(section: dict[str, Any], changes: dict[str, Any], said: str) -> None:
    found = said_of(section, **changes)
    assert [one for one in found if one.startswith("postgres")] == [
        one for one in found if one.startswith(said)
    ]
    assert any(one.startswith(said) for one in found)


def test_rds_is_at_aws_alone() -> None:
    (said,) = lab_problems({"secrets": {}, "postgres": {"managed": {}}})
    assert said.startswith("postgres.managed: is only for platform aws; remove it: CloudNativePG is")


def test_rds_needs_neither_certificates_nor_a_lake() -> None:
    assert said_of({"managed": {}}, certificates=MISSING, domain=MISSING) == []


def test_it_says_nothing_without_a_cluster() -> None:
    found = problems_of({"postgres": {}, **dict.fromkeys(("cluster", "network", "pools", "teams"), MISSING)})
    assert "postgres: needs a cluster; write the cluster, or remove postgres" in found
