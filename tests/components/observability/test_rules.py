"""Alerts and the measures that they are told by: their form, and when they fire."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.observability import rules
from components.observability.features import Features
from infra.catalog.metrics import metrics, sources
from tests.components.observability.support import (
    EVERYTHING,
    LUSTRE,
    PROMTOOL,
    ROOT,
    expressions,
    metrics_in,
    needs_promtool,
    parsed,
)
from tests.components.storage.judging import complaints, needs_upstream

ALERTS = {alert.name: alert for alert in rules.alerts(EVERYTHING)}
BACKUP = "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp"
ARCHIVED = "cnpg_pg_stat_archiver_seconds_since_last_archival"
ENDINGS = ("_bucket", "_sum", "_count")
TEAM = 'mlcluster:namespace_team:info{namespace="fraud-training", team="fraud", phase="training"}'
SERVING = 'mlcluster:namespace_team:info{namespace="fraud-serving", team="fraud", phase="serving"}'


@pytest.mark.parametrize(("where", "expr"), [pytest.param(*one, id=one[0]) for one in expressions()])
def test_every_expression_parses_and_asks_for_what_there_is(where: str, expr: str) -> None:
    assert parsed(expr) is not None
    recorded = {one.name for one in rules.recorded(EVERYTHING)}
    known = metrics()
    for metric in metrics_in(expr):
        plain = next(
            (metric.removesuffix(end) for end in ENDINGS if metric.removesuffix(end) in known), metric
        )
        assert metric in known or plain in known or metric in recorded, f"{metric}, in {where}"


def test_the_catalog_has_no_metric_that_nothing_asks_for() -> None:
    asked = {metric for _, expr in expressions() for metric in metrics_in(expr)}
    asked |= {metric.removesuffix(end) for metric in asked for end in ENDINGS}
    assert set(metrics()) <= asked
    assert all(source.startswith(("https://", "docs/")) for source in sources().values())
    assert (ROOT / "docs/how-to/observe.md").is_file()


def test_a_parser_that_refuses_nothing_would_be_of_no_use() -> None:
    with pytest.raises(ValueError, match=r".+"):
        parsed("sum by (team (x)")


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_an_alert_says_what_to_do(alert: rules.Alert) -> None:
    rule = alert.rule("https://wiki.example.com")
    assert rule["annotations"]["runbook_url"] == f"https://wiki.example.com/{alert.name}.md"
    page = (ROOT / alert.page).read_text()
    assert page.startswith(f"# {alert.name}\n")
    assert "## What to look at" in page
    assert "## What to do" in page


def test_there_is_no_page_without_its_alert() -> None:
    assert {page.stem for page in (ROOT / rules.RUNBOOKS).glob("*.md")} == set(ALERTS)


def test_what_is_not_there_is_not_watched() -> None:
    least = {alert.name for alert in rules.alerts(Features())}
    assert set(ALERTS) - least == {
        *("GpuIdle", "GpuMemoryErrors", "GpuXidError", "EfaErrors", "LustreFull"),
        *("PostgresBackupOld", "PostgresNotArchiving"),
    }
    text = json.dumps(rules.groups(Features(), "x"))
    assert not [word for word in ("DCGM", "mlcluster:gpu", "aws_fsx", "amazonefa") if word in text]


def test_a_file_system_that_grows_by_itself_is_never_full() -> None:
    grows = Features(lustre={LUSTRE: 0})
    assert "mlcluster:lustre_capacity:bytes" not in {one.name for one in rules.recorded(grows)}


@needs_upstream
def test_rules_are_as_the_operator_wants_them() -> None:
    manifest = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "mlcluster"},
        "spec": {"groups": rules.groups(EVERYTHING, "docs/runbooks")},
    }
    assert complaints(manifest) == []
    manifest["spec"]["groups"][1]["rules"][0]["sumary"] = "x"  # type: ignore[index]
    assert complaints(manifest) != []


def series(name: str, values: str) -> dict[str, str]:
    return {"series": name, "values": values}


def pod(metric: str, values: str, **labels: str) -> dict[str, str]:
    given = {"namespace": "fraud-training", "pod": "train-0", **labels}
    return series(
        f"{metric}{{{', '.join(f'{key}={json.dumps(value)}' for key, value in given.items())}}}", values
    )


def gpu(name: str, values: str) -> list[dict[str, str]]:
    """A pod that has had a GPU since the start, and how busy the GPU is."""
    return [
        series(
            'kube_namespace_labels{namespace="fraud-training", label_mlcluster_io_team="fraud", '
            'label_mlcluster_io_phase="training"}',
            "1x120",
        ),
        pod("kube_pod_container_resource_requests", "1x120", resource="nvidia_com_gpu", node="a"),
        pod("kube_pod_status_phase", "1x120", phase="Running"),
        pod("kube_pod_start_time", "0x120"),
        series(
            f'{name}{{namespace="gpu-operator", pod="dcgm", exported_namespace="fraud-training", '
            'exported_pod="train-0", Hostname="a", gpu="0", modelName="A100"}',
            values,
        ),
    ]


def requests(code: str, values: str) -> dict[str, str]:
    return series(
        'istio_requests_total{reporter="destination", destination_workload_namespace="fraud-serving", '
        f'destination_service_name="scorer", response_code="{code}"}}',
        values,
    )


SERVED = [
    series(
        'kube_namespace_labels{namespace="fraud-serving", label_mlcluster_io_team="fraud", '
        'label_mlcluster_io_phase="serving"}',
        "1x1000",
    )
]
OURS = series(
    'kube_namespace_labels{namespace="fraud-training", label_mlcluster_io_team="fraud", '
    'label_mlcluster_io_phase="training"}',
    "1x200",
)
OF_FRAUD = {"team": "fraud", "namespace": "fraud-training"}
OF_SERVING = {"team": "fraud", "namespace": "fraud-serving", "service": "scorer"}
GPU = {"Hostname": "a", "gpu": "0", "modelName": "A100"}
CASES: list[tuple[str, str, list[dict[str, str]], str, list[dict[str, str]]]] = [
    (
        "idle",
        "GpuIdle",
        gpu("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "0.001x120"),
        "90m",
        [{**OF_FRAUD, "pod": "train-0"}],
    ),
    (
        "idle without profiling",
        "GpuIdle",
        gpu("DCGM_FI_DEV_GPU_UTIL", "1x120"),
        "90m",
        [{**OF_FRAUD, "pod": "train-0"}],
    ),
    ("busy", "GpuIdle", gpu("DCGM_FI_DEV_GPU_UTIL", "90x120"), "90m", []),
    ("young", "GpuIdle", gpu("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "0x120"), "50m", []),
    (
        "remapped",
        "GpuMemoryErrors",
        [
            series(
                'DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS{Hostname="a", gpu="0", modelName="A100"}',
                "0x10 1x50",
            )
        ],
        "20m",
        [GPU],
    ),
    (
        "xid of hardware",
        "GpuXidError",
        [series('DCGM_FI_DEV_XID_ERRORS{Hostname="a", gpu="0", modelName="A100"}', "79x20")],
        "10m",
        [GPU],
    ),
    (
        "xid of a program",
        "GpuXidError",
        [series('DCGM_FI_DEV_XID_ERRORS{Hostname="a", gpu="0", modelName="A100"}', "31x20")],
        "10m",
        [],
    ),
    (
        "efa",
        "EfaErrors",
        [
            series('node_amazonefa_rdma_read_wr_err{instance="a", device="rdmap0", port="1"}', "0+5x60"),
            series('node_amazonefa_rdma_write_wr_err{instance="a", device="rdmap0", port="1"}', "0x60"),
        ],
        "40m",
        [{"instance": "a", "device": "rdmap0"}],
    ),
    (
        "nearly full",
        "LustreFull",
        [series(f'aws_fsx_free_data_storage_capacity_sum{{tag_Name="{LUSTRE}"}}', "50000000000x60")],
        "30m",
        [{"tag_Name": LUSTRE}],
    ),
    (
        "half full",
        "LustreFull",
        [series(f'aws_fsx_free_data_storage_capacity_sum{{tag_Name="{LUSTRE}"}}', "500000000000x60")],
        "30m",
        [],
    ),
    (
        "no node",
        "JobStarving",
        [OURS, pod("kube_pod_status_unschedulable", "1x200"), pod("kube_pod_created", "0x200")],
        "90m",
        [{**OF_FRAUD, "pod": "train-0"}],
    ),
    (
        "nobody is let in",
        "QueueStarving",
        [series('kueue_pending_workloads{cluster_queue="gpus", status="active"}', "3x200")],
        "3h",
        [{"cluster_queue": "gpus"}],
    ),
    (
        "some are let in",
        "QueueStarving",
        [
            series('kueue_pending_workloads{cluster_queue="gpus", status="active"}', "3x200"),
            series('kueue_admitted_workloads_total{cluster_queue="gpus"}', "0+1x200"),
        ],
        "3h",
        [],
    ),
    (
        "falls back",
        "KafkaConsumerLag",
        [
            series(
                'kafka_consumergroup_lag{namespace="kafka", consumergroup="features", topic="events"}',
                "20000+100x60",
            )
        ],
        "50m",
        [{"namespace": "kafka", "consumergroup": "features", "topic": "events"}],
    ),
    (
        "catches up",
        "KafkaConsumerLag",
        [
            series(
                'kafka_consumergroup_lag{namespace="kafka", consumergroup="features", topic="events"}',
                "90000-100x60",
            )
        ],
        "50m",
        [],
    ),
    (
        "fails a lot",
        "ServingErrorBudgetFast",
        [*SERVED, requests("200", "0+90x200"), requests("503", "0+10x200")],
        "2h",
        [OF_SERVING],
    ),
    (
        "fails",
        "ServingErrorBudgetSlow",
        [*SERVED, requests("200", "0+99x600"), requests("503", "0+1x600")],
        "8h",
        [OF_SERVING],
    ),
    (
        "fails hardly ever",
        "ServingErrorBudgetSlow",
        [*SERVED, requests("200", "0+9999x600"), requests("503", "0+1x600")],
        "8h",
        [],
    ),
    (
        "slow",
        "ServingLatency",
        [
            *SERVED,
            *(
                series(
                    'istio_request_duration_milliseconds_bucket{reporter="destination", '
                    'destination_workload_namespace="fraud-serving", destination_service_name="scorer", '
                    f'le="{le}"}}',
                    values,
                )
                for le, values in (("1000", "0+50x60"), ("2500", "0+100x60"), ("+Inf", "0+100x60"))
            ),
        ],
        "30m",
        [OF_SERVING],
    ),
    (
        "drifted",
        "ModelDrift",
        [
            OURS,
            series('mlcluster_drift_score{namespace="fraud-training", model="m", feature="f"}', "0.4x100"),
            series(
                'mlcluster_drift_threshold{namespace="fraud-training", model="m", feature="f"}', "0.2x100"
            ),
        ],
        "1h",
        [{**OF_FRAUD, "model": "m", "feature": "f"}],
    ),
    (
        "not ready",
        "NodeNotReady",
        [series('kube_node_status_condition{node="a", condition="Ready", status="true"}', "0x30")],
        "20m",
        [{"node": "a"}],
    ),
    *(
        (
            f"full, {name}",
            name,
            [
                OURS,
                *(
                    series(
                        f"kubelet_volume_stats_{what}_bytes"
                        f'{{namespace="{space}", persistentvolumeclaim="data"}}',
                        values,
                    )
                    for space in ("fraud-training", "monitoring")
                    for what, values in (("available", "5x60"), ("capacity", "100x60"))
                ),
            ],
            "30m",
            [{**of, "persistentvolumeclaim": "data"}],
        )
        for name, of in (("VolumeFull", {"namespace": "monitoring"}), ("TeamVolumeFull", OF_FRAUD))
    ),
    (
        "runs out",
        "CertificateExpiring",
        [
            series(
                'certmanager_certificate_expiration_timestamp_seconds{namespace="gateway", name="web"}',
                "86400x200",
            )
        ],
        "2h",
        [{"namespace": "gateway", "name": "web"}],
    ),
    (
        "the last backup was long before the start",
        "PostgresBackupOld",
        [series(f'{BACKUP}{{namespace="postgres", pod="postgres-1"}}', "-200000x200")],
        "2h",
        [{"namespace": "postgres"}],
    ),
    (
        "a backup by another pod",
        "PostgresBackupOld",
        [
            series(f'{BACKUP}{{namespace="postgres", pod="postgres-1"}}', "-200000x200"),
            series(f'{BACKUP}{{namespace="postgres", pod="postgres-2"}}', "-3600x200"),
        ],
        "2h",
        [],
    ),
    (
        "nothing archived",
        "PostgresNotArchiving",
        [series(f'{ARCHIVED}{{namespace="postgres", pod="postgres-1"}}', "0+60x200")],
        "2h",
        [{"namespace": "postgres"}],
    ),
    (
        "copies archive nothing",
        "PostgresNotArchiving",
        [
            series(f'{ARCHIVED}{{namespace="postgres", pod="postgres-1"}}', "120x200"),
            series(f'{ARCHIVED}{{namespace="postgres", pod="postgres-2"}}', "-1x200"),
        ],
        "2h",
        [],
    ),
]


def test_every_alert_is_seen_to_fire() -> None:
    assert {alert for _, alert, _, _, expected in CASES if expected} == set(ALERTS)


def written(folder: Path) -> Path:
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": rules.groups(EVERYTHING, "docs/runbooks")}))
    return file


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PROMTOOL), *arguments], capture_output=True, text=True, check=False)


@needs_promtool
def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    done = ran("check", "rules", str(written(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_when_they_should_and_not_otherwise(tmp_path: Path) -> None:
    file = written(tmp_path)
    tests = [{**case(*one), "interval": "1m"} for one in CASES]
    suite = {"rule_files": [str(file)], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(suite))
    done = ran("test", "rules", str(tmp_path / "tests.yaml"))
    assert done.returncode == 0, done.stdout + done.stderr


def case(
    name: str, alert: str, given: list[dict[str, str]], at: str, expected: list[dict[str, str]]
) -> dict[str, Any]:
    """A test as promtool has it: what fires, by severity and the labels that are expected."""
    labels = sorted(expected[0]) if expected else ["alertname"]
    firing = f'ALERTS{{alertname="{alert}", alertstate="firing"}}'
    severity = ALERTS[alert].severity
    return {
        "name": name,
        "input_series": given,
        "promql_expr_test": [
            {
                "expr": f"count by (severity, {', '.join(labels)}) ({firing})",
                "eval_time": at,
                "exp_samples": [
                    {"labels": _labels({**one, "severity": severity}), "value": 1} for one in expected
                ],
            }
        ],
    }


def _labels(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}"
