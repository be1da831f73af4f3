"""A team's part of pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac

from components.data.pipelines import team_manifests as manifests
from components.data.pipelines.argo import COMPONENT
from components.data.pipelines.team_manifests import At
from components.data.pipelines.templates import OBJECTS_ACCOUNT, SEMAPHORES
from infra.environment.teams import PHASES
from infra.handles import TeamSpace
from infra.labels import Scope

_RBAC: Final = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class TeamPipelinesArgs:
    """What a team's part needs."""

    scope: Scope
    team: str
    space: TeamSpace
    groups: tuple[str, ...]
    """The Kubernetes groups of its members."""
    account: str
    """The service account, in each of its namespaces, that steps run as; it is there."""
    at: At | None = None
    """Where artifacts go; None: there is no lake, and steps pass on nothing."""
    bucket: pulumi.Input[str] = ""
    """The bucket that they are in."""
    semaphores: Mapping[str, int] = field(default_factory=dict)
    after: tuple[pulumi.Resource, ...] = ()
    """Argo Workflows, which outlives it."""


class TeamPipelines(pulumi.ComponentResource):
    """In each of a team's namespaces: where artifacts go, semaphores, and who may do what.

    Steps run as the account that has the team's part of the lake; all that it may do in the cluster is to
    tell what it made. Steps that make objects run as another, which has nothing of the lake.
    """

    def __init__(self, name: str, args: TeamPipelinesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:TeamPipelines", name, {}, opts)
        self._name, self._args = name, args
        for phase, namespace in zip(PHASES, args.space.namespaces, strict=True):
            self._config(namespace)
            core.ServiceAccount(
                f"{name}-{namespace}",
                metadata=self._metadata(OBJECTS_ACCOUNT, namespace),
                automount_service_account_token=False,
                opts=self._child(),
            )
            both = [_account(one, namespace) for one in (args.account, OBJECTS_ACCOUNT)]
            self._allow(namespace, manifests.RESULTS, both)
            self._allow(namespace, manifests.OBJECTS, both[1:])
            self._allow(namespace, manifests.MEMBERS, self._members())
            if phase == "serving":
                makers = [_account(OBJECTS_ACCOUNT, one) for one in args.space.namespaces]
                self._allow(namespace, manifests.DEPLOY, makers)
        self._readers()
        self.register_outputs({})

    def _config(self, namespace: str) -> None:
        args = self._args
        core.ConfigMap(
            f"{self._name}-{namespace}-{SEMAPHORES}",
            metadata=self._metadata(SEMAPHORES, namespace),
            data=manifests.semaphores(args.semaphores),
            opts=self._child(),
        )
        if args.at is None:
            return
        at = args.at
        entry = pulumi.Output.from_input(args.bucket).apply(
            lambda bucket: manifests.repository(at, bucket, namespace)
        )
        core.ConfigMap(
            f"{self._name}-{namespace}-{manifests.REPOSITORIES}",
            metadata={
                **self._metadata(manifests.REPOSITORIES, namespace),
                "annotations": manifests.DEFAULT_REPOSITORY,
            },
            data={"lake": entry},
            opts=self._child(),
        )

    def _allow(self, namespace: str, role: str, subjects: list[dict[str, str]]) -> None:
        rbac.RoleBinding(
            f"{self._name}-{namespace}-{role.removeprefix('mlcluster-')}",
            metadata=self._metadata(role, namespace),
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": role},
            subjects=subjects,
            opts=self._child(),
        )

    def _readers(self) -> None:
        """Members see the templates that all teams share."""
        rbac.ClusterRoleBinding(
            f"{self._name}-templates",
            metadata={
                "name": f"{manifests.READERS}-{self._args.team}",
                "labels": self._args.scope.labels(COMPONENT, self._args.team),
            },
            role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": manifests.READERS},
            subjects=self._members(),
            opts=self._child(),
        )

    def _members(self) -> list[dict[str, str]]:
        return [{"api_group": _RBAC, "kind": "Group", "name": group} for group in self._args.groups]

    def _metadata(self, name: str, namespace: str) -> dict[str, Any]:
        labels = self._args.scope.labels(COMPONENT, self._args.team)
        return {"name": name, "namespace": namespace, "labels": labels}

    def _child(self) -> pulumi.ResourceOptions:
        before = [*self._args.space.ready, *self._args.after]
        return pulumi.ResourceOptions(parent=self, depends_on=before)


def _account(name: str, namespace: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
