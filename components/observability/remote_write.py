"""Amazon Managed Service for Prometheus, as a place that metrics are also written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.identity import PodIdentity, PodIdentityArgs
from components.observability.prometheus_values import ACCOUNT, NAMESPACE
from components.observability.spaces import COMPONENT
from infra import iam, naming
from infra.environment.monitoring import RemoteWrite
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_OWN: Final = "own"
_QUEUE: Final = {"maxSamplesPerSend": 1000, "maxShards": 200, "capacity": 2500}
"""As AWS advises: https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-onboard-ingest-metrics-new-Prometheus.html"""


@dataclass(frozen=True, kw_only=True)
class ManagedPrometheusArgs:
    """Where metrics go, and whose pods send them."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    remote_write: RemoteWrite


class ManagedPrometheus(pulumi.ComponentResource):
    """A workspace, or somebody's, and the right of Prometheus' pods to write to it, and to nothing else.

    Requests are signed (SigV4) with what pod identity hands to the pods.
    """

    values: Mapping[str, Any]
    """An entry of `remoteWrite` in the specification of a Prometheus."""
    rights: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ManagedPrometheusArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:observability:ManagedPrometheus", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        given = args.remote_write.workspace
        arn: pulumi.Input[str]
        if given == _OWN:
            workspace = aws.amp.Workspace(
                name,
                alias=naming.physical(args.scope.environment, limit=100),
                tags=args.scope.tags(COMPONENT),
                opts=child,
            )
            arn, url = workspace.arn, workspace.prometheus_endpoint.apply(_write)
        else:
            arn = args.place.arn("aps", f"workspace/{given}")
            url = pulumi.Output.from_input(_write(endpoint(args.place, given)))
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                scope=args.scope,
                place=args.place,
                cluster=args.cluster,
                namespace=NAMESPACE,
                service_account=ACCOUNT,
                role="metrics",
                description="Writing metrics to Amazon Managed Prometheus",
                component=COMPONENT,
                statements=pulumi.Output.from_input(arn).apply(writer),
            ),
            child,
        )
        self.rights = identity.rights
        self.values = {"url": url, "sigv4": {"region": args.place.region}, "queueConfig": dict(_QUEUE)}
        self.register_outputs({"url": url})


def writer(workspace: str) -> str:
    """A policy: write to one workspace.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedserviceforprometheus.html
    """
    return iam.document({"Effect": "Allow", "Action": ["aps:RemoteWrite"], "Resource": [workspace]})


def endpoint(place: Place, workspace: str) -> str:
    """The address of a workspace, as AWS gives it.

    https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-APIReference-Prometheus-Compatible-Apis.html
    """
    return f"https://aps-workspaces.{place.region}.{place.dns_suffix}/workspaces/{workspace}/"


def _write(address: str) -> str:
    return f"{address.rstrip('/')}/api/v1/remote_write"
