"""An EFS file system at AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.storage import shared_settings
from components.storage.file_keys import FileKeyArgs, file_key
from infra import naming
from infra.environment.storage.shared import Shared
from infra.handles import ClusterHandle, EfsHandle, NetworkHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "shared"


@dataclass(frozen=True, kw_only=True)
class SharedFileSystemArgs:
    """What a file system needs."""

    scope: Scope
    place: Place
    name: str
    """Its name in the environment file."""
    shared: Shared
    network: NetworkHandle
    cluster: ClusterHandle


class SharedFileSystem(pulumi.ComponentResource):
    """A file system in all zones, encrypted on its disks and on its way, entered by access points alone.

    With `keep: retain` the files, their key, their policy and the homes are protected, and stay should the
    stack go all the same; the mount targets never stay, for they would keep the network.
    """

    handle: EfsHandle

    def __init__(self, name: str, args: SharedFileSystemArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:SharedFileSystem", name, {}, opts)
        self._name, self._args = name, args
        self._retain = args.shared.keep == "retain"
        system = self._system()
        self._guards(system)
        homes = {person: self._home(person, one.uid, system) for person, one in args.shared.people.items()}
        doors = self._mount_targets(system)
        self.handle = EfsHandle(
            id=system.id,
            homes={person: made.id for person, made in homes.items()},
            ready=tuple(doors),
        )
        self.register_outputs({"file_system_id": system.id})

    def _system(self) -> aws.efs.FileSystem:
        args = FileKeyArgs(
            scope=self._args.scope,
            place=self._args.place,
            parts=("shared", self._args.name),
            description=f"The file system {self._args.name} of {self._args.scope.environment}",
            component=_COMPONENT,
            protect=self._retain,
            keep=self._retain,
        )
        return aws.efs.FileSystem(
            self._name,
            encrypted=True,
            kms_key_id=file_key(self._name, args, self).arn,
            **shared_settings.settings(self._args.shared),
            tags=self._tags(),
            opts=pulumi.ResourceOptions.merge(self._staying(), pulumi.ResourceOptions(protect=self._retain)),
        )

    def _guards(self, system: aws.efs.FileSystem) -> None:
        aws.efs.FileSystemPolicy(
            self._name,
            file_system_id=system.id,
            policy=system.arn.apply(lambda arn: shared_settings.policy(self._args.place, arn)),
            opts=self._staying(),
        )
        aws.efs.BackupPolicy(
            self._name,
            file_system_id=system.id,
            backup_policy={"status": "ENABLED" if self._args.shared.backups else "DISABLED"},
            opts=self._staying(),
        )

    def _home(self, person: str, uid: int, system: aws.efs.FileSystem) -> aws.efs.AccessPoint:
        return aws.efs.AccessPoint(
            f"{self._name}-{person}",
            file_system_id=system.id,
            **shared_settings.home(person, uid),
            tags=self._tags(),
            opts=self._staying(),
        )

    def _mount_targets(self, system: aws.efs.FileSystem) -> list[pulumi.Resource]:
        """A door in each zone, which nodes can come in by and nobody else."""
        group = aws.ec2.SecurityGroup(
            self._name,
            name=naming.physical(self._args.scope.environment, "shared", self._args.name, limit=255),
            description=f"The file system {self._args.name}",
            vpc_id=self._args.network.vpc_id,
            tags=self._tags(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        rule = aws.vpc.SecurityGroupIngressRule(
            self._name,
            security_group_id=group.id,
            referenced_security_group_id=self._args.cluster.security_group_id,
            ip_protocol="tcp",
            from_port=shared_settings.PORT,
            to_port=shared_settings.PORT,
            description="NFS from nodes",
            tags=self._tags(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        targets = [
            aws.efs.MountTarget(
                f"{self._name}-{zone}",
                file_system_id=system.id,
                subnet_id=subnet,
                security_groups=[group.id],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for zone, subnet in self._args.network.private.items()
        ]
        return [rule, *targets]

    def _staying(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, retain_on_delete=self._retain)

    def _tags(self) -> dict[str, str]:
        name = naming.physical(self._args.scope.environment, "shared", self._args.name, limit=255)
        return self._args.scope.tags(_COMPONENT, name=name)
