"""What is wrong enough to tell somebody, and the measures that it is told by: plain data.

Alerts of a team carry the label `team`, by which Alertmanager routes them. All expressions are parsed in
tests, and run against made-up series by promtool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from components.observability.features import Features

Severity = Literal["critical", "warning"]

RUNBOOKS: Final = "docs/runbooks"
"""Where the page of each alert is, in the source of this project."""

TEAM: Final = "mlcluster:namespace_team:info"
"""1 for each namespace of a team, with `team` and `phase`."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A measure that is reckoned once, for alerts and dashboards."""

    name: str
    expr: str
    labels: Mapping[str, str] | None = None

    def rule(self) -> dict[str, Any]:
        """It as Prometheus has it."""
        labels = {} if self.labels is None else {"labels": dict(self.labels)}
        return {"record": self.name, "expr": self.expr, **labels}


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something that somebody should look at."""

    name: str
    expr: str
    after: str
    """How long it has to be so: ``10m``."""
    severity: Severity
    summary: str
    """One line; may use labels."""

    @property
    def page(self) -> str:
        """Its runbook, within this project."""
        return f"{RUNBOOKS}/{self.name}.md"

    def rule(self, runbooks: str) -> dict[str, Any]:
        """It as Prometheus has it.

        Args:
            runbooks: Address that runbooks are below, without a slash at its end.
        """
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.after,
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary, "runbook_url": f"{runbooks}/{self.name}.md"},
        }


def of_teams(expr: str) -> str:
    """An expression over namespaces, with the team of each; namespaces that are no team's are left out."""
    return f"({expr}) * on (namespace) group_left (team) {TEAM}"


def _pods_own(metric: str) -> str:
    """A metric of the DCGM exporter with the pod that has the GPU in `namespace` and `pod`.

    Unless the scrape honours labels, Prometheus calls them `exported_namespace` and `exported_pod`:
    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
    """
    inner = f'label_replace({metric}, "namespace", "$1", "exported_namespace", "(.+)")'
    return f'label_replace({inner}, "pod", "$1", "exported_pod", "(.+)")'


_RUNNING: Final = 'max by (namespace, pod) (kube_pod_status_phase{phase="Running"} == 1)'
_BY_NODE: Final = "Hostname, gpu, modelName"

_TEAMS: Final = (
    Recorded(
        name=TEAM,
        expr=(
            "max by (namespace, team, phase) ("
            'label_replace(label_replace(kube_namespace_labels{label_mlcluster_io_team!=""}, '
            '"team", "$1", "label_mlcluster_io_team", "(.+)"), '
            '"phase", "$1", "label_mlcluster_io_phase", "(.+)"))'
        ),
    ),
)
# Where the exporter profiles, the share of time that the GPU computed, also of instances of MIG; else
# what the driver calls utilisation. XIDs: https://docs.nvidia.com/deploy/xid-errors/
_GPUS: Final = (
    Recorded(
        name="mlcluster:gpu_busy:ratio",
        expr=(
            f"max by (namespace, pod, {_BY_NODE}, GPU_I_ID) ("
            + _pods_own("(DCGM_FI_PROF_GR_ENGINE_ACTIVE or DCGM_FI_DEV_GPU_UTIL / 100)")
            + ")"
        ),
    ),
    Recorded(
        name="mlcluster:gpu_allocated:count",
        expr=(
            "sum by (namespace, pod, node) (kube_pod_container_resource_requests"
            '{resource=~"nvidia_com_(gpu|gpu_shared|mig_.+)"} '
            f"* on (namespace, pod) group_left () {_RUNNING})"
        ),
    ),
    Recorded(name="mlcluster:gpu_xid:last", expr=f"max by ({_BY_NODE}) (DCGM_FI_DEV_XID_ERRORS)"),
)
# Istio's proxies, whether beside a pod or a waypoint before it:
# https://istio.io/v1.29/docs/reference/config/metrics/
_PROXIES: Final = 'reporter=~"destination|waypoint"'
_SERVICE: Final = "namespace, service"


def _service(metric: str) -> str:
    """A metric of Istio's by the service that answered."""
    inner = f'label_replace({metric}, "namespace", "$1", "destination_workload_namespace", "(.+)")'
    return f'label_replace({inner}, "service", "$1", "destination_service_name", "(.+)")'


def _errors(over: str) -> str:
    """The share of requests that failed, by service."""
    requests = f"istio_requests_total{{{_PROXIES}}}[{over}]"
    failed = f'istio_requests_total{{{_PROXIES}, response_code=~"5.."}}[{over}]'
    return (
        f"sum by ({_SERVICE}) ({_service(f'rate({failed})')}) "
        f"/ (sum by ({_SERVICE}) ({_service(f'rate({requests})')}) > 0)"
    )


