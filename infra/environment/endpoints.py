"""Which AWS services an environment has to reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from infra.environment.model import Environment

_ALWAYS: Final = ("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sts")
"""What nodes and their add-ons call; S3, which holds the layers of images, has its gateway:
https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""


def _has_karpenter(env: Environment) -> bool:
    return any(pool.scaling == "karpenter" for pool in env.pools.values())


def _has_autoscaler(env: Environment) -> bool:
    return any(pool.scaling == "managed" and pool.min != pool.max for pool in env.pools.values())


def _has_storage(kind: str) -> Callable[[Environment], bool]:
    return lambda env: bool(getattr(env.storage, kind, None))


_SOME: Final[Mapping[str, Callable[[Environment], bool]]] = MappingProxyType(
    {
        # https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/#private-clusters
        # https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md
        "autoscaling": _has_autoscaler,
        "sqs": _has_karpenter,
        "ssm": _has_karpenter,
        "fsx": _has_storage("lustre"),
        "elasticfilesystem": _has_storage("shared"),
        "glue": _has_storage("catalog"),
        "secretsmanager": lambda env: env.secrets is not None,
        # https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-and-interface-VPC.html
        "aps-workspaces": lambda env: env.monitoring is not None and env.monitoring.remote_write is not None,
        "monitoring": lambda env: env.monitoring is not None and bool(env.storage.lustre),
    }
)
"""What only some environments call."""


def needed(env: Environment) -> tuple[str, ...]:
    """Services that nothing works without, sorted."""
    return tuple(sorted((*_ALWAYS, *(name for name, asks in _SOME.items() if asks(env)))))


def endpoints(env: Environment) -> tuple[str, ...]:
    """Services that the environment's network has interface endpoints for.

    Those that its file names; where it names none, all that are needed and cannot be reached otherwise.
    """
    if env.network is None:
        return ()
    if env.network.endpoints is not None:
        return env.network.endpoints
    return needed(env) if env.network.is_cut_off else ()
