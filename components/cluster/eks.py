"""The control plane."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.cluster import policies
from components.cluster.kubeconfig import kubeconfig
from infra import iam, naming
from infra.catalog import versions
from infra.environment.cluster import Cluster
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "cluster"
_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS offers."""
_KEY_DELETION_DAYS = 7
"""The least that KMS allows: with the cluster gone there is nothing left to decrypt but its logs' remains."""


def support_type(version: str | None) -> str:
    """Which support a control plane asks for: the standard one, unless its version is past that.

    Extended support costs six times as much, so it must not begin by itself; EKS refuses the standard one
    where it is over: https://docs.aws.amazon.com/eks/latest/userguide/extended-support-control.html
    """
    past = version is not None and versions.version(version).support(versions.as_of()) != "standard"
    return "EXTENDED" if past else "STANDARD"


def cluster_name(environment: str) -> str:
    """The physical name of an environment's cluster; EKS allows 100 characters."""
    return naming.physical(environment, limit=100)


@dataclass(frozen=True, kw_only=True)
class EksClusterArgs:
    """What a control plane needs."""

    scope: Scope
    place: Place
    cluster: Cluster
    network: NetworkHandle
    protect: bool = False
    """Whether EKS refuses to delete it, whoever asks, until this is taken back."""


class EksCluster(pulumi.ComponentResource):
    """An EKS control plane, closed as far as it can be.

    Who may enter is written in access entries only. Where `admins` are given they are the administrators, and
    whoever runs `up` must be one of them; where none are, whoever creates the cluster is (EKS decides that at
    creation, once). Its API is reached from within the network, and from the internet only from the ranges
    given. Its secrets and logs are encrypted with a key of its own. The log group comes before the control
    plane and goes after it, for EKS would make one that nobody deletes.
    """

    handle: ClusterHandle
    access: tuple[pulumi.Resource, ...]
    """What lets people in: whatever speaks to the API comes after it, and is deleted before it."""

    def __init__(self, name: str, args: EksClusterArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:EksCluster", name, {}, opts)
        self._name, self._args = name, args
        self._physical = cluster_name(args.scope.environment)
        key = self._key()
        logs = self._log_group(key)
        role, permission = self._role()
        cluster = self._cluster(key, role, after=[logs, permission])
        self.access = tuple(resource for arn in args.cluster.admins for resource in self._admin(cluster, arn))
        self.handle = self._handle(cluster)
        self.register_outputs({"name": cluster.name, "endpoint": cluster.endpoint})

    def _key(self) -> aws.kms.Key:
        key = aws.kms.Key(
            self._name,
            description=f"Secrets and logs of the cluster {self._physical}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=policies.key_policy(self._args.place, self._physical),
            tags=self._tags(),
            opts=self._child(),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(self._args.scope.environment, 'cluster')}",
            target_key_id=key.id,
            opts=self._child(),
        )
        return key

    def _log_group(self, key: aws.kms.Key) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            self._name,
            name=policies.log_group(self._physical),
            retention_in_days=self._args.cluster.log_retention.days,
            kms_key_id=key.arn,
            tags=self._tags(),
            opts=self._child(),
        )

    def _role(self) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
        role = aws.iam.Role(
            self._name,
            name=naming.physical(self._args.scope.environment, "cluster", limit=64),
            description="What the control plane may do in the account",
            assume_role_policy=iam.service_trust("eks"),
            tags=self._tags(),
            opts=self._child(),
        )
        attachment = aws.iam.RolePolicyAttachment(
            self._name,
            role=role.name,
            policy_arn=self._args.place.managed_policy("AmazonEKSClusterPolicy"),
            opts=self._child(),
        )
        return role, attachment

    def _cluster(self, key: aws.kms.Key, role: aws.iam.Role, after: list[pulumi.Resource]) -> aws.eks.Cluster:
        ranges = [str(cidr) for cidr in self._args.cluster.api_access]
        return aws.eks.Cluster(
            self._name,
            name=self._physical,
            version=self._args.cluster.version,
            role_arn=role.arn,
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": not self._args.cluster.admins,
            },
            # Without a CNI of EKS's choosing: all add-ons are ours, pinned.
            bootstrap_self_managed_addons=False,
            deletion_protection=self._args.protect,
            enabled_cluster_log_types=list(_LOGS),
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            upgrade_policy={"support_type": support_type(self._args.cluster.version)},
            vpc_config={
                "subnet_ids": list(self._args.network.intra.values()),
                "endpoint_private_access": True,
                "endpoint_public_access": bool(ranges),
                **({"public_access_cidrs": ranges} if ranges else {}),
            },
            zonal_shift_config={"enabled": self._args.cluster.zonal_shift},
            tags=self._tags(),
            # A decision of the moment of creation: to change it later would replace the cluster.
            opts=self._child(
                depends_on=after, ignore_changes=["accessConfig.bootstrapClusterCreatorAdminPermissions"]
            ),
        )

    def _admin(self, cluster: aws.eks.Cluster, arn: str) -> tuple[pulumi.Resource, ...]:
        label = naming.principal(arn)
        entry = aws.eks.AccessEntry(
            f"{self._name}-{label}",
            cluster_name=cluster.name,
            principal_arn=arn,
            type="STANDARD",
            tags=self._tags(),
            opts=self._child(),
        )
        policy = aws.eks.AccessPolicyAssociation(
            f"{self._name}-{label}",
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=self._args.place.access_policy("AmazonEKSClusterAdminPolicy"),
            access_scope={"type": "cluster"},
            opts=self._child(),
        )
        return entry, policy

    def _handle(self, cluster: aws.eks.Cluster) -> ClusterHandle:
        config = pulumi.Output.all(
            endpoint=cluster.endpoint, certificate=cluster.certificate_authority.data
        ).apply(lambda known: kubeconfig(name=self._physical, region=self._args.place.region, **known))
        return ClusterHandle(
            name=self._physical,
            id=cluster.name,
            version=str(self._args.cluster.version),
            endpoint=cluster.endpoint,
            security_group_id=cluster.vpc_config.cluster_security_group_id,
            kubeconfig=pulumi.Output.secret(config),
        )

    def _tags(self) -> dict[str, str]:
        return self._args.scope.tags(_COMPONENT, name=self._physical)

    def _child(
        self, depends_on: list[pulumi.Resource] | None = None, ignore_changes: list[str] | None = None
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on, ignore_changes=ignore_changes)
