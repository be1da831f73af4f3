"""What the section `pipelines` may say, and what it needs of others."""

from __future__ import annotations

from typing import Any

import pytest

from infra.problems import BadInput
from infra.units import Duration
from tests.infra.environment.samples import MISSING, on_premises, small

LOGIN: dict[str, Any] = {
    "domain": {
        "name": "ml.example.com",
        "hosted_zone": "Z0123456789ABCDEFGHIJ",
        "login": {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"},
    },
    "certificates": {"email": "ml-platform@example.com"},
    "secrets": {},
    "mesh": {"gateway": {"sources": ["198.51.100.0/24"]}},
}


def told(changes: dict[str, Any]) -> str:
    with pytest.raises(BadInput) as bad:
        small(changes)
    return str(bad.value)


def test_without_the_section_there_are_none() -> None:
    assert small().pipelines is None


def test_alone_it_has_defaults_worth_having() -> None:
    pipelines = small({"pipelines": {}}).pipelines
    assert pipelines is not None
    assert pipelines.keep.succeeded < pipelines.keep.failed
    assert (pipelines.archive, pipelines.delivery, pipelines.semaphores) == (None, None, {})


def test_a_whole_one_is_right() -> None:
    pipelines = small(
        {
            **LOGIN,
            "postgres": {},
            "pipelines": {
                "archive": "90d",
                "semaphores": {"fraud": {"train": 4, "big-reads": 1}},
                "delivery": {
                    "repositories": {
                        "fraud": [
                            "https://github.com/acme/fraud",
                            "ssh://git@git.example.com:7999/acme/fraud.git",
                            "git@github.com:acme/fraud-deploy.git",
                            "oci://ghcr.io/acme/charts/fraud",
                        ]
                    },
                    "credentials": ["git"],
                    "admins": ["platform-admins"],
                },
            },
        }
    ).pipelines
    assert pipelines is not None
    assert pipelines.archive == Duration("90d")
    assert pipelines.delivery is not None
    assert len(pipelines.delivery.repositories["fraud"]) == 4


def of(repository: str) -> dict[str, Any]:
    return {"pipelines": {"delivery": {"repositories": {"fraud": [repository]}}}}


WHERE = "pipelines.delivery.repositories.fraud[0]"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"pipelines": {"semaphores": {"frad": {"train": 1}}}},
            "pipelines.semaphores.frad: frad is not a team; did you mean fraud?",
        ),
        (
            {"pipelines": {"semaphores": {"fraud": {"Train": 1}}}},
            "pipelines.semaphores.fraud.Train: Train is not a name for a semaphore; write small letters",
        ),
        (
            {"pipelines": {"semaphores": {"fraud": {"train": 0}}}},
            "pipelines.semaphores.fraud.train: 0 is below 1; write at least 1",
        ),
        (
            {"pipelines": {"delivery": {"repositories": {"search": ["https://github.com/acme/a"]}}}},
            "pipelines.delivery.repositories.search: search is not a team",
        ),
        (of("https://github.com/acme/*"), f"{WHERE}: https://github.com/acme/* stands for many repositories"),
        (
            of("https://me:secret@github.com/acme/a"),
            f"{WHERE}: https://me:secret@github.com/acme/a has credentials in it; write it without them",
        ),
        (of("http://github.com/acme/a"), f"{WHERE}: http://github.com/acme/a is not the address of a"),
        (of("file:///etc"), f"{WHERE}: file:///etc is not the address of a repository that may be asked"),
        (of("https://github.com"), f"{WHERE}: https://github.com is not the address of a repository"),
        (
            {"pipelines": {"parallelism": 10, "team_parallelism": 11}},
            "pipelines.team_parallelism: 11 is above parallelism, 10; write at most 10",
        ),
        (
            {"pipelines": {"archive": "90d"}},
            "pipelines.archive: 90d has no database to be kept in; write postgres: {}",
        ),
        (
            {"postgres": {"backups": None}, "secrets": {}, "pipelines": {"archive": "36h"}},
            "pipelines.archive: 36h is not a whole number of days; write days, such as 30d",
        ),
        (
            {"pipelines": {"keep": {"failed": "91d"}}},
            "pipelines.keep.failed: 91d is above 90d; write at most 90d",
        ),
        (
            {"pipelines": {"delivery": {"credentials": ["git"]}}},
            'pipelines.delivery.credentials: ["git"] have no way into the cluster; write secrets: {}',
        ),
        (
            {"pipelines": {"delivery": {"admins": ["admins"]}}},
            'pipelines.delivery.admins: ["admins"] have no way to log in; write domain.login',
        ),
        (
            {**of("https://github.com/acme/a"), "network.nat": "none"},
            'pipelines.delivery.repositories.fraud: ["https://github.com/acme/a"] cannot be reached',
        ),
        (
            {"pipelines": {}, "cluster": MISSING, "pools": MISSING, "teams": MISSING, "network": MISSING},
            "pipelines: needs a cluster; write the cluster, or remove pipelines",
        ),
    ],
)
def test_one_mistake_has_one_problem(changes: dict[str, Any], message: str) -> None:
    said = told(changes)
    assert message in said
    assert len(said.splitlines()) == 1, said


def test_secrets_of_aws_are_only_at_aws() -> None:
    with pytest.raises(BadInput, match="come from AWS Secrets Manager, which is only on platform aws"):
        on_premises({"secrets": {}, "pipelines": {"delivery": {"credentials": ["git"]}}})
