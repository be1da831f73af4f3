"""A pool of nodes of one kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.nodes import template
from infra import naming
from infra.environment.pools import Pool
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import POOL_LABEL, Scope

_COMPONENT = "nodes"
_CAPACITY = {"on-demand": "ON_DEMAND", "spot": "SPOT"}


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
    """A managed node group with a launch template of its own.

    The number of nodes is only set at creation (to the pool's `min`); from then on it is the autoscaler's.
    """

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:NodePool", name, {}, opts)
        self._name, self._args = name, args
        fabric, rules = self._fabric() if args.pool.efa_interfaces else (None, [])
        launch = self._launch_template(fabric)
        self._node_group(launch, after=[*args.after, *rules])
        self.register_outputs({})

    def _fabric(self) -> tuple[aws.ec2.SecurityGroup, list[pulumi.Resource]]:
        """A security group for EFA, which only works with all traffic allowed from and to the group itself.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html#efa-start-security
        """
        tags = self._tags("fabric")
        group = aws.ec2.SecurityGroup(
            f"{self._name}-fabric",
            name=naming.physical(self._args.scope.environment, "fabric", self._args.name, limit=255),
            description="EFA traffic among the nodes of the pool",
            vpc_id=self._args.network.vpc_id,
            tags=tags,
            opts=self._child(),
        )
        rules = [
            kind(
                f"{self._name}-fabric",
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="-1",
                description="EFA within the pool",
                tags=tags,
                opts=self._child(),
            )
            for kind in (aws.vpc.SecurityGroupIngressRule, aws.vpc.SecurityGroupEgressRule)
        ]
        return group, rules

    def _launch_template(self, fabric: aws.ec2.SecurityGroup | None) -> aws.ec2.LaunchTemplate:
        pool, tags = self._args.pool, self._tags()
        return aws.ec2.LaunchTemplate(
            self._name,
            name=naming.physical(self._args.scope.environment, "pool", self._args.name, limit=128),
            description=f"Nodes of the pool {self._args.name}",
            update_default_version=True,
            metadata_options=dict(template.METADATA),
            block_device_mappings=[template.root_disk(pool)],
            network_interfaces=None
            if fabric is None
            else template.network_interfaces(pool, self._args.cluster.security_group_id, fabric.id),
            user_data=template.start_up(pool.shapes),
            tag_specifications=template.tag_specifications(tags),
            tags=tags,
            opts=self._child(),
        )

    def _node_group(self, launch: aws.ec2.LaunchTemplate, after: list[pulumi.Resource]) -> None:
        pool = self._args.pool
        aws.eks.NodeGroup(
            self._name,
            cluster_name=self._args.cluster.id,
            # A prefix: many changes replace the group, and the new one stands before the old one goes.
            node_group_name_prefix=naming.prefix(self._args.scope.environment, self._args.name),
            version=self._args.cluster.version,
            node_role_arn=self._args.role_arn,
            subnet_ids=self._subnets(),
            ami_type=template.ami_type(pool.shape),
            capacity_type=_CAPACITY[pool.capacity],
            instance_types=list(pool.instances),
            launch_template={"id": launch.id, "version": launch.latest_version.apply(str)},
            scaling_config={"min_size": pool.min, "max_size": pool.max, "desired_size": pool.min},
            update_config={"max_unavailable_percentage": 25},
            labels={POOL_LABEL: self._args.name, **pool.labels},
            taints=template.node_taints(pool),
            tags=self._tags(),
            opts=self._child(depends_on=after, ignore_changes=["scalingConfig.desiredSize"]),
        )

    def _subnets(self) -> list[Any]:
        private = self._args.network.private
        return [private[self._args.pool.zone]] if self._args.pool.zone else list(private.values())

    def _tags(self, *parts: str) -> dict[str, str]:
        name = "-".join((naming.physical(self._args.scope.environment), self._args.name, *parts))
        return self._args.scope.tags(_COMPONENT, name=name)

    def _child(
        self, depends_on: list[pulumi.Resource] | None = None, ignore_changes: list[str] | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on, ignore_changes=ignore_changes)
