"""Values of Fluent Bit's chart, and what it may do at AWS."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from components.scheduling import NODE_CRITICAL, resources
from infra import iam
from infra.places import Place

NAMESPACE: Final = "logging"
NAME: Final = "fluent-bit"
METRICS: Final = 2020
"""Port that it tells of itself at."""
KINDS: Final = ("containers", "nodes")
"""What is kept apart: what containers write, and what the kubelet and containerd do."""

_SERVICE: Final = """\
[SERVICE]
    Daemon Off
    Flush 5
    Log_Level warn
    Parsers_File /fluent-bit/etc/parsers.conf
    HTTP_Server On
    HTTP_Listen 0.0.0.0
    HTTP_Port 2020
    Health_Check On
    storage.path /var/fluent-bit/buffer
    storage.sync normal
    storage.max_chunks_up 64
"""
# What is read is remembered on the node, so that nothing is lost or sent twice when the pod is replaced.
_INPUTS: Final = """\
[INPUT]
    Name tail
    Path /var/log/containers/*.log
    Exclude_Path /var/log/containers/fluent-bit-*.log
    multiline.parser docker, cri
    Tag containers.*
    DB /var/fluent-bit/containers.db
    Mem_Buf_Limit 50MB
    Skip_Long_Lines On
    storage.type filesystem
[INPUT]
    Name systemd
    Tag nodes.*
    Systemd_Filter _SYSTEMD_UNIT=kubelet.service
    Systemd_Filter _SYSTEMD_UNIT=containerd.service
    DB /var/fluent-bit/nodes.db
    Read_From_Tail On
    Strip_Underscores On
"""
_FILTERS: Final = """\
[FILTER]
    Name kubernetes
    Match containers.*
    Kube_Tag_Prefix containers.var.log.containers.
    Merge_Log On
    Keep_Log Off
    Labels Off
    Annotations Off
    K8S-Logging.Exclude On
    Buffer_Size 0
"""


@dataclass(frozen=True, kw_only=True)
class CloudWatch:
    """Log groups at AWS."""

    region: str
    groups: dict[str, str]
    """Names of log groups by kind."""


@dataclass(frozen=True, kw_only=True)
class Loki:
    """A Loki that is there already."""

    host: str
    port: int
    tls: bool
    environment: str


def values(to: CloudWatch | Loki) -> dict[str, Any]:
    """The chart's values.

    It is on every node, those with GPUs too: what trains there is what people want to read of.
    """
    return {
        "fullnameOverride": NAME,
        "serviceAccount": {"create": True, "name": NAME},
        "rbac": {"create": True},
        "testFramework": {"enabled": False},
        "priorityClassName": NODE_CRITICAL,
        "tolerations": [{"operator": "Exists"}],
        "resources": resources("50m", "128Mi", most="512Mi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "extraVolumes": [
            {"name": "state", "hostPath": {"path": "/var/fluent-bit", "type": "DirectoryOrCreate"}}
        ],
        "extraVolumeMounts": [{"name": "state", "mountPath": "/var/fluent-bit"}],
        "config": {
            "service": _SERVICE,
            "inputs": _INPUTS,
            "filters": _FILTERS,
            "outputs": _outputs(to),
            "customParsers": "",
        },
    }


def _outputs(to: CloudWatch | Loki) -> str:
    made = _to_cloudwatch(to) if isinstance(to, CloudWatch) else _to_loki(to)
    return "".join(made)


def _to_cloudwatch(to: CloudWatch) -> Iterable[str]:
    """A stream for each container and node. Groups are Pulumi's, encrypted; Fluent Bit makes none.

    https://docs.fluentbit.io/manual/pipeline/outputs/cloudwatch
    """
    for kind, group in to.groups.items():
        yield _section(
            Name="cloudwatch_logs",
            Match=f"{kind}.*",
            region=to.region,
            log_group_name=group,
            log_stream_prefix="${NODE_NAME}-",
            auto_create_group="Off",
            retry_limit="10",
        )


def _to_loki(to: Loki) -> Iterable[str]:
    """Few labels, for each set of them is a stream.

    https://docs.fluentbit.io/manual/pipeline/outputs/loki
    """
    labels = {
        "containers": "namespace=$kubernetes['namespace_name'],container=$kubernetes['container_name']",
        "nodes": "unit=$SYSTEMD_UNIT",
    }
    for kind, of_kind in labels.items():
        yield _section(
            Name="loki",
            Match=f"{kind}.*",
            host=to.host,
            port=str(to.port),
            tls="On" if to.tls else "Off",
            labels=f"environment={to.environment},kind={kind},{of_kind}",
            line_format="json",
            retry_limit="10",
        )


def _section(**settings: str) -> str:
    lines = "".join(f"    {key} {value}\n" for key, value in settings.items())
    return f"[OUTPUT]\n{lines}"


def writer(place: Place, groups: Iterable[str]) -> str:
    """A policy: write to these log groups, and make streams in them, but no groups.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    arns = [place.arn("logs", f"log-group:{group}") for group in groups]
    return iam.document(
        {
            "Effect": "Allow",
            "Action": actions,
            "Resource": [*arns, *(f"{arn}:log-stream:*" for arn in arns)],
        }
    )


def key_policy(place: Place, groups: Iterable[str]) -> str:
    """The policy of the groups' key: for CloudWatch Logs, and these groups alone."""
    return iam.account_key(place.root(), iam.key_for_logs(place, list(groups)))
