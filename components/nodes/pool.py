"""A pool of nodes of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.nodes import fabric, from_zero, group, start_up, template
from infra import naming
from infra.environment.pools import Pool
from infra.environment.pools.groups import Group, groups
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import POOL_LABEL, Scope

_COMPONENT: Final = "nodes"


@dataclass(frozen=True, kw_only=True)
class NodePoolArgs:
    """What a pool needs."""

    scope: Scope
    name: str
    """Its name in the environment file."""
    pool: Pool
    cluster: ClusterHandle
    network: NetworkHandle
    role_arn: pulumi.Output[str]
    after: tuple[pulumi.Resource, ...] = ()
    """What nodes need to join and to leave: the role's policies, ways out, per-node add-ons."""


class NodePool(pulumi.ComponentResource):
    """Managed node groups, mostly one, with a launch template of their own.

    The number of nodes is only set at creation (to the pool's `min`); from then on it is the autoscaler's.
    """

    fabric: pulumi.Output[str] | None
    """The security group of its EFA interfaces; None without EFA."""

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:NodePool", name, {}, opts)
        self._name, self._args = name, args
        group_of_efa, rules = self._fabric() if args.pool.efa_interfaces else (None, [])
        self.fabric = None if group_of_efa is None else group_of_efa.id
        launch = self._launch_template(group_of_efa)
        for part in groups(args.pool, tuple(args.network.private)):
            made = self._node_group(part, launch, after=[*args.after, *rules])
            if part.min == 0:
                self._describe_to_autoscaler(part, made)
        self.register_outputs({})

    def _fabric(self) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """The group that lets EFA through, and its rules."""
        return fabric.security_group(
            self._name,
            environment=self._args.scope.environment,
            vpc_id=self._args.network.vpc_id,
            tags=self._tags("fabric"),
            opts=self._child(),
        )

    def _placement(self) -> dict[str, Any]:
        """A group of instances close together in the network, where the pool asks for it."""
        together = fabric.placement_group(
            self._name,
            self._args.pool,
            environment=self._args.scope.environment,
            tags=self._tags("placement"),
            opts=self._child(),
        )
        return {} if together is None else {"placement": {"group_name": together.name}}

    def _launch_template(self, group_of_efa: aws.ec2.SecurityGroup | None) -> aws.ec2.LaunchTemplate:
        pool, tags = self._args.pool, self._tags()
        return aws.ec2.LaunchTemplate(
            self._name,
            name=naming.physical(self._args.scope.environment, "pool", self._args.name, limit=128),
            description=f"Nodes of the pool {self._args.name}",
            update_default_version=True,
            metadata_options=dict(template.METADATA),
            block_device_mappings=template.disks(pool),
            network_interfaces=None
            if group_of_efa is None
            else template.network_interfaces(pool, self._args.cluster.security_group_id, group_of_efa.id),
            user_data=start_up.user_data(pool, self._args.network.addresses),
            tag_specifications=template.tag_specifications(tags),
            tags=tags,
            opts=self._child(),
            **template.bought(pool),
            **self._placement(),
        )

    def _node_group(
        self, part: Group, launch: aws.ec2.LaunchTemplate, after: list[pulumi.Resource]
    ) -> aws.eks.NodeGroup:
        args, private = self._args, self._args.network.private
        return aws.eks.NodeGroup(
            part.name(self._name),
            cluster_name=args.cluster.id,
            # A prefix: many changes replace the group, and the new one stands before the old one goes.
            node_group_name_prefix=naming.prefix(args.scope.environment, *part.parts(args.name)),
            version=args.cluster.version,
            node_role_arn=args.role_arn,
            subnet_ids=[private[zone] for zone in part.zones],
            launch_template={"id": launch.id, "version": launch.latest_version.apply(str)},
            labels={POOL_LABEL: args.name, **args.pool.effective_labels, **from_zero.labels(args.pool)},
            tags=self._tags(),
            opts=self._child(depends_on=after, ignore_changes=["scalingConfig.desiredSize"]),
            **group.settings(args.pool, part),
        )

    def _describe_to_autoscaler(self, part: Group, made: aws.eks.NodeGroup) -> None:
        """Tags on the group's Auto Scaling group, which EKS' own tags do not reach."""
        scaled = made.resources.apply(lambda found: str(found[0].autoscaling_groups[0].name))
        for key, value in from_zero.tags(self._args.pool).items():
            aws.autoscaling.Tag(
                f"{part.name(self._name)}-{key.rpartition('/resources/')[2]}",
                autoscaling_group_name=scaled,
                tag={"key": key, "value": value, "propagate_at_launch": False},
                opts=self._child(),
            )

    def _tags(self, *parts: str) -> dict[str, str]:
        name = "-".join((naming.physical(self._args.scope.environment), self._args.name, *parts))
        return self._args.scope.tags(_COMPONENT, name=name)

    def _child(
        self, depends_on: list[pulumi.Resource] | None = None, ignore_changes: list[str] | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on, ignore_changes=ignore_changes)
