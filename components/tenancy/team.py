"""A team's place in a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components.tenancy import access, manifests
from components.tenancy.leaving import Leaving, LeavingArgs
from infra import deadlines, iam, naming
from infra.environment import teams
from infra.environment.pools.devices import Devices
from infra.environment.storage.mounts import Mount
from infra.environment.teams import PHASES, Phase, Quota
from infra.handles import ClusterHandle, ObjectStore
from infra.labels import LEAVING_LABEL, PHASE_LABEL, Scope
from infra.mesh import Membership
from infra.places import Place

_COMPONENT = "team"
_BUDGET_ANNOTATION = "mlcluster.io/monthly-budget-usd"
_ROLE = "member"


@dataclass(frozen=True, kw_only=True)
class LakeAccess:
    """What it takes to let pods into the lake."""

    place: Place
    cluster: ClusterHandle
    lake: ObjectStore
    mounts: tuple[Mount, ...] = ()
    """Parts of the lake that all teams can mount, and so read."""


@dataclass(frozen=True, kw_only=True)
class TeamArgs:
    """What a team's place needs."""

    scope: Scope
    name: str
    """The team's name in the environment file."""
    team: teams.Team
    devices: Devices = field(default_factory=Devices)
    """What nodes offer besides GPUs: the team has none of it but what its quota says."""
    mesh: Membership | None = None
    """How its namespaces are part of the mesh; None where there is none."""
    lake: LakeAccess | None = None
    """None where there is no lake, or no AWS."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must still run while namespaces are emptied: the drivers that delete volumes, and their nodes."""


class Team(pulumi.ComponentResource):
    """Three namespaces for a team: to explore, to train and to serve, with its quota shared among them.

    Pods of other teams cannot reach in, members cannot lift their own limits, and pods that run under the
    service account `workload` have the team's prefix of the lake and nothing else.

    Of a team that is leaving, namespaces stay with all that is in them, but nobody gets in, and no pod runs.
    """

    namespaces: tuple[str, ...]

    def __init__(self, name: str, args: TeamArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:tenancy:Team", name, {}, opts)
        self._name, self._args = name, args
        self.namespaces = tuple(manifests.namespace(args.name, phase) for phase in PHASES)
        limits = []
        for phase, share in args.team.split().items():
            space = self._namespace(phase)
            limits.append(self._limits(space, phase, share))
            self._network_policies(space, phase)
            self._members(space, phase)
            self._service_account(space, phase)
        if args.team.offboard:
            self._leaving(limits)
        elif args.lake is not None:
            self._lake_access(args.lake)
        self.register_outputs({"namespaces": list(self.namespaces)})

    def _namespace(self, phase: Phase) -> core.Namespace:
        budget = self._args.team.budget
        return core.Namespace(
            f"{self._name}-{phase}",
            metadata={
                "name": manifests.namespace(self._args.name, phase),
                "labels": {
                    **self._labels(),
                    PHASE_LABEL: phase,
                    **manifests.security_labels(phase),
                    **({LEAVING_LABEL: "true"} if self._args.team.offboard else {}),
                    **({} if self._args.mesh is None else self._args.mesh.labels),
                },
                **({} if budget is None else {"annotations": {_BUDGET_ANNOTATION: f"{budget:.2f}"}}),
            },
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(self._args.after), custom_timeouts=deadlines.NAMESPACE
            ),
        )

    def _limits(self, space: core.Namespace, phase: Phase, share: Quota) -> core.ResourceQuota:
        hard = manifests.quota(share, self._args.devices)
        quota = core.ResourceQuota(
            f"{self._name}-{phase}",
            metadata=self._metadata(space, "team"),
            spec={"hard": manifests.leaving_quota(hard) if self._args.team.offboard else hard},
            opts=self._child(),
        )
        core.LimitRange(
            f"{self._name}-{phase}",
            metadata=self._metadata(space, "defaults"),
            spec={"limits": [manifests.container_defaults(share)]},
            opts=self._child(),
        )
        return quota

    def _network_policies(self, space: core.Namespace, phase: Phase) -> None:
        for name, spec in manifests.network_policies(self._args.name, self._args.mesh).items():
            networking.NetworkPolicy(
                f"{self._name}-{phase}-{name}",
                metadata=self._metadata(space, name),
                spec=spec,
                opts=self._child(),
            )

    def _members(self, space: core.Namespace, phase: Phase) -> None:
        rbac.Role(
            f"{self._name}-{phase}",
            metadata=self._metadata(space, _ROLE),
            rules=manifests.member_rules(),
            opts=self._child(),
        )
        groups = manifests.member_groups(self._args.name, self._args.team)
        if not groups:
            return
        rbac.RoleBinding(
            f"{self._name}-{phase}",
            metadata=self._metadata(space, _ROLE),
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": _ROLE},
            subjects=[
                {"api_group": "rbac.authorization.k8s.io", "kind": "Group", "name": group} for group in groups
            ],
            opts=self._child(),
        )

    def _service_account(self, space: core.Namespace, phase: Phase) -> None:
        core.ServiceAccount(
            f"{self._name}-{phase}",
            metadata=self._metadata(space, access.SERVICE_ACCOUNT),
            # Few workloads speak to the Kubernetes API; those that do say so in their pods.
            automount_service_account_token=False,
            opts=self._child(),
        )

    def _leaving(self, limits: list[core.ResourceQuota]) -> None:
        """Stops what runs, once nothing can take its place."""
        args = LeavingArgs(
            scope=self._args.scope, team=self._args.name, namespaces=self.namespaces, after=tuple(limits)
        )
        Leaving(f"{self._name}-leaving", args, self._child())

    def _lake_access(self, lake: LakeAccess) -> None:
        tags = self._args.scope.tags(_COMPONENT, team=self._args.name)
        role = aws.iam.Role(
            self._name,
            name=naming.team_role(self._args.scope.environment, self._args.name),
            description=f"Pods of the team {self._args.name}",
            assume_role_policy=iam.pod_identity_trust(
                lake.cluster.name, self.namespaces, access.SERVICE_ACCOUNT
            ),
            tags=tags,
            opts=self._child(),
        )
        policy = pulumi.Output.all(buckets=lake.lake.buckets, key_arn=lake.lake.key_arn).apply(
            lambda known: access.lake_policy(lake.place, self._args.name, **known, mounts=lake.mounts)
        )
        permission = aws.iam.RolePolicy(
            self._name, name="lake", role=role.name, policy=policy, opts=self._child()
        )
        for phase in PHASES:
            aws.eks.PodIdentityAssociation(
                f"{self._name}-{phase}",
                cluster_name=lake.cluster.id,
                namespace=manifests.namespace(self._args.name, phase),
                service_account=access.SERVICE_ACCOUNT,
                role_arn=role.arn,
                tags=tags,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
            )

    def _metadata(self, space: core.Namespace, name: str) -> dict[str, object]:
        return {"name": name, "namespace": space.metadata.name, "labels": self._labels()}

    def _labels(self) -> dict[str, str]:
        return self._args.scope.labels(_COMPONENT, team=self._args.name)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
