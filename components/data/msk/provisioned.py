"""Kafka on brokers of a chosen size, run by Amazon MSK."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource

from components.data.msk import metrics, settings
from components.data.msk.door import COMPONENT, Door, door, iam_ports
from infra import naming
from infra.environment.kafka.managed import Managed
from infra.handles import ClusterHandle, EventStream, Metrics, NetworkHandle
from infra.labels import Scope
from infra.places import Place
from infra.units import GiB

_KEY_DELETION_DAYS = 30
"""The most that KMS allows: time to find out that the data was still needed."""


@dataclass(frozen=True, kw_only=True)
class BrokersArgs:
    """What brokers need."""

    scope: Scope
    place: Place
    managed: Managed
    network: NetworkHandle
    cluster: ClusterHandle
    """Whose pods reach them."""
    metrics: Metrics | None = None
    """None: nobody asks them."""
    keep: bool
    """Whether they stay, with what is on them."""


class Brokers(pulumi.ComponentResource):
    """An MSK cluster in the private subnets, with its key, its door, its logs and its volumes' growth.

    Clients come in by IAM over TLS; there is no other listener. Brokers talk to each other over TLS too, and
    their volumes and logs are encrypted with a key of their own.
    """

    handle: EventStream
    arn: pulumi.Output[str]
    zones: int
    """Zones that they are in."""
    made: aws.msk.Cluster

    def __init__(self, name: str, args: BrokersArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:Brokers", name, {}, opts)
        self._name, self._args = name, args
        ports = iam_ports() | ({} if args.metrics is None else settings.METRICS_PORTS)
        made = door(name, args.scope, args.network, args.cluster, ports, self)
        self.zones = len(self._zones)
        self.made = self._brokers(made, self._key())
        self._growth()
        self._scraping()
        self.arn = self.made.arn
        self.handle = EventStream(
            kind="msk",
            bootstrap=self.made.bootstrap_brokers_sasl_iam,
            auth="iam",
            ready=(self.made, *made.rules),
        )
        self.register_outputs({"arn": self.arn})

    @property
    def _zones(self) -> tuple[str, ...]:
        return settings.zones(tuple(self._args.network.private))

    @property
    def _count(self) -> int:
        return self._args.managed.brokers or len(self._zones)

    def _key(self) -> aws.kms.Key:
        environment = self._args.scope.environment
        key = aws.kms.Key(
            self._name,
            description=f"Events of {environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=settings.key_policy(self._args.place, environment),
            tags=self._args.scope.tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.keep),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(environment, 'events', limit=250)}",
            target_key_id=key.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key

    def _brokers(self, door_: Door, key: aws.kms.Key) -> aws.msk.Cluster:
        managed, child = self._args.managed, pulumi.ResourceOptions(parent=self)
        configuration = aws.msk.Configuration(
            self._name,
            name=settings.cluster_name(self._args.scope.environment),
            description=f"Brokers of {self._args.scope.environment}",
            server_properties=settings.server_properties(len(self._zones)),
            opts=child,
        )
        logs = aws.cloudwatch.LogGroup(
            self._name,
            name=settings.log_group(self._args.scope.environment),
            retention_in_days=managed.logs.days,
            kms_key_id=key.arn,
            tags=self._args.scope.tags(COMPONENT),
            opts=child,
        )
        # Volumes that grow by themselves are larger than the file says, which must not shrink them.
        grown = ["brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"] if managed.grow_to else None
        return aws.msk.Cluster(
            self._name,
            cluster_name=settings.cluster_name(self._args.scope.environment),
            kafka_version=settings.kafka_version(managed),
            number_of_broker_nodes=self._count,
            broker_node_group_info={
                "instance_type": managed.instance,
                "client_subnets": [self._args.network.private[zone] for zone in self._zones],
                "security_groups": [door_.group.id],
                "storage_info": settings.storage(managed),
                "connectivity_info": {"public_access": {"type": "DISABLED"}},
            },
            client_authentication={"sasl": {"iam": True, "scram": False}, "unauthenticated": False},
            configuration_info={"arn": configuration.arn, "revision": configuration.latest_revision},
            encryption_info={
                "encryption_at_rest_kms_key_arn": key.arn,
                "encryption_in_transit": {"client_broker": "TLS", "in_cluster": True},
            },
            enhanced_monitoring=settings.metrics_level(managed),
            open_monitoring=settings.monitoring(scraped=self._args.metrics is not None),
            logging_info={"broker_logs": {"cloudwatch_logs": {"enabled": True, "log_group": logs.name}}},
            storage_mode="TIERED" if managed.tiered else "LOCAL",
            tags=self._args.scope.tags(COMPONENT),
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.keep, ignore_changes=grown),
        )

    def _growth(self) -> None:
        """Lets volumes grow by themselves."""
        managed, child = self._args.managed, pulumi.ResourceOptions(parent=self)
        if managed.grow_to is None:
            return
        target = aws.appautoscaling.Target(
            self._name,
            service_namespace="kafka",
            scalable_dimension="kafka:broker-storage:VolumeSize",
            resource_id=self.made.arn,
            min_capacity=1,
            max_capacity=managed.grow_to // GiB,
            tags=self._args.scope.tags(COMPONENT),
            opts=child,
        )
        aws.appautoscaling.Policy(
            self._name,
            name=settings.cluster_name(self._args.scope.environment),
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=settings.growth(managed),
            opts=child,
        )

    def _scraping(self) -> None:
        """What Prometheus asks the exporters on the brokers."""
        watching, count = self._args.metrics, self._count
        if watching is None:
            return
        configs = self.made.bootstrap_brokers_sasl_iam.apply(
            lambda found: metrics.scrape_configs(metrics.hosts(found, count))
        )
        for name in metrics.names():
            CustomResource(
                f"{self._name}-{name}",
                api_version="monitoring.coreos.com/v1alpha1",
                kind="ScrapeConfig",
                metadata={
                    "name": name,
                    "namespace": watching.namespace,
                    "labels": self._args.scope.labels(COMPONENT),
                },
                spec=configs[name],
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(watching.ready)),
            )
