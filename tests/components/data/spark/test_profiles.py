"""Profiles: what jobs are made from is what Spark's operator takes, and says what it is meant to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.data.spark import profiles
from components.data.spark import settings as spark_settings
from components.mirror import redirected
from components.scheduling import tolerates
from infra.catalog import spark as catalog
from infra.catalog.images import image
from infra.units import GiB, quantity_bytes
from tests.components.data.spark.support import (
    AT_AWS,
    GPU,
    GPU_IMAGE,
    LARGE,
    ON_CEPH,
    POOLS,
    SMALL,
    around,
    made,
    merged,
    profile,
)
from tests.components.storage.judging import complaints, needs_upstream

JOB = yaml.safe_load(
    """
    metadata: {name: clean-events}
    spec:
      mainApplicationFile: s3a://a-raw/teams/fraud/jobs/clean.py
      arguments: [--day, "2026-11-23"]
    """
)
EACH = pytest.mark.parametrize("data", [SMALL, LARGE, GPU], ids=["small", "large", "gpu"])


@needs_upstream
@EACH
@pytest.mark.parametrize("lake", [AT_AWS, ON_CEPH, None], ids=["s3", "ceph", "none"])
def test_a_few_lines_make_a_job_that_the_operator_takes(data: Any, lake: Any) -> None:
    job = merged(made(data, lake), JOB)
    assert complaints(job) == []
    assert job["spec"]["arguments"] == ["--day", "2026-11-23"]


@needs_upstream
def test_the_operators_definition_does_complain() -> None:
    job = merged(made(SMALL), JOB)
    assert complaints({**job, "spec": {**job["spec"], "drivers": {}}})
    assert complaints(made(SMALL)), "without a program it is no job"


@needs_upstream
@settings(max_examples=25, deadline=None)
@given(cores=st.integers(1, 192), memory=st.integers(1, 4096), most=st.integers(1, 2000))
def test_every_size_is_one_that_the_operator_takes(cores: int, memory: int, most: int) -> None:
    size = {"cores": cores, "memory": quantity_bytes(memory * GiB) + "B"}
    job = merged(made({"driver": size, "executor": size, "max": most}), JOB)
    assert complaints(job) == []
    for part in ("driver", "executor"):
        asked = job["spec"][part]
        mib = [int(asked[key].removesuffix("m")) for key in ("memory", "memoryOverhead")]
        assert sum(mib) == memory * 1024, "the pod is as large as the file says"
        assert min(mib) >= 256


def test_what_a_job_says_wins() -> None:
    job = merged(
        made(LARGE), {**JOB, "spec": {**JOB["spec"], "executor": {"cores": 3}, "sparkConf": {"a": "b"}}}
    )
    assert job["spec"]["executor"]["cores"] == 3
    assert job["spec"]["executor"]["memory"] == made(LARGE)["spec"]["executor"]["memory"]
    assert job["spec"]["sparkConf"]["spark.decommission.enabled"] == "true"


def affinity(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = part["affinity"]["nodeAffinity"]
    return found


def test_drivers_are_on_no_spot_node_and_executors_rather_are() -> None:
    spec = made(SMALL)["spec"]
    (term,) = affinity(spec["driver"])["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    never = {rule["key"]: (rule["operator"], rule["values"]) for rule in term["matchExpressions"]}
    assert never == {
        "eks.amazonaws.com/capacityType": ("NotIn", ["SPOT"]),
        "karpenter.sh/capacity-type": ("NotIn", ["spot"]),
    }
    wishes = affinity(spec["executor"])["preferredDuringSchedulingIgnoredDuringExecution"]
    assert {wish["preference"]["matchExpressions"][0]["operator"] for wish in wishes} == {"In"}
    assert spec["driver"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert "annotations" not in spec["executor"]


def test_pods_are_where_the_profile_says_and_tolerate_what_is_there() -> None:
    spec = made(GPU)["spec"]
    (term,) = affinity(spec["executor"])["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [{"key": "mlcluster.io/pool", "operator": "In", "values": ["gpu"]}]
    (taint,) = POOLS["gpu"].effective_taints
    assert any(tolerates(one, taint) for one in spec["executor"]["tolerations"])
    assert "tolerations" not in spec["driver"]
    assert "tolerations" not in made(LARGE)["spec"]["executor"]


def test_executors_come_and_go_with_the_work() -> None:
    assert made(LARGE)["spec"]["dynamicAllocation"] == {
        "enabled": True,
        "initialExecutors": 2,
        "minExecutors": 2,
        "maxExecutors": 100,
        "shuffleTrackingEnabled": True,
    }
    assert made(SMALL)["spec"]["dynamicAllocation"]["initialExecutors"] == 1


def test_executors_hand_on_what_they_have_before_their_node_goes() -> None:
    spec = made(SMALL)["spec"]
    conf = spec["sparkConf"]
    assert conf["spark.decommission.enabled"] == "true"
    assert conf["spark.storage.decommission.shuffleBlocks.enabled"] == "true"
    fallback = conf["spark.storage.decommission.fallbackStorage.path"]
    assert fallback == "s3a://a-raw/teams/fraud/spark-shuffle/", "the team's own part of the lake"
    assert spec["executor"]["terminationGracePeriodSeconds"] == 120


def test_shuffle_on_volumes_outlives_an_executor() -> None:
    conf = made(LARGE)["spec"]["sparkConf"]
    volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1.options"
    assert conf[f"{volume}.storageClass"] == "gp3"
    assert conf[f"{volume}.sizeLimit"] == "200Gi"
    assert conf["spark.kubernetes.driver.reusePersistentVolumeClaim"] == "true"
    assert not [key for key in made(SMALL)["spec"]["sparkConf"] if "persistentVolumeClaim" in key.lower()]


def test_tables_are_those_of_the_glue_catalog_where_there_is_one() -> None:
    conf = made(SMALL)["spec"]["sparkConf"]
    assert conf["spark.sql.catalog.lake"] == "org.apache.iceberg.spark.SparkCatalog"
    assert conf["spark.sql.catalog.lake.type"] == "glue"
    assert conf["spark.sql.catalog.lake.warehouse"] == "s3://a-curated/tables"
    without = spark_settings.Lake(buckets=AT_AWS.buckets, region="eu-west-1")
    assert not [key for key in made(SMALL, without)["spec"]["sparkConf"] if "catalog" in key]


def test_pods_have_their_own_identity_at_aws_and_never_their_nodes() -> None:
    hadoop = made(SMALL)["spec"]["hadoopConf"]
    assert hadoop["fs.s3a.aws.credentials.provider"].endswith(".ContainerCredentialsProvider")
    assert hadoop["fs.s3a.endpoint.region"] == "eu-west-1"
    assert hadoop["fs.s3a.committer.name"] == "magic"
    assert "env" not in made(SMALL)["spec"]["driver"]


def test_on_ceph_pods_have_the_keys_of_their_namespace() -> None:
    spec = made(SMALL, ON_CEPH)["spec"]
    assert spec["hadoopConf"]["fs.s3a.endpoint"] == "http://ceph.test:80"
    assert spec["hadoopConf"]["fs.s3a.connection.ssl.enabled"] == "false"
    for part in ("driver", "executor"):
        secrets = {one["valueFrom"]["secretKeyRef"]["name"] for one in spec[part]["env"]}
        assert secrets == {"rook-ceph-object-user-lake-fraud-training"}


def test_without_a_lake_nothing_is_said_of_one() -> None:
    spec = made(SMALL, None)["spec"]
    assert "hadoopConf" not in spec
    assert not [value for value in spec["sparkConf"].values() if "s3" in value]


def test_packages_come_from_maven_unless_the_image_has_them() -> None:
    deps = made(SMALL)["spec"]["deps"]
    assert deps["packages"] == list(catalog.packages().values())
    assert deps["excludePackages"] == list(catalog.excludes())
    own = made(SMALL, image="registry.example.com/spark:1", packages=[])["spec"]
    assert own["image"] == "registry.example.com/spark:1"
    assert "deps" not in own
    assert "spark.jars.ivy" not in own["sparkConf"]
    mirrored = made(SMALL, repository="https://maven.example.com/central/")["spec"]
    assert mirrored["deps"]["repositories"] == ["https://maven.example.com/central/"]


def test_the_image_is_the_profiles_else_the_environments_else_ours_from_the_mirror() -> None:
    assert made(GPU, image="registry.example.com/spark:1")["spec"]["image"] == GPU_IMAGE
    assert made(SMALL)["spec"]["image"] == image("spark")
    assert catalog.version() in image("spark")
    text = profiles.written({"small": profile(SMALL)}, around())
    mirrored = yaml.safe_load(redirected(text, "oci://registry.test/all")["small.yaml"])
    assert mirrored["spec"]["image"] == f"registry.test/all/{image('spark').removeprefix('docker.io/')}"


@pytest.mark.parametrize("cores", range(1, 49))
def test_all_tasks_of_an_executor_share_its_gpu(cores: int) -> None:
    data = {"executor": {**GPU["executor"], "cores": cores}, "image": GPU_IMAGE}
    conf = made(data)["spec"]["sparkConf"]
    share = float(conf["spark.task.resource.gpu.amount"])
    assert int(1 / share) >= cores, "Spark takes so many tasks at once"
    assert conf["spark.executor.resource.gpu.vendor"] == "nvidia.com"
    assert conf["spark.plugins"] == "com.nvidia.spark.SQLPlugin"


def test_only_executors_with_a_gpu_are_told_of_one() -> None:
    with_one, without = made(GPU)["spec"], made(LARGE)["spec"]
    (mount,) = with_one["executor"]["volumeMounts"]
    (volume,) = with_one["volumes"]
    assert volume["name"] == mount["name"]
    assert volume["configMap"]["defaultMode"] == 0o555, "Spark runs it"
    assert with_one["sparkConf"]["spark.executor.resource.gpu.discoveryScript"].startswith(mount["mountPath"])
    assert "volumes" not in without
    assert not [key for key in without["sparkConf"] if "gpu" in key or "rapids" in key]


def test_the_script_tells_spark_what_it_asks(tmp_path: Path) -> None:
    (text,) = profiles.discovery().values()
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf '0\\n1\\n'\n")
    tool.chmod(0o755)
    script = tmp_path / "discover.sh"
    script.write_text(text)
    found = subprocess.run(
        ["/bin/sh", str(script)],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert yaml.safe_load(found.stdout) == {"name": "gpu", "addresses": ["0", "1"]}


def test_pods_keep_to_the_baseline_and_run_as_nobody_in_particular() -> None:
    for part in ("driver", "executor"):
        pod = made(SMALL)["spec"][part]
        assert pod["podSecurityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["serviceAccount"] == "spark"
