"""Values of kube-prometheus-stack, from the little that decides them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components import ingress
from components.observability import alerting, efa_counters, rules
from components.observability.dashboards.board import SOURCE
from components.observability.sizing import SHARE, Size
from components.scheduling import CRITICAL, NODE_CRITICAL, resources, spread
from infra import mesh, prometheus
from infra.catalog.images import image
from infra.environment.alerts import Alerts
from infra.labels import PHASE_LABEL, POOL_LABEL, TEAM_LABEL
from infra.units import MiB, quantity_bytes, quantity_cpu

NAMESPACE: Final = prometheus.NAMESPACE
NODES: Final = "node-exporter"
"""Namespace of what looks at nodes from within, which `restricted` forbids."""
RELEASE: Final = "monitoring"
ACCOUNT: Final = prometheus.ACCOUNT
"""Service account of Prometheus."""
PORT: Final = prometheus.PORT
CONSOLES: Final = (3000, PORT, 9093)
"""Ports of the pods of Grafana, Prometheus and Alertmanager."""
_WEBHOOK: Final = 10250
"""Port of the operator's pod where it judges rules and monitors."""
LABEL: Final = ("grafana_dashboard", "1")
"""What tells Grafana's sidecar which ConfigMaps are dashboards."""
FOLDER: Final = "grafana_folder"
"""The annotation that says in which folder a dashboard is shown."""

_ANY: Final = ("ruleSelector", "serviceMonitorSelector", "podMonitorSelector", "probeSelector")
_MOUNTS: Final = "/(dev|proc|sys|run/containerd/.+|var/lib/docker/.+|var/lib/kubelet/.+)($|/)"
_KINDS: Final = (
    "autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|"
    "overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs|erofs"
)
_DEFAULT_ARGS: Final = (
    f"--collector.filesystem.mount-points-exclude=^{_MOUNTS}",
    f"--collector.filesystem.fs-types-exclude=^({_KINDS})$",
)
"""The chart's own, which a list of ours takes the place of."""


@dataclass(frozen=True, kw_only=True)
class Console:
    """How people get at Grafana from outside, and log in there."""

    url: str
    """Where they find it."""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Sections of Grafana's configuration about logging in, such as `auth.generic_oauth` or `auth.proxy`; no
    secrets. https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/"""
    secrets: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By variable of the environment (``GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET``), the name of a Secret in the
    namespace and its key."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What decides the values."""

    environment: str
    size: Size
    retention: str
    """As Prometheus writes it: ``15d``."""
    replicas: int
    managed: bool
    """Whether the control plane is somebody else's, and its parts not to be asked."""
    efa: bool = False
    alerts: Alerts | None = None
    admin_secret: str | None = None
    """A Secret with `admin-user` and `admin-password`; None: the chart makes up a password, once."""
    console: Console | None = None
    remote_write: Mapping[str, Any] | None = None
    member: Mapping[str, str] = field(default_factory=dict)
    """Labels by which Prometheus' pods are part of a mesh."""


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to the pods of the namespace.

    They to each other; the gateway to consoles; who reads metrics to Prometheus; the API server to the
    operator's webhook. What is part of an ambient mesh is spoken to by the mesh's tunnel, and probed from an
    address of the mesh's: https://istio.io/latest/docs/ambient/usage/networkpolicy/
    """
    gateway = {"kubernetes.io/metadata.name": mesh.GATEWAYS}
    return [
        ingress.within(),
        ingress.from_namespaces(gateway, *CONSOLES, mesh.TUNNEL),
        ingress.from_namespaces(prometheus.READER, PORT, mesh.TUNNEL),
        ingress.anyone(_WEBHOOK),
        {"from": [{"ipBlock": {"cidr": mesh.PROBES}}]},
    ]


def values(stack: Stack) -> dict[str, Any]:
    """The values."""
    return {
        "fullnameOverride": RELEASE,
        "crds": {"enabled": True, "upgradeJob": _upgrade()},
        "cleanPrometheusOperatorObjectNames": True,
        "defaultRules": {"disabled": dict.fromkeys(rules.DEFAULTS_OFF, True)},
        **_control_plane(stack.managed),
        "prometheusOperator": _operator(),
        "prometheus": _prometheus(stack),
        "alertmanager": _alertmanager(stack),
        "grafana": _grafana(stack),
        "kube-state-metrics": _objects(),
        "prometheus-node-exporter": _nodes(stack.efa),
    }


def _upgrade() -> dict[str, Any]:
    """A job of the chart's that upgrades its kinds, which Helm does not."""
    _, _, tag = image("busybox").rpartition(":")
    return {
        "enabled": True,
        "image": {"busybox": {"tag": tag}},
        "resources": resources("10m", "64Mi", most="256Mi"),
    }


def _control_plane(managed: bool) -> dict[str, Any]:
    """What EKS keeps to itself cannot be scraped; kube-proxy listens on 127.0.0.1 alone there."""
    parts = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
    return {part: {"enabled": False} for part in parts} if managed else {}


def _operator() -> dict[str, Any]:
    return {
        "resources": resources("50m", "128Mi", most="512Mi"),
        "prometheusConfigReloader": {"resources": resources("10m", "32Mi", most="128Mi")},
        "admissionWebhooks": {"patch": {"resources": resources("10m", "32Mi", most="128Mi")}},
    }