_SERVING: Final = (
    Recorded(
        name="mlcluster:serving_latency:p99_seconds",
        expr=(
            f"histogram_quantile(0.99, sum by (le, {_SERVICE}) ("
            + _service(f"rate(istio_request_duration_milliseconds_bucket{{{_PROXIES}}}[5m])")
            + ")) / 1000"
        ),
    ),
    *(
        Recorded(name=f"mlcluster:serving_errors:ratio_{over}", expr=_errors(over))
        for over in ("5m", "30m", "1h", "6h")
    ),
)

OBJECTIVE: Final = 0.001
"""The share of requests to a served model that may fail: 99.9 % succeed."""
LATENCY_S: Final = 1
"""Seconds that a served model may take for all but one request in a hundred."""


def _burns(short: str, long: str, rate: float) -> str:
    """Whether the error budget of 30 days goes `rate` times too fast, now and for some time.

    https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
    """
    limit = rate * OBJECTIVE
    errors = "mlcluster:serving_errors:ratio"
    return f"{errors}_{long} > {limit:g} and {errors}_{short} > {limit:g}"


_GPU_ALERTS: Final = (
    Alert(
        name="GpuIdle",
        expr=of_teams(
            "avg by (namespace, pod) (avg_over_time(mlcluster:gpu_busy:ratio[1h])) < 0.02 "
            "and on (namespace, pod) mlcluster:gpu_allocated:count > 0 "
            "and on (namespace, pod) time() - kube_pod_start_time > 3600"
        ),
        after="5m",
        severity="warning",
        summary="{{ $labels.pod }} of {{ $labels.namespace }} has had GPUs for an hour and not used them",
    ),
    Alert(
        name="GpuMemoryErrors",
        expr=(
            f"max by ({_BY_NODE}) (increase(DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS[1h])) > 0 "
            f"or max by ({_BY_NODE}) (DCGM_FI_DEV_ROW_REMAP_FAILURE) > 0"
        ),
        after="0m",
        severity="critical",
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} had errors that ECC could not correct",
    ),
    Alert(
        name="GpuXidError",
        # 13, 31, 43 and 45 are told of programs that fail, not of GPUs
        expr="(mlcluster:gpu_xid:last > 0) unless ("
        + " or ".join(f"mlcluster:gpu_xid:last == {xid}" for xid in (13, 31, 43, 45))
        + ")",
        after="1m",
        severity="critical",
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} reported XID {{ $value }}",
    ),
)
_LUSTRE_ALERTS: Final = (
    Alert(
        name="LustreFull",
        expr="aws_fsx_free_data_storage_capacity_sum "
        "/ on (tag_Name) group_left () mlcluster:lustre_capacity:bytes < 0.1",
        after="15m",
        severity="critical",
        summary="{{ $labels.tag_Name }} has {{ $value | humanizePercentage }} of its space left",
    ),
)
_EFA_ALERTS: Final = (
    Alert(
        name="EfaErrors",
        expr=(
            "sum by (instance, device) (rate(node_amazonefa_rdma_read_wr_err[10m]) "
            "+ rate(node_amazonefa_rdma_write_wr_err[10m])) > 0"
        ),
        after="10m",
        severity="warning",
        summary="{{ $labels.device }} of {{ $labels.instance }} fails to send or receive",
    ),
)
_ARCHIVE_ALERTS: Final = (
    Alert(
        name="PostgresBackupOld",
        # Where there has never been one it is 0.
        expr=(
            "time() - max by (namespace) (barman_cloud_cloudnative_pg_io_last_available_backup_timestamp) "
            "> 2 * 86400"
        ),
        after="1h",
        severity="critical",
        summary="Postgres in {{ $labels.namespace }} has had no backup for two days",
    ),
    Alert(
        name="PostgresNotArchiving",
        expr="max by (namespace) (cnpg_pg_stat_archiver_seconds_since_last_archival) > 3600",
        after="15m",
        severity="critical",
        summary="Postgres in {{ $labels.namespace }} has sent nothing to the lake for an hour",
    ),
)
_ALERTS: Final = (
    Alert(
        name="JobStarving",
        expr=of_teams(
            "max by (namespace, pod) (kube_pod_status_unschedulable == 1) "
            "and on (namespace, pod) time() - kube_pod_created > 3600"
        ),
        after="5m",
        severity="warning",
        summary="{{ $labels.pod }} of {{ $labels.namespace }} has found no node for an hour",
    ),
    Alert(
        name="QueueStarving",
        expr=(
            'sum by (cluster_queue) (kueue_pending_workloads{status="active"}) > 0 unless on (cluster_queue) '
            "sum by (cluster_queue) (increase(kueue_admitted_workloads_total[1h])) > 0"
        ),
        after="1h",
        severity="warning",
        summary="Jobs wait in {{ $labels.cluster_queue }}, and for an hour none was let in",
    ),
    Alert(
        name="KafkaConsumerLag",
        expr=(
            "sum by (namespace, consumergroup, topic) (kafka_consumergroup_lag) > 10000 "
            "and sum by (namespace, consumergroup, topic) (deriv(kafka_consumergroup_lag[15m])) > 0"
        ),
        after="15m",
        severity="warning",
        summary="{{ $labels.consumergroup }} is {{ $value }} messages behind in {{ $labels.topic }}",
    ),
    Alert(
        name="ServingLatency",
        expr=of_teams(f"mlcluster:serving_latency:p99_seconds > {LATENCY_S}"),
        after="10m",
        severity="warning",
        summary="{{ $labels.service }} of {{ $labels.namespace }} takes {{ $value | humanizeDuration }}",
    ),
    Alert(
        name="ServingErrorBudgetFast",
        expr=of_teams(_burns("5m", "1h", 14.4)),
        after="2m",
        severity="critical",
        summary="{{ $labels.service }} of {{ $labels.namespace }} uses up its error budget in two days",
    ),
    Alert(
        name="ServingErrorBudgetSlow",
        expr=of_teams(_burns("30m", "6h", 6)),
        after="15m",
        severity="warning",
        summary="{{ $labels.service }} of {{ $labels.namespace }} uses up its error budget in five days",
    ),
    Alert(
        name="ModelDrift",
        expr=of_teams(
            "max by (namespace, model, feature) (mlcluster_drift_score) "
            "> on (namespace, model, feature) max by (namespace, model, feature) (mlcluster_drift_threshold)"
        ),
        after="30m",
        severity="warning",
        summary="{{ $labels.feature }} of {{ $labels.model }} has drifted from what the model was trained on",
    ),
    Alert(
        name="NodeNotReady",
        expr='max by (node) (kube_node_status_condition{condition="Ready", status="true"}) == 0',
        after="10m",
        severity="critical",
        summary="{{ $labels.node }} has not been ready for ten minutes",
    ),
    Alert(
        name="VolumeFull",
        expr=(
            "max by (namespace, persistentvolumeclaim) "
            "(kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < 0.1"
            f" unless on (namespace) {TEAM}"
        ),
        after="15m",
        severity="critical",
        summary="{{ $labels.persistentvolumeclaim }} of {{ $labels.namespace }} is nearly full",
    ),
    Alert(
        name="TeamVolumeFull",
        expr=of_teams(
            "max by (namespace, persistentvolumeclaim) "
            "(kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes) < 0.1"
        ),
        after="15m",
        severity="warning",
        summary="{{ $labels.persistentvolumeclaim }} of {{ $labels.namespace }} is nearly full",
    ),
    Alert(
        name="CertificateExpiring",
        expr=(
            "min by (namespace, exported_namespace, name) "
            "(certmanager_certificate_expiration_timestamp_seconds) - time() < 7 * 86400"
        ),
        after="1h",
        severity="critical",
        summary="The certificate {{ $labels.name }} runs out in less than a week and was not renewed",
    ),
)
DEFAULTS_OFF: Final = (
    "KubeNodeNotReady",
    "KubePersistentVolumeFillingUp",
)
"""Alerts of the chart's that ours stand for."""


def recorded(features: Features) -> Iterator[Recorded]:
    """The measures of an environment."""
    yield from _TEAMS
    if features.gpus:
        yield from _GPUS
    for name, size in sorted((name, size) for name, size in features.lustre.items() if size):
        yield Recorded(
            name="mlcluster:lustre_capacity:bytes", expr=f"vector({int(size)})", labels={"tag_Name": name}
        )
    yield from _SERVING


def alerts(features: Features) -> Iterator[Alert]:
    """The alerts of an environment."""
    yield from _ALERTS
    if features.gpus:
        yield from _GPU_ALERTS
    if features.efa:
        yield from _EFA_ALERTS
    if features.lustre:
        yield from _LUSTRE_ALERTS
    if features.archive:
        yield from _ARCHIVE_ALERTS


def groups(features: Features, runbooks: str) -> list[dict[str, Any]]:
    """All rules as Prometheus has them: measures before the alerts that use them."""
    return [
        {"name": "mlcluster.measures", "rules": [one.rule() for one in recorded(features)]},
        {"name": "mlcluster.alerts", "rules": [one.rule(runbooks) for one in alerts(features)]},
    ]
