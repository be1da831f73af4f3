"""Profiles as the manifests that jobs are made from, in Kubernetes' own terms.

A profile is a whole SparkApplication that only lacks what is a job's own: its name, its program and its
arguments. A job is those few lines, merged over it (RFC 7386), so whatever a job writes wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from components.data.spark import settings
from components.data.spark.settings import Lake
from components.scheduling import only_on, tolerations
from infra import ceph
from infra.catalog import spark as catalog
from infra.catalog.images import image
from infra.environment.pools import Pool
from infra.environment.spark import Driver, Executor, Spark, SparkProfile
from infra.labels import TEAM_LABEL

API: Final = "sparkoperator.k8s.io/v1beta2"
KIND: Final = "SparkApplication"
ACCOUNT: Final = "spark"
"""The service account, in a team's namespaces, that drivers and executors run under."""
CONFIG: Final = "spark-profiles"
"""The config map, in a team's namespaces, with a manifest for each profile."""
GPU_SCRIPT: Final = "spark-gpus"
"""The config map with the script that tells Spark of an executor's GPU."""

_SPARK: Final = 185
"""The user that Spark's image runs as."""
_NOTICE_S: Final = 120
"""Seconds that an executor has to hand on what it has: AWS' notice before it takes a spot node."""
_KEPT_S: Final = 24 * 3600
"""Seconds that a job which is over stays to be looked at."""
_SPOT: Final = {"eks.amazonaws.com/capacityType": "SPOT", "karpenter.sh/capacity-type": "spot"}
"""Labels of spot nodes, by whoever made them:
https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html#managed-node-group-capacity-types"""
_TMP: Final = "/tmp/ivy"  # noqa: S108 - the pod's own
_STAY: Final = {
    "karpenter.sh/do-not-disrupt": "true",
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
}
"""Annotations of pods that are not moved to save nodes."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where a team's jobs run."""

    team: str
    namespace: str
    lake: Lake | None
    """None: there is none."""
    spark: Spark
    pools: Mapping[str, Pool] = field(default_factory=dict)


def application(profile: SparkProfile, around: Surroundings) -> dict[str, Any]:
    """A profile as a SparkApplication without name, program and arguments."""
    labels = {TEAM_LABEL: around.team}
    return {
        "apiVersion": API,
        "kind": KIND,
        "metadata": {"namespace": around.namespace, "labels": labels},
        "spec": {
            "type": "Python",
            "pythonVersion": "3",
            "mode": "cluster",
            "image": profile.image or around.spark.image or image("spark"),
            "imagePullPolicy": "IfNotPresent",
            "sparkVersion": catalog.version(),
            **_dependencies(around.spark),
            "restartPolicy": {
                "type": "OnFailure",
                "onFailureRetries": 1,
                "onFailureRetryInterval": 30,
                "onSubmissionFailureRetries": 3,
                "onSubmissionFailureRetryInterval": 30,
            },
            "timeToLiveSeconds": _KEPT_S,
            "dynamicAllocation": {
                "enabled": True,
                "initialExecutors": max(profile.min, 1),
                "minExecutors": profile.min,
                "maxExecutors": profile.max,
                "shuffleTrackingEnabled": True,
            },
            "sparkConf": spark_conf(profile, around),
            **({} if around.lake is None else {"hadoopConf": settings.hadoop(around.lake)}),
            **_volumes(profile.executor),
            "driver": _driver(profile.driver, around, labels),
            "executor": _executor(profile.executor, around, labels),
        },
    }


def spark_conf(profile: SparkProfile, around: Surroundings) -> dict[str, str]:
    """Spark's settings, but those that have fields of their own and those of S3A."""
    lake = around.lake
    made = {
        "spark.ui.prometheus.enabled": "true",
        **settings.gpus(profile.executor),
        **({} if profile.shuffle is None else settings.shuffle_on_volumes(profile.shuffle)),
    }
    if profile.executor.gpus:
        made["spark.executor.resource.gpu.discoveryScript"] = settings.DISCOVERY
    if around.spark.packages != ():
        made["spark.jars.ivy"] = _TMP
    if lake is None:
        return made
    return {
        **made,
        **settings.history(lake),
        **settings.committers(),
        **settings.tables(lake),
        **settings.losing_nodes(lake, around.team),
    }


