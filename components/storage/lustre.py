"""An FSx for Lustre file system at AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components.storage import lustre_settings
from components.storage.file_keys import FileKeyArgs, file_key
from infra import naming
from infra.environment.storage.lustre import Link, Lustre
from infra.handles import ClusterHandle, LustreHandle, NetworkHandle, ObjectStore
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "lustre"
_LOG_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class LustreArgs:
    """What a file system needs."""

    scope: Scope
    place: Place
    name: str
    """Its name in the environment file."""
    lustre: Lustre
    zone: str
    network: NetworkHandle
    cluster: ClusterHandle
    lake: ObjectStore | None = None
    """What its links lead to; None where it has none."""
    fabrics: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Security groups of the EFA interfaces of the pools in its zone, by pool; only used with `efa`."""


class LustreFileSystem(pulumi.ComponentResource):
    """A file system with its key, its door, and its links to the lake.

    It knows nothing of the pools but their security groups, which are in rules beside it: whatever happens to
    pools, the file system stays as it is.
    """

    handle: LustreHandle

    def __init__(self, name: str, args: LustreArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:LustreFileSystem", name, {}, opts)
        self._name, self._args = name, args
        group = self._group()
        among, nodes = self._among_servers(group), self._for_nodes(group)
        key = self._key() if args.lustre.persistent or args.lustre.link else None
        system = self._system(group, among, key)
        links = [self._link(link, system) for link in args.lustre.link]
        self.handle = LustreHandle(
            id=system.id,
            dns_name=system.dns_name,
            mount_name=system.mount_name,
            capacity=lustre_settings.shown_capacity(args.lustre),
            ready=(*among, *nodes, *links, *self._fabric_rules(group)),
        )
        self.register_outputs({"file_system_id": system.id})

    def _group(self) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            self._name,
            name=naming.physical(self._args.scope.environment, "lustre", self._args.name, limit=255),
            description=f"The file system {self._args.name}",
            vpc_id=self._args.network.vpc_id,
            tags=self._tags(),
            opts=self._child(),
        )

    def _among_servers(self, group: aws.ec2.SecurityGroup) -> list[pulumi.Resource]:
        """Servers talk by Lustre's ports; with EFA anything goes among them.

        FSx looks at these rules when it makes the file system, so they come before it:
        https://docs.aws.amazon.com/fsx/latest/LustreGuide/cannot-create-fs.html
        """
        everything = self._everything("servers", group.id, group.id) if self._args.lustre.efa else []
        return [*self._ports("servers", group, group.id), *everything]

    def _for_nodes(self, group: aws.ec2.SecurityGroup) -> list[pulumi.Resource]:
        """Nodes come in by Lustre's ports.

        Their group is the cluster's, which the file system does not wait for: it takes as long to make.
        """
        return self._ports("nodes", group, self._args.cluster.security_group_id)

    def _ports(
        self, whose: str, group: aws.ec2.SecurityGroup, peer: pulumi.Output[str]
    ) -> list[pulumi.Resource]:
        """Lustre's ports, to and from another group or the group itself."""
        return [
            kind(
                f"{self._name}-{whose}-{first}",
                security_group_id=group.id,
                referenced_security_group_id=peer,
                ip_protocol="tcp",
                from_port=first,
                to_port=last,
                description=f"Lustre {way} {whose}",
                tags=self._tags(),
                opts=self._child(),
            )
            for first, last in lustre_settings.PORTS
            for kind, way in (
                (aws.vpc.SecurityGroupIngressRule, "from"),
                (aws.vpc.SecurityGroupEgressRule, "to"),
            )
        ]

    def _everything(
        self, whose: str, group: pulumi.Input[str], peer: pulumi.Input[str]
    ) -> list[pulumi.Resource]:
        """All traffic between a group and another, or its own members, which is what EFA wants."""
        return [
            kind(
                f"{self._name}-fabric-{whose}",
                security_group_id=group,
                referenced_security_group_id=peer,
                ip_protocol="-1",
                description=f"EFA {way} {whose}",
                tags=self._tags(),
                opts=self._child(),
            )
            for kind, way in (
                (aws.vpc.SecurityGroupIngressRule, "from"),
                (aws.vpc.SecurityGroupEgressRule, "to"),
            )
        ]

    def _fabric_rules(self, group: aws.ec2.SecurityGroup) -> list[pulumi.Resource]:
        """Lets the EFA interfaces of pools and the file system's reach each other, from both sides."""
        if not self._args.lustre.efa:
            return []
        return [
            rule
            for pool, fabric in self._args.fabrics.items()
            for rule in (
                *self._everything(f"pool-{pool}", group.id, fabric),
                *self._everything(f"of-{pool}", fabric, group.id),
            )
        ]

    def _key(self) -> aws.kms.Key:
        linked = bool(self._args.lustre.link)
        args = FileKeyArgs(
            scope=self._args.scope,
            place=self._args.place,
            parts=("lustre", self._args.name),
            description=f"The file system {self._args.name} of {self._args.scope.environment}",
            component=_COMPONENT,
            log_group=self._log_group_name if linked else None,
            protect=self._kept,
        )
        return file_key(self._name, args, self)

    def _system(
        self,
        group: aws.ec2.SecurityGroup,
        rules: list[pulumi.Resource],
        key: aws.kms.Key | None,
    ) -> aws.fsx.LustreFileSystem:
        lustre = self._args.lustre
        return aws.fsx.LustreFileSystem(
            self._name,
            subnet_ids=self._args.network.private[self._args.zone],
            security_group_ids=[group.id],
            kms_key_id=key.arn if key is not None and lustre.persistent else None,
            log_configuration=self._logs(key) if key is not None and lustre.link else None,
            **lustre_settings.settings(lustre),
            tags=self._tags(),
            final_backup_tags=self._tags() if lustre.persistent else None,
            opts=pulumi.ResourceOptions(parent=self, protect=self._kept, depends_on=rules),
        )

    def _logs(self, key: aws.kms.Key) -> dict[str, pulumi.Input[str]]:
        """Where FSx tells of files that it could not read from the lake or write to it."""
        group = aws.cloudwatch.LogGroup(
            self._name,
            name=self._log_group_name,
            retention_in_days=_LOG_DAYS,
            kms_key_id=key.arn,
            tags=self._tags(),
            opts=self._child(),
        )
        return {"destination": group.arn, "level": "WARN_ERROR"}

    def _link(self, link: Link, system: aws.fsx.LustreFileSystem) -> aws.fsx.DataRepositoryAssociation:
        if self._args.lake is None:
            raise ValueError(f"the file system {self._args.name} is linked to no lake: it was never checked")
        bucket, prefix = lustre_settings.repository(link, self._args.lake.buckets)
        return aws.fsx.DataRepositoryAssociation(
            f"{self._name}-{link.claim}",
            file_system_id=system.id,
            file_system_path=link.folder,
            data_repository_path=pulumi.Output.concat("s3://", bucket, "/", prefix),
            batch_import_meta_data_on_create=True,
            s3=lustre_settings.events(link),
            tags=self._tags(),
            opts=self._child(),
        )

    @property
    def _kept(self) -> bool:
        return self._args.lustre.keep == "retain"

    @property
    def _log_group_name(self) -> str:
        return lustre_settings.log_group(self._args.scope.environment, self._args.name)

    def _tags(self) -> dict[str, str]:
        name = naming.physical(self._args.scope.environment, "lustre", self._args.name, limit=255)
        return self._args.scope.tags(_COMPONENT, name=name)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
