"""What cached datasets are made of: Helm values and custom resources, in Fluid's own terms."""

from __future__ import annotations

from typing import Any, Final

from infra import ceph
from infra.environment.storage.cache import Dataset
from infra.units import quantity_bytes

API: Final = "data.fluid.io/v1alpha1"
OPERATOR: Final = "fluid-system"
"""Fluid's own namespace, which its chart takes for granted."""
WEBHOOK: Final = 9443
METRICS: Final = 8080
"""Ports of Fluid's pods: https://github.com/fluid-cloudnative/fluid/blob/master/cmd/webhook/app/webhook.go"""
NAMESPACE: Final = "dataset-cache"
"""Where caches are. They mount file systems on nodes, which a team's namespaces may not."""

_PATHS: Final = {"memory": "/dev/shm", "disk": "/var/lib/mlcluster/dataset-cache"}  # noqa: S108 - on nodes
_MEDIA: Final = {"memory": "MEM", "disk": "SSD"}
_OWN_NETWORK: Final = {"networkMode": "ContainerNetwork"}


def operator_values() -> dict[str, Any]:
    """Values of the chart `fluid`: of its engines Alluxio, and what shows datasets in other namespaces."""
    return {
        "namespace": OPERATOR,
        "runtime": {"alluxio": {"enabled": True}, "thin": {"enabled": True}},
        "csi": {"enabled": True, "useNodeAuthorization": True},
    }


def user(name: str) -> str:
    """The user of the object store that reads a dataset. No namespace, and so no team's user, has a dot."""
    return f"dataset.{name}"


def dataset(name: str, given: Dataset, bucket: Any, prefix: str, endpoint: str) -> dict[str, Any]:
    """The specification of a Dataset: a part of the lake, read with keys of its own.

    Args:
        name: Its name.
        given: The section.
        bucket: Name of the lake's bucket.
        prefix: What is cached of it; ends in a slash.
        endpoint: Where the lake is spoken to.
    """
    secret = ceph.secret(user(name))
    keys = {"aws.accessKeyId": "AccessKey", "aws.secretKey": "SecretKey"}
    mount = {
        "mountPoint": bucket.apply(lambda known: f"s3://{known}/{prefix}"),
        "name": name,
        "path": "/",
        "readOnly": True,
        # https://docs.alluxio.io/os/user/stable/en/ufs/S3.html
        "options": {
            "alluxio.underfs.s3.endpoint": endpoint,
            "alluxio.underfs.s3.disable.dns.buckets": "true",
            "alluxio.underfs.s3.inherit.acl": "false",
        },
        "encryptOptions": [
            {"name": option, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
            for option, key in keys.items()
        ],
    }
    return {"mounts": [mount], "accessModes": ["ReadOnlyMany"], **_near(given)}


def _near(given: Dataset) -> dict[str, Any]:
    if not given.nodes:
        return {}
    terms = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(given.nodes.items())]
    return {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": terms}]}}}


def runtime(given: Dataset) -> dict[str, Any]:
    """The specification of the AlluxioRuntime that holds a dataset."""
    level = {
        "mediumtype": _MEDIA[given.medium],
        "path": _PATHS[given.medium],
        "quota": quantity_bytes(given.size),
        "high": "0.95",
        "low": "0.7",
    }
    return {
        "replicas": given.workers,
        "tieredstore": {"levels": [level]},
        "master": _OWN_NETWORK,
        "worker": _OWN_NETWORK,
        "fuse": _OWN_NETWORK,
    }


def load(name: str) -> dict[str, Any]:
    """The specification of the DataLoad that fills a cache before anybody asks for it."""
    return {
        "dataset": {"name": name, "namespace": NAMESPACE},
        "loadMetadata": True,
        "target": [{"path": "/"}],
    }


def reference(name: str) -> dict[str, Any]:
    """The specification of a Dataset that is the same one, seen from another namespace."""
    return {"mounts": [{"mountPoint": f"dataset://{NAMESPACE}/{name}", "name": name, "path": "/"}]}