def _prometheus(stack: Stack) -> dict[str, Any]:
    """Prometheus. It takes rules and monitors of every namespace, whatever chart they are from.

    The labels are those by which Amazon Managed Prometheus keeps the samples of one of two replicas:
    https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-ingest-dedupe.html
    """
    size, written = stack.size, stack.remote_write
    return {
        "serviceAccount": {"create": True, "name": ACCOUNT},
        "podDisruptionBudget": {"enabled": stack.replicas > 1, "minAvailable": 1},
        "prometheusSpec": {
            **{f"{selector}NilUsesHelmValues": False for selector in (*_ANY, "scrapeConfigSelector")},
            "replicas": stack.replicas,
            "retention": stack.retention,
            "retentionSize": f"{int(size.storage * SHARE) // MiB}MiB",
            "externalLabels": {"cluster": stack.environment},
            "replicaExternalLabelName": "__replica__",
            "resources": _heavy(size),
            **({"podMetadata": {"labels": dict(stack.member)}} if stack.member else {}),
            "priorityClassName": CRITICAL,
            "podAntiAffinity": "soft",
            "topologySpreadConstraints": spread({"app.kubernetes.io/name": "prometheus"}),
            "storageSpec": _volume(quantity_bytes(size.storage)),
            "remoteWrite": [] if written is None else [dict(written)],
        },
    }


def _heavy(size: Size) -> dict[str, Any]:
    """What Prometheus is sure of, and half as much again for queries that look far back."""
    request = {"cpu": quantity_cpu(size.cpu), "memory": quantity_bytes(size.memory)}
    return {"requests": request, "limits": {"memory": quantity_bytes(size.memory // 2 * 3)}}


def _volume(storage: str) -> dict[str, Any]:
    """A volume of the cluster's default class."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": storage}}}
    return {"volumeClaimTemplate": {"spec": spec}}


def _alertmanager(stack: Stack) -> dict[str, Any]:
    return {
        "config": alerting.config(stack.alerts),
        "podDisruptionBudget": {"enabled": stack.replicas > 1, "minAvailable": 1},
        "alertmanagerSpec": {
            "replicas": stack.replicas,
            "secrets": alerting.mounted(stack.alerts),
            "resources": resources("10m", "64Mi", most="256Mi"),
            "priorityClassName": CRITICAL,
            "topologySpreadConstraints": spread({"app.kubernetes.io/name": "alertmanager"}),
            "storage": _volume("5Gi"),
        },
    }


def _grafana(stack: Stack) -> dict[str, Any]:
    """Grafana: one pod without a volume, for all that it shows is written down elsewhere.

    Two would each have a database of their own, and people would be logged out with every other request.
    """
    console = stack.console or Console(url="")
    label, value = LABEL
    return {
        "adminUser": "admin",
        **({} if stack.admin_secret is None else {"admin": {"existingSecret": stack.admin_secret}}),
        "resources": resources("50m", "256Mi", most="1Gi"),
        "testFramework": {"enabled": False},
        "grafana.ini": {
            **console.settings,
            "server": {"root_url": console.url} if console.url else {},
            "analytics": {"check_for_updates": False, "reporting_enabled": False},
            # Who is let in may look, and edit nothing; folders by team would take Grafana Enterprise:
            # https://grafana.com/docs/grafana/latest/setup-grafana/configure-security/configure-team-sync/
            "users": {"allow_sign_up": False, "auto_assign_org": True, "auto_assign_org_role": "Viewer"},
        },
        "envValueFrom": {
            variable: {"secretKeyRef": {"name": name, "key": key}}
            for variable, (name, key) in console.secrets.items()
        },
        "sidecar": {
            "resources": resources("10m", "96Mi", most="256Mi"),
            "dashboards": {
                "enabled": True,
                "label": label,
                "labelValue": value,
                "searchNamespace": "ALL",
                "folderAnnotation": FOLDER,
                "provider": {"foldersFromFilesStructure": True},
            },
            "datasources": {"uid": SOURCE},
        },
    }


def _objects() -> dict[str, Any]:
    """kube-state-metrics, which tells the teams of namespaces and the pools of nodes."""
    return {
        "resources": resources("50m", "256Mi", most="2Gi"),
        "metricLabelsAllowlist": [
            f"namespaces=[{TEAM_LABEL},{PHASE_LABEL}]",
            f"nodes=[{POOL_LABEL},node.kubernetes.io/instance-type,topology.kubernetes.io/zone]",
        ],
    }


def _nodes(efa: bool) -> dict[str, Any]:
    """The node exporter. It is on nodes with GPUs too, whose disks are watched as all others'."""
    common = {
        "namespaceOverride": NODES,
        "priorityClassName": NODE_CRITICAL,
        "resources": resources("20m", "32Mi", most="128Mi"),
    }
    if not efa:
        return common
    return {
        **common,
        "extraArgs": [*_DEFAULT_ARGS, f"--collector.textfile.directory={efa_counters.FOLDER}"],
        "sidecars": [efa_counters.sidecar()],
        "sidecarVolumeMount": [{"name": "textfile", "mountPath": efa_counters.FOLDER, "readOnly": False}],
    }
