"""What the section `spark` may say, and what it needs of others."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment.spark import STANDARD, Spark
from infra.problems import BadInput
from tests.infra.environment.samples import MISSING, on_premises, problems_of, small

IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/spark-rapids:1"
SPOT = {"instances": ["r7i.2xlarge", "r6i.2xlarge"], "capacity": "spot", "max": 8}


def spark(changes: dict[str, Any]) -> Spark:
    found = small(changes).spark
    assert found is not None
    return found


def test_without_the_section_there_is_none() -> None:
    assert small().spark is None


def test_an_empty_section_has_defaults_worth_having() -> None:
    found = spark({"spark": {}})
    assert (found.history, found.managed, found.image, found.packages) == (False, None, None, None)
    assert list(found.offered) == [STANDARD]
    assert found.offered[STANDARD].max == 10


def test_profiles_are_those_of_the_file() -> None:
    profiles = {
        "small": {},
        "large": {
            "executor": {"pool": "batch", "cores": 7, "memory": "48GiB"},
            "shuffle": {"size": "100GiB"},
        },
        "gpu": {"executor": {"pool": "gpu", "cores": 3, "memory": "8GiB", "gpus": 1}, "image": IMAGE},
    }
    found = spark(
        {"pools.batch": SPOT, "spark": {"history": True, "profiles": profiles, "keep_events": "7d"}}
    )
    assert list(found.offered) == ["small", "large", "gpu"]


def test_emr_and_its_profiles() -> None:
    found = spark({"spark": {"managed": {"release": "emr-7.9.0-latest"}, "profiles": {"small": {}}}})
    assert found.managed is not None


def test_on_premises_there_is_an_operator_without_history() -> None:
    assert on_premises({"spark": {}}).spark is not None


def of(profile: dict[str, Any]) -> dict[str, Any]:
    return {"pools.batch": SPOT, "spark": {"profiles": {"x": profile}}}


P = "spark.profiles.x"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        # --- the section by itself
        (
            {"spark": {"histroy": True}},
            "spark.histroy: is not a key that is known here; did you mean history?",
        ),
        (
            {"spark": {"keep_events": "7d"}},
            "spark.keep_events: 7d is for the history server, and there is none; write history: true as well",
        ),
        ({"spark": {"history": True, "keep_events": "12h"}}, "is not a whole number of days"),
        ({"spark": {"image": "spark"}}, "spark.image: spark is not an image with its registry and its tag"),
        ({"spark": {"packages": ["hadoop-aws"]}}, "spark.packages[0]: hadoop-aws is not a package of Maven"),
        (
            {"spark": {"packages": [], "repository": "https://maven.example.com/"}},
            "there are none; leave it out",
        ),
        ({"spark": {"repository": "maven.example.com"}}, "is not the address of a repository"),
        ({"spark": {"managed": {}}}, "spark.managed.release: is missing"),
        (
            {"spark": {"managed": {"release": "7.9.0"}}},
            "7.9.0 is not a release of EMR on EKS; write its label",
        ),
        (
            {"spark": {"history": True, "managed": {"release": "emr-7.9.0-latest"}}},
            "keeps the history of its own jobs, so there is no history server; leave history out",
        ),
        (
            {"spark": {"image": IMAGE, "managed": {"release": "emr-7.9.0-latest"}}},
            "has EMR's images with all that they need, so image says nothing; leave image out",
        ),
        (of({"min": 5, "max": 3}), f"{P}.max: 3 is below min 5; write a max of at least 5"),
        (of({"executor": {"memory": "512MiB"}}), f"{P}.executor.memory: 512MiB is below 1GiB"),
        ({"spark": {"profiles": {"Small": {}}}}, "Small is not a name for a profile"),
        # --- pools
        (of({"executor": {"pool": "bach"}}), f"{P}.executor.pool: bach is not a pool; did you mean batch?"),
        (of({"driver": {"pool": "batch"}}), f"{P}.driver.pool: batch is of spot nodes: when one is taken"),
        (
            of({"executor": {"pool": "batch", "cores": 12}}),
            f"{P}.executor.cores: 12 is above 7, all that a node of the pool batch has left for it",
        ),
        (
            of({"executor": {"pool": "batch", "memory": "64GiB"}}),
            f"{P}.executor.memory: 64GiB is above",
        ),
        (
            of({"driver": {"memory": "8GiB"}}),
            "all that a node of pools that are open to all has left for it; lower it, or name a pool",
        ),
        (
            of({"shuffle": {"size": "1GiB", "storage_class": "io2"}}),
            "io2 is not a storage class; write one of gp3",
        ),
        # --- GPUs
        (
            of({"executor": {"pool": "batch", "gpus": 1}, "image": IMAGE}),
            f"{P}.executor.gpus: 1 is more than the pool batch has: its nodes offer no nvidia.com/gpu",
        ),
        (
            of({"executor": {"gpus": 1}, "image": IMAGE}),
            f"{P}.executor.gpus: 1 needs executor.pool, a pool with GPUs; write executor.pool: gpu",
        ),
        (
            of({"executor": {"pool": "gpu", "gpus": 1}}),
            f"{P}.image: is missing, which executors with GPUs need",
        ),
        (of({"executor": {"pool": "gpu", "gpus": 2}, "image": IMAGE}), f"{P}.executor.gpus: 2 is above 1"),
        # --- the rest of the file
        (
            {"storage": MISSING, "spark": {"history": True}},
            "spark.history: reads the lake, and there is none; write storage: {lake: {}}, or name in data",
        ),
        (
            {"storage": MISSING, "spark": {"managed": {"release": "emr-7.9.0-latest"}}},
            "spark.managed: writes its logs to the lake, and there is none",
        ),
        (
            {"network.nat": "none", "spark": {}},
            "spark.packages: come from Maven Central, and the network has no way to the internet",
        ),
        (
            {
                "pools.kept": {"instances": ["m7i.2xlarge"], "max": 2, "taints": [{"key": "example.com/a"}]},
                "spark": {
                    "managed": {"release": "emr-7.9.0-latest"},
                    "profiles": {"x": {"executor": {"pool": "kept"}}},
                },
            },
            f"{P}.executor.pool: kept has taints, which pods of EMR do not tolerate",
        ),
        (
            {
                "spark": {
                    "managed": {"release": "emr-7.9.0-latest"},
                    "profiles": {"x": {"executor": {"gpus": 1, "pool": "gpu"}, "image": IMAGE}},
                }
            },
            f"{P}.executor.gpus: 1 is for the operator: EMR has releases of their own for GPUs",
        ),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], message: str) -> None:
    problems = problems_of(changes)
    assert [problem for problem in problems if message in problem], problems


@pytest.mark.parametrize(
    "ways",
    [
        {"repository": "https://maven.example.com/"},
        {"image": IMAGE, "packages": []},
        {"managed": {"release": "emr-7.9.0-20250601"}},
    ],
)
def test_a_network_without_a_way_out_can_have_it_all_the_same(ways: dict[str, Any]) -> None:
    assert not [one for one in problems_of({"network.nat": "none", "spark": ways}) if "spark" in one]


@pytest.mark.parametrize("field", [{"history": True}, {"managed": {"release": "emr-7.9.0-latest"}}])
def test_what_is_at_aws_is_not_on_premises(field: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as bad:
        on_premises({"spark": field})
    (problem,) = bad.value.problems
    assert problem.path == f"spark.{next(iter(field))}"
    assert "is only for platform aws" in problem.message


def test_on_premises_there_are_no_pools_to_name() -> None:
    with pytest.raises(BadInput, match="is for platform aws, which has pools"):
        on_premises({"spark": {"profiles": {"x": {"executor": {"pool": "batch"}}}}})


def test_a_stack_that_only_keeps_data_runs_no_jobs() -> None:
    gone = dict.fromkeys(("cluster", "network", "pools", "teams"), MISSING)
    assert any("spark: needs a cluster" in one for one in problems_of({**gone, "spark": {}}))
