"""Prometheus, Alertmanager and Grafana, with what they show and tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.observability import alerting, monitors, prometheus_values, rules
from components.observability.dashboards import boards
from components.observability.dashboards.board import json_of
from components.observability.features import Features
from components.observability.prometheus_values import NAMESPACE, NODES, PORT, RELEASE, Console, Stack
from components.observability.remote_write import ManagedPrometheus, ManagedPrometheusArgs
from components.observability.sizing import size
from components.observability.spaces import COMPONENT
from components.passwords import GeneratedPassword, GeneratedPasswordArgs, StoredSecret, StoredSecretArgs
from infra.environment.monitoring import Monitoring
from infra.handles import ClusterHandle, Edge, Metrics
from infra.labels import Scope
from infra.places import Place

_ADMIN: Final = "grafana-admin"


@dataclass(frozen=True, kw_only=True)
class AtAws:
    """Where the cluster is, if at AWS."""

    place: Place
    cluster: ClusterHandle


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """What is to be watched, and what for."""

    scope: Scope
    monitoring: Monitoring
    aws: AtAws | None
    """None in a cluster that somebody else made."""
    features: Features
    nodes: int
    """Nodes at the cluster's largest."""
    gpus: int
    """GPUs of those."""
    replicas: int
    """Where `monitoring` says nothing of them."""
    own_dashboards: Mapping[str, str] = field(default_factory=dict)
    """JSON of dashboards of the environment's own, by name."""
    edge: Edge = field(default_factory=Edge)
    """Where receivers' secrets and passwords come from."""
    refresh_s: int = 3600
    """Seconds after which receivers' secrets are read again."""
    console: Console | None = None
    """How people get at Grafana from outside; None: by `kubectl port-forward`."""
    member: Mapping[str, str] = field(default_factory=dict)
    """Labels by which Prometheus' pods are part of a mesh, and so have a name that others let in."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need, volumes too; outlives it."""


