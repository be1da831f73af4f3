"""What tests of Spark begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.data.spark.profiles import Surroundings, application
from components.data.spark.settings import Lake
from infra.environment.pools import Pool
from infra.environment.spark import Spark, SparkProfile

BUCKETS = {zone: f"a-{zone}" for zone in ("raw", "curated", "features", "models")}
AT_AWS = Lake(buckets=BUCKETS, region="eu-west-1", database="mlcluster_test")
ON_CEPH = Lake(buckets=BUCKETS, endpoint="http://ceph.test:80")
POOLS: Mapping[str, Pool] = {
    "system": Pool.model_validate({"instances": ["m7i.2xlarge"], "min": 3}),
    "spark": Pool.model_validate({"instances": ["r7i.8xlarge"], "capacity": "spot", "max": 40}),
    "gpu": Pool.model_validate({"instances": ["g6.4xlarge"], "max": 4}),
}
GPU_IMAGE = "registry.example.com/spark-rapids:1"

SMALL: Mapping[str, Any] = {}
LARGE: Mapping[str, Any] = {
    "driver": {"cores": 2, "memory": "8GiB", "pool": "system"},
    "executor": {"cores": 8, "memory": "56GiB", "pool": "spark"},
    "min": 2,
    "max": 100,
    "shuffle": {"size": "200GiB"},
}
GPU: Mapping[str, Any] = {
    "executor": {"cores": 6, "memory": "48GiB", "pool": "gpu", "gpus": 1},
    "image": GPU_IMAGE,
}


def profile(data: Mapping[str, Any]) -> SparkProfile:
    return SparkProfile.model_validate(data)


def around(lake: Lake | None = AT_AWS, **spark: Any) -> Surroundings:
    return Surroundings(
        team="fraud",
        namespace="fraud-training",
        lake=lake,
        spark=Spark.model_validate(spark),
        pools=POOLS,
    )


def made(data: Mapping[str, Any], *args: Any, **spark: Any) -> dict[str, Any]:
    return application(profile(data), around(*args, **spark))


def merged(base: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386), as `kubectl patch --type merge` has it."""
    if not isinstance(patch, Mapping):
        return patch
    over = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            over.pop(key, None)
        else:
            over[key] = merged(over.get(key), value)
    return over