def written(profiles: Mapping[str, SparkProfile], around: Surroundings) -> dict[str, str]:
    """Entries of the config map: a manifest for each profile."""
    return {
        f"{name}.yaml": yaml.safe_dump(application(profile, around), sort_keys=False, width=120)
        for name, profile in profiles.items()
    }


def discovery() -> dict[str, str]:
    """Entries of the config map with the script that tells Spark of GPUs.

    What it has to print: https://spark.apache.org/docs/4.0.4/configuration.html#custom-resource-scheduling-and-configuration-overview
    """
    script = (
        "#!/bin/sh\nset -eu\n"
        "found=$(nvidia-smi --query-gpu=index --format=csv,noheader | sed 's/.*/\"&\"/' | paste -sd, -)\n"
        'echo "{\\"name\\": \\"gpu\\", \\"addresses\\": [$found]}"\n'
    )
    return {"discover.sh": script}


def _dependencies(spark: Spark) -> dict[str, Any]:
    """What each job fetches before it starts."""
    packages = list(catalog.packages().values() if spark.packages is None else spark.packages)
    if not packages:
        return {}
    mirror = {} if spark.repository is None else {"repositories": [spark.repository]}
    return {"deps": {"packages": packages, "excludePackages": list(catalog.excludes()), **mirror}}


def _volumes(executor: Executor) -> dict[str, Any]:
    if not executor.gpus:
        return {}
    script = {"name": GPU_SCRIPT, "defaultMode": 0o555}
    return {"volumes": [{"name": GPU_SCRIPT, "configMap": script}]}


def _driver(driver: Driver, around: Surroundings, labels: Mapping[str, str]) -> dict[str, Any]:
    """The driver: where no spot node is, and no one moves it to save a node."""
    return {
        **_pod(driver, around, labels),
        "annotations": dict(_STAY),
        "affinity": _steady() if driver.pool is None else only_on([driver.pool]),
    }


def _executor(executor: Executor, around: Surroundings, labels: Mapping[str, str]) -> dict[str, Any]:
    mounts = [{"name": GPU_SCRIPT, "mountPath": settings.DISCOVERY.rpartition("/")[0], "readOnly": True}]
    return {
        **_pod(executor, around, labels),
        "affinity": _on_spot() if executor.pool is None else only_on([executor.pool]),
        "terminationGracePeriodSeconds": _NOTICE_S,
        **({"volumeMounts": mounts} if executor.gpus else {}),
    }


def _pod(size: Driver | Executor, around: Surroundings, labels: Mapping[str, str]) -> dict[str, Any]:
    """What driver and executors have in common. The operator's webhook puts it into their pods."""
    pools = [] if size.pool is None or size.pool not in around.pools else [around.pools[size.pool]]
    endures = tolerations(pools)
    keys = around.lake is not None and around.lake.endpoint is not None
    return {
        "serviceAccount": ACCOUNT,
        "cores": size.cores,
        "memory": settings.heap(size.memory),
        "memoryOverhead": settings.overhead(size.memory),
        "labels": dict(labels),
        **({"tolerations": endures} if endures else {}),
        **({"env": _keys(around.namespace)} if keys else {}),
        "podSecurityContext": {
            "runAsNonRoot": True,
            "runAsUser": _SPARK,
            "runAsGroup": _SPARK,
            "fsGroup": _SPARK,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }


def _keys(namespace: str) -> list[dict[str, Any]]:
    """The keys of the namespace's user of a lake on Ceph."""
    secret = ceph.secret(namespace)
    pairs = {"AWS_ACCESS_KEY_ID": "AccessKey", "AWS_SECRET_ACCESS_KEY": "SecretKey"}
    return [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for variable, key in pairs.items()
    ]


def _steady() -> dict[str, Any]:
    """Any node but spot ones."""
    rules = [{"key": key, "operator": "NotIn", "values": [value]} for key, value in _SPOT.items()]
    terms = {"nodeSelectorTerms": [{"matchExpressions": rules}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _on_spot() -> dict[str, Any]:
    """Spot nodes rather than others."""
    wishes = [
        {
            "weight": 50,
            "preference": {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]},
        }
        for key, value in _SPOT.items()
    ]
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": wishes}}
