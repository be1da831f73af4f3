"""What teams have of pipelines: plain data in Kubernetes' and Argo's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from components.data.pipelines.templates import TRAIN
from infra import ceph

REPOSITORIES: Final = "artifact-repositories"
"""The ConfigMap where Argo looks by itself for where artifacts go."""
DEFAULT_REPOSITORY: Final = {"workflows.argoproj.io/default-artifact-repository": "lake"}
ZONE: Final = "raw"
"""Zone of the lake that artifacts are in."""
_FOLDER: Final = "{{workflow.namespace}}/{{workflow.name}}/{{pod.name}}"
_TRAININGS: Final = 2
"""Holders of the semaphore `train` where the file says nothing."""

RESULTS: Final = "mlcluster-pipeline-results"
OBJECTS: Final = "mlcluster-pipeline-objects"
DEPLOY: Final = "mlcluster-pipeline-deploy"
MEMBERS: Final = "mlcluster-pipeline-members"
READERS: Final = "mlcluster-pipeline-templates"

_READ: Final = ("get", "list", "watch")
_ALL: Final = ("create", "delete", "deletecollection", *_READ, "patch", "update")

_STEPS_MAKE: Final[Mapping[str, tuple[str, ...]]] = {
    "batch": ("jobs",),
    "sparkoperator.k8s.io": ("sparkapplications",),
    "trainer.kubeflow.org": ("trainjobs",),
}
"""What steps may make in their own namespace, by API group."""
_STEPS_DEPLOY: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("configmaps", "services"),
    "apps": ("deployments",),
    "serving.kserve.io": ("inferenceservices",),
}
"""What steps may make and change where the team's models are at work."""


@dataclass(frozen=True, kw_only=True)
class At:
    """Where in the lake a team's artifacts go."""

    prefix: str
    """The team's part of each bucket; ends in a slash."""
    host: str
    """Where the lake is spoken to, as host and port."""
    region: str | None = None
    """None: it has none."""
    encrypted: bool = True
    """Whether by TLS."""
    pod_role: bool = True
    """Whether pods have a role at AWS; otherwise keys are in the Secret that Ceph makes for a namespace."""


def at_endpoint(prefix: str, endpoint: str) -> At:
    """Where artifacts go in a lake on Ceph."""
    parts = urlsplit(endpoint)
    return At(prefix=prefix, host=parts.netloc, encrypted=parts.scheme == "https", pod_role=False)


def repository(at: At, bucket: str, namespace: str) -> str:
    """The entry of the ConfigMap: https://argo-workflows.readthedocs.io/en/stable/artifact-repository-ref/."""
    s3 = {
        "bucket": bucket,
        "endpoint": at.host,
        **({} if at.region is None else {"region": at.region}),
        "insecure": not at.encrypted,
        # Its own folder for each workflow, within what the team's rights are for.
        "keyFormat": f"{at.prefix}artifacts/{_FOLDER}",
        **({"useSDKCreds": True} if at.pod_role else _keys(ceph.secret(namespace))),
    }
    return yaml.safe_dump({"s3": s3}, sort_keys=False)


def _keys(secret: str) -> dict[str, Any]:
    return {
        "accessKeySecret": {"name": secret, "key": "AccessKey"},
        "secretKeySecret": {"name": secret, "key": "SecretKey"},
    }


def semaphores(given: Mapping[str, int]) -> dict[str, str]:
    """The entries of the ConfigMap that says how many hold a semaphore at once."""
    return {name: str(count) for name, count in sorted({TRAIN: _TRAININGS, **given}.items())}


def roles() -> dict[str, list[dict[str, Any]]]:
    """The rules of ClusterRoles, by name; but for the last they count where a team's bindings say."""
    making = ("create", "delete", *_READ, "patch")
    deploying = ("create", *_READ, "patch", "update")
    own = ("workflows", "workflowtemplates", "cronworkflows")
    seen = ("workflowtaskresults", "workflowtasksets", "workflowartifactgctasks")
    return {
        # What every step may do: tell the controller what it made.
        # https://argo-workflows.readthedocs.io/en/stable/workflow-rbac/
        RESULTS: [_rule("argoproj.io", ("workflowtaskresults",), ("create", "patch"))],
        OBJECTS: [_rule(group, kinds, making) for group, kinds in _STEPS_MAKE.items()],
        DEPLOY: [_rule(group, kinds, deploying) for group, kinds in _STEPS_DEPLOY.items()],
        # Submit and stop workflows and keep templates, and see all that comes of them.
        MEMBERS: [_rule("argoproj.io", own, _ALL), _rule("argoproj.io", seen, _READ)],
        READERS: [_rule("argoproj.io", ("clusterworkflowtemplates",), _READ)],
    }


def _rule(group: str, kinds: tuple[str, ...], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": list(kinds), "verbs": list(verbs)}
