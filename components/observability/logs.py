"""What containers and nodes write, to CloudWatch or Loki."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pulumi
import pulumi_aws as aws

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.identity import PodIdentity, PodIdentityArgs
from components.observability import logs_values
from components.observability.logs_values import KINDS, NAME, NAMESPACE, CloudWatch, Loki
from components.observability.spaces import COMPONENT
from infra import naming
from infra.environment.logs import Logs
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_KEY_DELETION_DAYS: Final = 7
"""The least that KMS allows: the logs go with the environment, and nothing else needs the key."""


@dataclass(frozen=True, kw_only=True)
class LogsAtAws:
    """Where log groups are made, and whose pods write to them."""

    place: Place
    cluster: ClusterHandle


@dataclass(frozen=True, kw_only=True)
class ClusterLogsArgs:
    """Which logs, and to where."""

    scope: Scope
    logs: Logs
    aws: LogsAtAws | None
    """None in a cluster that somebody else made."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need; outlives it."""


class ClusterLogs(pulumi.ComponentResource):
    """Fluent Bit on every node, and where it sends to.

    Log groups outlive Fluent Bit, so that the last words of what goes down are kept for as long as they are.
    """

    def __init__(self, name: str, args: ClusterLogsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:observability:ClusterLogs", name, {}, opts)
        self._name, self._args = name, args
        # It reads files of the node, which even `baseline` forbids.
        space = namespaces.namespace(
            NAMESPACE, NAMESPACE, args.scope.labels(COMPONENT), "privileged", parent=self, after=args.after
        )
        ways = [ingress.prometheus_to(logs_values.METRICS)]
        ingress.closed(NAMESPACE, space, args.scope.labels(COMPONENT), ways, parent=self)
        before = () if args.aws is None or args.logs.to == "loki" else self._at_cloudwatch(args.aws)
        Chart(
            NAME,
            ChartArgs(
                chart="fluent-bit",
                namespace=NAMESPACE,
                values=logs_values.values(self._to()),
                after=(space, *before, *args.after),
                site=args.site,
            ),
            self._child(),
        )
        self.register_outputs({})

    def _to(self) -> CloudWatch | Loki:
        logs, scope = self._args.logs, self._args.scope
        if logs.loki is None:
            if self._args.aws is None:
                raise ValueError("CloudWatch is only at AWS: the environment was never checked")
            return CloudWatch(region=self._args.aws.place.region, groups=groups(scope.environment))
        address = urlsplit(logs.loki)
        tls = address.scheme == "https"
        return Loki(
            host=str(address.hostname),
            port=address.port or (443 if tls else 80),
            tls=tls,
            environment=scope.environment,
        )

    def _at_cloudwatch(self, site: LogsAtAws) -> tuple[pulumi.Resource, ...]:
        """Log groups with a key of their own, and the right to write to them."""
        scope, names = self._args.scope, groups(self._args.scope.environment)
        key = aws.kms.Key(
            self._name,
            description=f"Logs of {scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=logs_values.key_policy(site.place, names.values()),
            tags=scope.tags(COMPONENT),
            opts=self._child(),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(scope.environment, 'logs')}",
            target_key_id=key.id,
            opts=self._child(),
        )
        made = [
            aws.cloudwatch.LogGroup(
                f"{self._name}-{kind}",
                name=group,
                retention_in_days=self._args.logs.days,
                kms_key_id=key.arn,
                tags=scope.tags(COMPONENT),
                opts=self._child(),
            )
            for kind, group in names.items()
        ]
        identity = PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=scope,
                place=site.place,
                cluster=site.cluster,
                namespace=NAMESPACE,
                service_account=NAME,
                role="logs",
                description="Writing logs to CloudWatch",
                component=COMPONENT,
                statements=logs_values.writer(site.place, names.values()),
            ),
            self._child(),
        )
        return (*made, *identity.rights)

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


def groups(environment: str) -> dict[str, str]:
    """Names of an environment's log groups by kind."""
    return {kind: f"/mlcluster/{naming.physical(environment)}/{kind}" for kind in KINDS}
