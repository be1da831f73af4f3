"""What CloudWatch knows of FSx for Lustre, as metrics: its CSI driver tells nothing of volumes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi

from components.charts import Chart, ChartArgs, ChartSite
from components.identity import PodIdentity, PodIdentityArgs
from components.observability.dashboards.lustre import PERIOD_S
from components.observability.prometheus_values import NAMESPACE
from components.observability.spaces import COMPONENT
from components.scheduling import resources
from infra import iam
from infra.handles import ClusterHandle
from infra.labels import ENVIRONMENT_TAG, Scope
from infra.places import Place

NAME: Final = "cloudwatch-exporter"
METRICS: Final = ("FreeDataStorageCapacity", "DataReadBytes", "DataWriteBytes", "MetadataOperations")
"""https://docs.aws.amazon.com/fsx/latest/LustreGuide/fs-metrics.html; each is asked for by file system, and
charged (GetMetricData)."""


@dataclass(frozen=True, kw_only=True)
class LustreMetricsArgs:
    """Whose file systems, and who asks."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """Prometheus, whose namespace it is in and whose kinds it uses."""


class LustreMetrics(pulumi.ComponentResource):
    """YACE (yet another CloudWatch exporter), for the environment's Lustre file systems alone."""

    def __init__(self, name: str, args: LustreMetricsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:observability:LustreMetrics", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                scope=args.scope,
                place=args.place,
                cluster=args.cluster,
                namespace=NAMESPACE,
                service_account=NAME,
                role="lustremetrics",
                description="Reading metrics of Lustre file systems",
                component=COMPONENT,
                statements=reader(),
            ),
            child,
        )
        Chart(
            NAME,
            ChartArgs(
                chart="prometheus-yet-another-cloudwatch-exporter",
                namespace=NAMESPACE,
                values=values(args.scope.environment, args.place.region),
                after=(*identity.rights, *args.after),
                site=args.site,
            ),
            child,
        )
        self.register_outputs({})


def reader() -> str:
    """A policy: look at metrics, and find what has which tags. None of the actions knows resources.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    """
    actions = ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources"]
    return iam.document({"Effect": "Allow", "Action": actions, "Resource": "*"})


def values(environment: str, region: str) -> dict[str, Any]:
    """The chart's values; its `config` is a text, and JSON is YAML."""
    return {
        "fullnameOverride": NAME,
        "serviceAccount": {"create": True, "name": NAME},
        "testConnection": False,
        "serviceMonitor": {"enabled": True, "interval": f"{PERIOD_S}s"},
        "resources": resources("10m", "64Mi", most="256Mi"),
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsUser": 65534,
            "capabilities": {"drop": ["ALL"]},
        },
        "config": json.dumps(_config(environment, region), indent=1),
    }


def _config(environment: str, region: str) -> dict[str, Any]:
    """What it asks for.

    https://github.com/prometheus-community/yet-another-cloudwatch-exporter/blob/v0.67.0/docs/configuration.md
    """
    metric = {"statistics": ["Sum"], "period": PERIOD_S, "length": 2 * PERIOD_S}
    job = {
        "type": "AWS/FSx",
        "regions": [region],
        "searchTags": [{"key": ENVIRONMENT_TAG, "value": f"^{environment}$"}],
        "dimensionNameRequirements": ["FileSystemId"],
        "metrics": [{"name": name, **metric} for name in METRICS],
    }
    discovery = {"exportedTagsOnMetrics": {"AWS/FSx": ["Name"]}, "jobs": [job]}
    return {"apiVersion": "v1alpha1", "sts-region": region, "discovery": discovery}
