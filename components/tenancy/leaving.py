"""What stops the pods of a team that is leaving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac

from components.scheduling import CRITICAL, resources
from infra import naming
from infra.catalog.images import image
from infra.labels import Scope

_COMPONENT: Final = "team"
_HOME: Final = "kube-system"
"""Where it runs: in the team's own namespaces no pod does any more."""
_NAME: Final = "leaving"
_VERBS: Final = ("get", "list", "delete", "deletecollection")


@dataclass(frozen=True, kw_only=True)
class LeavingArgs:
    """Whose pods, and where."""

    scope: Scope
    team: str
    namespaces: tuple[str, ...]
    after: tuple[pulumi.Resource, ...]
    """The quotas that let no pod take the place of one that is stopped."""


class Leaving(pulumi.ComponentResource):
    """A job that deletes the pods in a team's namespaces, once, and nothing else.

    Deployments, stateful sets, jobs and claims stay as they are: they make no pod that the quota lets in.
    """

    def __init__(self, name: str, args: LeavingArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:tenancy:Leaving", name, {}, opts)
        self._name, self._args = name, args
        account = naming.physical(args.scope.environment, _NAME, args.team)
        who = core.ServiceAccount(
            name, metadata=self._metadata(account, _HOME), opts=pulumi.ResourceOptions(parent=self)
        )
        rights = [self._right(namespace, account) for namespace in args.namespaces]
        batch.Job(
            name,
            metadata=self._metadata(account, _HOME),
            spec=job_spec(account, args.namespaces),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[who, *rights, *args.after]),
        )
        self.register_outputs({})

    def _right(self, namespace: str, account: str) -> pulumi.Resource:
        opts = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
        rbac.Role(
            f"{self._name}-{namespace}",
            metadata=self._metadata(_NAME, namespace),
            rules=[{"apiGroups": [""], "resources": ["pods"], "verbs": list(_VERBS)}],
            opts=opts,
        )
        made: pulumi.Resource = rbac.RoleBinding(
            f"{self._name}-{namespace}",
            metadata=self._metadata(_NAME, namespace),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": _NAME},
            subjects=[{"kind": "ServiceAccount", "name": account, "namespace": _HOME}],
            opts=opts,
        )
        return made

    def _metadata(self, name: str, namespace: str) -> dict[str, Any]:
        labels = self._args.scope.labels(_COMPONENT, team=self._args.team)
        return {"name": name, "namespace": namespace, "labels": labels}


def job_spec(account: str, namespaces: Sequence[str]) -> dict[str, Any]:
    """The job: a container for each namespace, for the image of kubectl has no shell."""
    return {
        "backoffLimit": 10,
        "template": {
            "spec": {
                "restartPolicy": "OnFailure",
                "serviceAccountName": account,
                "priorityClassName": CRITICAL,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_stop(namespace) for namespace in namespaces],
            }
        },
    }


def _stop(namespace: str) -> dict[str, Any]:
    return {
        "name": namespace,
        "image": image("kubectl"),
        "args": ["delete", "pods", "--all", f"--namespace={namespace}", "--wait=false"],
        "resources": resources("10m", "64Mi", most="128Mi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
