"""Backups of the teams' namespaces and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core

from components import ingress
from components.charts import Chart, ChartArgs, ChartSite
from components.identity import PodIdentity, PodIdentityArgs
from components.storage import backup_manifests as manifests
from components.storage import ceph_objects as objects
from components.storage.custom import custom
from infra import deadlines
from infra.environment.storage.backup import Backup
from infra.handles import ClusterHandle, ObjectStore, TeamSpace
from infra.labels import Scope
from infra.places import Place

_COMPONENT: Final = "backup"
_ANY_REGION: Final = "us-east-1"
"""What is said to an object store on Ceph, which has no regions but wants one in signatures."""


@dataclass(frozen=True, kw_only=True)
class AtAws:
    """What it takes to let Velero into a lake on S3."""

    place: Place
    cluster: ClusterHandle


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """What backups need."""

    scope: Scope
    backup: Backup
    lake: ObjectStore
    aws: AtAws | None
    """None where the lake is on Ceph."""
    teams: Mapping[str, TeamSpace]
    """Whose namespaces are backed up."""
    after: tuple[pulumi.Resource, ...]
    """What takes snapshots, and on Ceph the lake; all outlive it."""
    charts: ChartSite = field(default_factory=ChartSite)
    """Where charts come from."""


class Backups(pulumi.ComponentResource):
    """Velero, a place in the lake that it writes to, and a schedule for each team.

    Backups outlive it and the cluster: they are in the lake. On the way down schedules go first, then what
    was still restored, then Velero, then its rights.
    """

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:Backups", name, {}, opts)
        self._name, self._args = name, args
        space = core.Namespace(
            name,
            metadata={
                "name": manifests.NAMESPACE,
                # The agent on each node reads the volumes of pods by the kubelet's folder.
                "labels": {**self._labels(), "pod-security.kubernetes.io/enforce": "privileged"},
            },
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(args.after), custom_timeouts=deadlines.NAMESPACE
            ),
        )
        ways = [ingress.prometheus_to(manifests.METRICS)]
        ingress.closed(name, space, self._labels(), ways, parent=self)
        rights = self._user(space) if args.aws is None else self._role(args.aws)
        velero: pulumi.Resource = Chart(
            "velero",
            ChartArgs(
                chart="velero",
                namespace=manifests.NAMESPACE,
                values=manifests.values(manifests.keys() if args.aws is None else None),
                after=(space, *rights, *args.after),
                site=args.charts,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        own = self._location(manifests.LOCATION, args.scope.environment, [velero], only_read=False)
        for other in args.backup.restore_from:
            self._location(f"from-{other}", other, [velero], only_read=True)
        volumes = self._volume_policies(space)
        for team, place in args.teams.items():
            self._schedule(team, place, [own, volumes])
        self.register_outputs({})

    def _user(self, space: core.Namespace) -> list[pulumi.Resource]:
        """Velero's user of the object store on Ceph, whose part of the lake the lake's own policy says."""
        made = objects.user(
            manifests.USER,
            namespace=manifests.NAMESPACE,
            labels=self._labels(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space, *self._args.after]),
        )
        return [made]

    def _role(self, aws: AtAws) -> list[pulumi.Resource]:
        lake, environment = self._args.lake, self._args.scope.environment
        statements = pulumi.Output.all(bucket=lake.buckets[manifests.ZONE], key_arn=lake.key_arn).apply(
            lambda known: manifests.rights(
                aws.place, **known, environment=environment, others=self._args.backup.restore_from
            )
        )
        identity = PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=self._args.scope,
                place=aws.place,
                cluster=aws.cluster,
                namespace=manifests.NAMESPACE,
                service_account=manifests.SERVICE_ACCOUNT,
                role="backup",
                description="Backups of namespaces and volumes in the lake",
                component=_COMPONENT,
                statements=statements,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        return list(identity.rights)

    def _location(
        self, name: str, environment: str, after: list[pulumi.Resource], *, only_read: bool
    ) -> pulumi.Resource:
        aws, lake = self._args.aws, self._args.lake
        spec = manifests.location(
            lake.buckets[manifests.ZONE],
            environment,
            region=_ANY_REGION if aws is None else aws.place.region,
            endpoint=lake.endpoint,
            only_read=only_read,
        )
        return self._custom("BackupStorageLocation", name, spec, after)

    def _volume_policies(self, space: core.Namespace) -> pulumi.Resource:
        made: pulumi.Resource = core.ConfigMap(
            self._name,
            metadata={
                "name": manifests.VOLUMES,
                "namespace": manifests.NAMESPACE,
                "labels": self._labels(),
            },
            data={"policies.yaml": manifests.volume_policies()},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )
        return made

    def _schedule(self, team: str, space: TeamSpace, after: list[pulumi.Resource]) -> None:
        spec = manifests.schedule(self._args.backup, manifests.LOCATION, space.namespaces)
        self._custom("Schedule", team, spec, [*after, *space.ready], team)

    def _custom(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        after: list[pulumi.Resource],
        team: str | None = None,
    ) -> pulumi.Resource:
        return custom(
            f"{self._name}-{kind}-{name}",
            manifests.API,
            kind,
            metadata={"name": name, "namespace": manifests.NAMESPACE, "labels": self._labels(team)},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _labels(self, team: str | None = None) -> dict[str, str]:
        return self._args.scope.labels(_COMPONENT, team=team)
