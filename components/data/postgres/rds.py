"""Postgres at AWS, by Amazon RDS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.data.postgres import names, rds_job
from components.data.postgres import rds_settings as settings
from components.identity import PodIdentity, PodIdentityArgs
from infra import naming
from infra.environment.postgres import Postgres
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope
from infra.places import Place

_LOG_DAYS: Final = 90
_KEY_DELETION_DAYS: Final = 30
"""The most that KMS allows: time to find out that a snapshot was still needed."""


@dataclass(frozen=True, kw_only=True)
class RdsServerArgs:
    """What the server needs."""

    scope: Scope
    place: Place
    postgres: Postgres
    instances: int
    """1, or 2 in different zones."""
    network: NetworkHandle
    cluster: ClusterHandle
    after: tuple[pulumi.Resource, ...] = ()
    """What pods need; it outlives the namespace of the Jobs that make databases."""


class RdsServer(pulumi.ComponentResource):
    """An instance with its key, its door, and who makes databases on it.

    Only nodes and pods of the cluster reach it, only by TLS. Its administrator's password is made, kept and
    changed by RDS itself, in AWS Secrets Manager. With `keep: retain` it is protected, by us and by AWS; with
    `backup` a last snapshot stays when it goes, with the key that it is encrypted with.
    """

    host: pulumi.Output[str]
    secret_arn: pulumi.Output[str]
    """The administrator's secret."""
    ready: tuple[pulumi.Resource, ...]
    """Databases come after these, and go before them."""

    def __init__(self, name: str, args: RdsServerArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:RdsServer", name, {}, opts)
        self._name, self._args = name, args
        key = self._key()
        instance = self._instance(key, self._group())
        self.host = instance.address
        self.secret_arn = instance.master_user_secrets.apply(lambda found: str(found[0].secret_arn))
        self.ready = (instance, *self._makers(key))
        self.register_outputs({"host": self.host})

    def _key(self) -> aws.kms.Key:
        postgres, scope = self._args.postgres, self._args.scope
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=postgres.keep == "backup")
        key = aws.kms.Key(
            self._name,
            description=f"Postgres of {scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=settings.key_policy(self._args.place, scope.environment),
            tags=self._tags(),
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(protect=postgres.keep == "retain")
            ),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(scope.environment, names.COMPONENT, limit=250)}",
            target_key_id=key.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key

    def _group(self) -> aws.ec2.SecurityGroup:
        """Nodes and pods come in, and nobody else; nothing goes out."""
        group = aws.ec2.SecurityGroup(
            self._name,
            name=naming.physical(self._args.scope.environment, names.COMPONENT, limit=255),
            description="Postgres",
            vpc_id=self._args.network.vpc_id,
            tags=self._tags(),
            opts=self._child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            self._name,
            security_group_id=group.id,
            referenced_security_group_id=self._args.cluster.security_group_id,
            ip_protocol="tcp",
            from_port=names.PORT,
            to_port=names.PORT,
            description="Postgres from the cluster",
            tags=self._tags(),
            opts=self._child(),
        )
        return group

    def _instance(self, key: aws.kms.Key, group: aws.ec2.SecurityGroup) -> aws.rds.Instance:
        args, environment = self._args, self._args.scope.environment
        name = settings.identifier(environment)
        subnets = aws.rds.SubnetGroup(
            self._name,
            name=name,
            description="Postgres",
            subnet_ids=list(args.network.private.values()),
            tags=self._tags(),
            opts=self._child(),
        )
        parameters = aws.rds.ParameterGroup(
            self._name,
            name=naming.physical(environment, names.COMPONENT, args.postgres.version, limit=255),
            family=f"postgres{args.postgres.version}",
            description="Postgres",
            parameters=settings.parameters(),
            tags=self._tags(),
            opts=self._child(),
        )
        logs = [self._log_group(log, group, key) for log, group in settings.log_groups(environment).items()]
        backup = args.postgres.keep == "backup"
        return aws.rds.Instance(
            self._name,
            identifier=name,
            **settings.settings(args.postgres, args.instances),
            db_subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            vpc_security_group_ids=[group.id],
            kms_key_id=key.arn,
            master_user_secret_kms_key_id=key.arn,
            performance_insights_kms_key_id=key.arn,
            # Another one each time, for a key is never made twice.
            final_snapshot_identifier=pulumi.Output.concat(name, "-", key.key_id) if backup else None,
            tags=self._tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=args.postgres.keep == "retain", depends_on=logs),
        )

    def _log_group(self, log: str, group: str, key: aws.kms.Key) -> pulumi.Resource:
        made: pulumi.Resource = aws.cloudwatch.LogGroup(
            f"{self._name}-{log}",
            name=group,
            retention_in_days=_LOG_DAYS,
            kms_key_id=key.arn,
            tags=self._tags(),
            opts=self._child(),
        )
        return made

    def _makers(self, key: aws.kms.Key) -> tuple[pulumi.Resource, ...]:
        """Who the Jobs are that make databases, and where."""
        args = self._args
        labels = names.labels(args.scope)
        space = namespaces.namespace(
            self._name, names.NAMESPACE, labels, "restricted", parent=self, after=args.after
        )
        ingress.closed(self._name, space, labels, parent=self)
        account = core.ServiceAccount(
            self._name,
            metadata={"name": rds_job.ACCOUNT, "namespace": names.NAMESPACE, "labels": labels},
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )
        identity = PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=args.scope,
                place=args.place,
                cluster=args.cluster,
                namespace=names.NAMESPACE,
                service_account=rds_job.ACCOUNT,
                role="databases",
                description="Makes databases on Postgres",
                component=names.COMPONENT,
                statements=pulumi.Output.all(secret_arn=self.secret_arn, key_arn=key.arn).apply(
                    lambda known: settings.read_administrator(args.place, **known)
                ),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        return (space, account, *identity.rights)

    def _tags(self) -> dict[str, str]:
        return self._args.scope.tags(names.COMPONENT, name=settings.identifier(self._args.scope.environment))

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)
