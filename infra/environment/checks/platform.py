"""What each platform needs, and what it would ignore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.section import Section
from infra.problems import ABSENT, Problem

_REQUIRED: Final[Mapping[str, Mapping[str, str]]] = {
    "aws": {
        "aws:region": "the region, such as us-east-1, under config",
        "account": 'the number of the only account that may be touched, such as "111122223333"',
        "cluster.version": 'a Kubernetes version, such as "1.35"',
    },
    "kubernetes": {"cluster.context": "the context in the kubeconfig that leads to the existing cluster"},
}
_ONLY: Final[Mapping[str, Sequence[str]]] = {
    "aws": (
        *("aws:region", "account", "data", "network", "pools", "storage.lake", "budget"),
        *("state", "storage.registry", "storage.catalog"),
        *("storage.lustre", "storage.shared", "storage.block", "storage.mounts", "storage.scratch"),
        *("cluster.version", "cluster.api_access", "cluster.admins", "cluster.log_retention"),
        *("cluster.oidc", "cluster.hosted_zones", "cluster.zonal_shift"),
        *("domain.hosted_zone", "domain.private"),
        *("monitoring.remote_write", "costs.prices"),
        *("spark.history", "spark.managed"),
    ),
    "kubernetes": ("cluster.context", "cluster.nodes", "costs.rates"),
}


_NEED_A_CLUSTER: Final = (
    *("network", "pools", "teams", "data", "domain", "certificates", "secrets", "mesh"),
    *("mirror", "extra_values"),
    "kafka",
    "pipelines",
    "spark",
)
"""Fields that say nothing without a cluster."""


def _required(environment: Environment) -> Iterator[Problem]:
    """What each platform cannot do without."""
    for path, words in _REQUIRED[environment.platform].items():
        section, _ = _owner(environment, path)
        if section is not None and not _says(environment, path):
            yield Problem(
                path, ABSENT, f"is missing, which platform {environment.platform} needs", f"write {words}"
            )


def _of_the_platform(environment: Environment) -> Iterator[Problem]:
    """Nothing is written that the platform would ignore."""
    for platform, paths in _ONLY.items():
        for path in paths:
            if platform != environment.platform and _says(environment, path):
                yield Problem(
                    path,
                    ABSENT,
                    f"is only for platform {platform}",
                    f"remove it, or write platform: {platform}",
                )


def _says(environment: Environment, path: str) -> bool:
    """Whether the file says something at a path of at most a section and a field."""
    section, field = _owner(environment, path)
    return section is not None and field in section.model_fields_set and bool(getattr(section, field))


def _owner(environment: Environment, path: str) -> tuple[Section | None, str]:
    """The section that a path's last field is in, if the environment has it, and that field."""
    section, _, field = path.removeprefix("aws:").rpartition(".")
    return (getattr(environment, section) if section else environment), field


def _something(environment: Environment) -> Iterator[Problem]:
    """A stack has a cluster, or data to keep; what a cluster is made of does not come without it."""
    if environment.cluster is not None:
        return
    if environment.storage.lake is None:
        hint = "write a cluster, or storage.lake for a stack that only keeps data"
        yield Problem("cluster", ABSENT, "is missing, and there is no storage.lake either", hint)
    for path in _NEED_A_CLUSTER:
        if _says(environment, path):
            yield Problem(path, ABSENT, "needs a cluster", f"write the cluster, or remove {path}")


CHECKS: Final = (
    check(_required, "platform"),
    check(_of_the_platform, "platform"),
    check(_something, "cluster", "storage"),
)