class ClusterMonitoring(pulumi.ComponentResource):
    """kube-prometheus-stack, our rules and dashboards, and the ways out of the cluster.

    Whatever else makes objects of Prometheus' kinds comes after `handle.ready`, and goes before.
    """

    handle: Metrics

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:observability:ClusterMonitoring", name, {}, opts)
        self._name, self._args = name, args
        self._space = namespaces.namespace(
            NAMESPACE, NAMESPACE, args.scope.labels(COMPONENT), "restricted", parent=self, after=args.after
        )
        ingress.closed(NAMESPACE, self._space, self._labels(), prometheus_values.ways_in(), parent=self)
        # The node exporter is in the network and among the processes of its node, and reads its disks.
        nodes = namespaces.namespace(
            NODES, NODES, args.scope.labels(COMPONENT), "privileged", parent=self, after=args.after
        )
        managed = self._managed()
        secrets = (*self._receivers(), *self._admin())
        release = Chart(
            RELEASE,
            ChartArgs(
                chart="kube-prometheus-stack",
                namespace=NAMESPACE,
                values=prometheus_values.values(self._stack(managed)),
                timeout_s=900,
                after=(self._space, nodes, *secrets, *(managed.rights if managed else ()), *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        self._rules(release)
        self._monitors(release)
        self._dashboards()
        self.handle = handle((release,))
        self.register_outputs({"address": self.handle.address})

    def _stack(self, managed: ManagedPrometheus | None) -> Stack:
        args, monitoring = self._args, self._args.monitoring
        return Stack(
            environment=args.scope.environment,
            size=size(
                nodes=args.nodes,
                gpus=args.gpus,
                retention_s=monitoring.retention,
                storage=monitoring.storage,
            ),
            retention=monitoring.retention.written(),
            replicas=args.replicas if monitoring.replicas is None else monitoring.replicas,
            managed=args.aws is not None,
            efa=args.features.efa,
            alerts=monitoring.alerts,
            admin_secret=_ADMIN if args.edge.passwords else None,
            console=args.console,
            remote_write=None if managed is None else managed.values,
            member=args.member,
        )

    def _managed(self) -> ManagedPrometheus | None:
        """The second place for metrics, if there is one."""
        remote_write, aws = self._args.monitoring.remote_write, self._args.aws
        if remote_write is None or aws is None:
            return None
        args = ManagedPrometheusArgs(
            scope=self._args.scope, place=aws.place, cluster=aws.cluster, remote_write=remote_write
        )
        return ManagedPrometheus(f"{self._name}-remote", args, pulumi.ResourceOptions(parent=self))

    def _receivers(self) -> tuple[pulumi.Resource, ...]:
        """What it takes to tell receivers, where there is a store; else the Secrets are there."""
        alerts, store = self._args.monitoring.alerts, self._args.edge.store
        if alerts is None or store is None:
            return ()
        made: list[pulumi.Resource] = []
        for secret, keys in alerting.keys(alerts).items():
            args = StoredSecretArgs(
                namespace=NAMESPACE,
                secret=alerting.secret_name(secret),
                labels=self._labels(),
                store=store,
                key=f"mlcluster/{self._args.scope.environment}/platform/{secret}",
                properties=keys,
                refresh_s=self._args.refresh_s,
                after=(self._space, *self._args.edge.ready),
            )
            made += StoredSecret(f"{self._name}-{secret}", args, pulumi.ResourceOptions(parent=self)).ready
        return tuple(made)

    def _admin(self) -> tuple[pulumi.Resource, ...]:
        """The password of Grafana's administrator, which is made in the cluster."""
        if not self._args.edge.passwords:
            return ()
        args = GeneratedPasswordArgs(
            namespace=NAMESPACE,
            secret=_ADMIN,
            labels=self._labels(),
            data={"admin-user": "admin", "admin-password": "{{ .password }}"},
            after=(self._space, *self._args.edge.ready),
        )
        return GeneratedPassword(f"{self._name}-admin", args, pulumi.ResourceOptions(parent=self)).ready

    def _rules(self, release: pulumi.Resource) -> None:
        CustomResource(
            f"{self._name}-rules",
            api_version="monitoring.coreos.com/v1",
            kind="PrometheusRule",
            metadata={"name": "mlcluster", "namespace": NAMESPACE, "labels": self._labels()},
            spec={
                "groups": rules.groups(self._args.features, self._args.monitoring.runbooks or rules.RUNBOOKS)
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[release]),
        )

    def _monitors(self, release: pulumi.Resource) -> None:
        for name, spec in monitors.PODS.items():
            CustomResource(
                f"{self._name}-{name}",
                api_version="monitoring.coreos.com/v1",
                kind="PodMonitor",
                metadata={"name": name, "namespace": NAMESPACE, "labels": self._labels()},
                spec=dict(spec),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[release]),
            )

    def _dashboards(self) -> None:
        """A ConfigMap for each: Grafana's sidecar finds them by their label."""
        ours = {name: json_of(board) for name, board in boards(self._args.features).items()}
        self._folder("mlcluster", ours)
        self._folder("Own", self._args.own_dashboards)

    def _folder(self, folder: str, contents: Mapping[str, str]) -> None:
        label, value = prometheus_values.LABEL
        for name, text in contents.items():
            core.ConfigMap(
                f"{self._name}-{folder}-{name}".lower(),
                metadata={
                    "name": f"dashboard-{folder}-{name}".lower(),
                    "namespace": NAMESPACE,
                    "labels": {**self._labels(), label: value},
                    "annotations": {prometheus_values.FOLDER: folder},
                },
                data={f"{folder}-{name}.json".lower(): text},
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self._space]),
            )

    def _labels(self) -> dict[str, str]:
        return self._args.scope.labels(COMPONENT)


def handle(ready: tuple[pulumi.Resource, ...] = ()) -> Metrics:
    """Where metrics are in every cluster that is watched.

    Args:
        ready: What brings Prometheus' kinds; none where another stack has made it.
    """
    return Metrics(
        namespace=NAMESPACE,
        address=f"http://{RELEASE}-prometheus.{NAMESPACE}.svc:{PORT}",
        consoles={
            "grafana": (f"{RELEASE}-grafana", 80),
            "prometheus": (f"{RELEASE}-prometheus", PORT),
            "alertmanager": (f"{RELEASE}-alertmanager", 9093),
        },
        ready=ready,
    )
