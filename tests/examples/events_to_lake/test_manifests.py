"""What the example asks of a cluster, over a profile that the platform makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from components.data.pipelines.templates import run_object
from components.data.spark.rights import table_prefix
from components.tenancy.discovery import Found, Sources, Stream, variables
from infra import kafka
from tests.components.data.pipelines import support as pipelines
from tests.components.data.spark.support import BUCKETS, ON_CEPH, made
from tests.components.storage import judging
from tests.examples.events_to_lake.support import module

RENDER = module("render.py")
SETTINGS = module("events_to_lake/settings.py")
IMAGE = "registry.example.com/events-to-lake:1"
TOPICS = {"shop-events": {"access": ["read", "write"]}}
needs_definitions = pytest.mark.skipif(
    not judging.UPSTREAM.is_dir(), reason=f"{judging.UPSTREAM} is not there"
)


def profile(*args: Any) -> dict[str, Any]:
    """A profile as people find it: text in a config map."""
    found: dict[str, Any] = yaml.safe_load(yaml.safe_dump(made({}, *args)))
    return found


def rendered(*args: Any, iam: bool = False) -> dict[str, dict[str, Any]]:
    """By kind; and the job that the workflow makes, as Check."""
    found = {one["kind"]: one for one in RENDER.rendered(profile(*args), IMAGE, iam=iam)}
    said = found["CronWorkflow"]["spec"]["workflowSpec"]["arguments"]["parameters"]
    return {**found, "Check": yaml.safe_load(next(one["value"] for one in said if one["name"] == "manifest"))}


def sources(auth: str) -> dict[str, str]:
    """What the platform tells the team's pods."""
    stream = Stream(auth=auth, secret=auth == "scram", topics=TOPICS)
    found = Found(buckets=BUCKETS, database="mlcluster_test", bootstrap="kafka:9094")
    return variables(
        Sources(team="fraud", region="eu-west-1", lake=True, stream=stream), found, "fraud-training"
    )


def environment(pod: Mapping[str, Any], auth: str) -> dict[str, str]:
    """A pod's variables, as the kubelet makes them."""
    assert pod["envFrom"] == [{"configMapRef": {"name": "data-sources"}}]
    found = {**sources(auth), "AWS_REGION": "eu-west-1"}
    for one in pod.get("env", []):
        secret = one.get("valueFrom", {}).get("secretKeyRef")
        value = f"secret {secret['key']}" if secret else one["value"]
        found[one["name"]] = re.sub(r"\$\((\w+)\)", lambda name: found[name[1]], value)
    return found


def spark_jobs(found: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "stream": found["SparkApplication"]["spec"],
        "compaction": found["ScheduledSparkApplication"]["spec"]["template"],
        "quality": found["Check"]["spec"],
    }


@needs_definitions
@pytest.mark.parametrize("args", [(), (ON_CEPH,)])
@pytest.mark.parametrize("iam", [False, True])
def test_the_operator_knows_every_field(args: tuple[Any, ...], iam: bool) -> None:
    found = rendered(*args, iam=iam)
    for kind in ("SparkApplication", "ScheduledSparkApplication", "Check"):
        assert judging.complaints(found[kind]) == [], kind


@needs_definitions
def test_a_wrong_field_would_be_seen() -> None:
    job = rendered()["SparkApplication"]
    job["spec"]["driver"]["envs"] = []
    assert judging.complaints(job)


@pipelines.needs_schemas
def test_argo_knows_every_field() -> None:
    spec = rendered()["CronWorkflow"]["spec"]
    assert pipelines.complaints(spec["workflowSpec"]) == []


def test_the_check_uses_the_platforms_template() -> None:
    spec = rendered()["CronWorkflow"]["spec"]["workflowSpec"]
    assert spec["workflowTemplateRef"] == {"name": "run-object", "clusterScope": True}
    known = {one["name"] for one in run_object()["arguments"]["parameters"]}
    assert {one["name"] for one in spec["arguments"]["parameters"]} <= known


def test_a_check_that_fails_is_not_done_again() -> None:
    assert rendered()["Check"]["spec"]["restartPolicy"]["type"] == "Never"


def test_the_stream_is_started_again_for_ever() -> None:
    spec = rendered()["SparkApplication"]["spec"]
    assert spec["restartPolicy"]["type"] == "Always"
    assert "timeToLiveSeconds" not in spec
    assert "dynamicAllocation" not in spec


@pytest.mark.parametrize("kind", ["ScheduledSparkApplication", "CronWorkflow"])
def test_what_runs_by_the_clock_never_runs_twice_at_once(kind: str) -> None:
    spec = rendered()[kind]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert (spec.get("timeZone") or spec.get("timezone")) == "UTC"


def test_the_profile_stays_what_it_is() -> None:
    before = made({}, ON_CEPH)["spec"]
    for job in spark_jobs(rendered(ON_CEPH)).values():
        assert job["image"] == IMAGE
        assert job["sparkVersion"] == before["sparkVersion"]
        assert job["deps"] == before["deps"]
        assert job["hadoopConf"] == before["hadoopConf"]
        assert {**job["sparkConf"], **before["sparkConf"]} == job["sparkConf"]
        for pod in ("driver", "executor"):
            assert [one for one in before[pod]["env"] if one not in job[pod]["env"]] == []
            kept = {key: value for key, value in before[pod].items() if key not in ("env", "instances")}
            assert {key: job[pod][key] for key in kept} == kept


@pytest.mark.parametrize("job", ["stream", "compaction", "quality"])
def test_programs_are_those_of_the_image(job: str) -> None:
    path = spark_jobs(rendered())[job]["mainApplicationFile"]
    assert path.startswith("local:///opt/events-to-lake/events_to_lake/")
    module_file = path.removeprefix("local:///opt/events-to-lake/")
    text = (RENDER.MANIFESTS.parent / module_file).read_text()
    assert '__name__ == "__main__"' in text


@pytest.mark.parametrize("auth", ["scram", "iam"])
def test_the_stream_finds_all_that_it_needs(auth: str) -> None:
    driver = spark_jobs(rendered(iam=auth == "iam"))["stream"]["driver"]
    env = environment(driver, auth)
    broker = SETTINGS.Broker.read(env)
    assert (broker.auth, broker.bootstrap, broker.topic) == (auth, "kafka:9094", "shop-events")
    assert broker.groups == kafka.own("fraud")
    assert (broker.authority is None) == (auth == "iam")
    assert broker.password == ("secret password" if auth == "scram" else "")
    assert SETTINGS.Tables.read(env).events == f"lake.mlcluster_test.{table_prefix('fraud')}shop_events"
    flow = SETTINGS.Flow.read(env)
    assert flow.checkpoints == "s3a://a-raw/teams/fraud/checkpoints/shop-events"
    assert flow.every == "1 minute"


@pytest.mark.parametrize("job", ["compaction", "quality"])
def test_the_others_find_the_same_table(job: str) -> None:
    jobs = spark_jobs(rendered())
    tables = [SETTINGS.Tables.read(environment(jobs[name]["driver"], "scram")) for name in ("stream", job)]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("auth", ["scram", "iam"])
def test_the_producer_finds_all_that_it_needs(auth: str) -> None:
    pod = rendered(iam=auth == "iam")["Job"]["spec"]["template"]["spec"]
    broker = SETTINGS.Broker.read(environment(pod["containers"][0], auth))
    assert (broker.auth, broker.topic) == (auth, "shop-events")
    mounted = [one["secret"]["secretName"] for one in pod["volumes"]]
    assert mounted == ([kafka.TEAM_SECRET] if auth == "scram" else [])


def test_one_label_finds_all_of_it() -> None:
    found = RENDER.rendered(profile(), IMAGE)
    assert all(one["metadata"]["labels"]["app"] == "shop-events" for one in found)
    assert all(one["metadata"]["namespace"] == "fraud-training" for one in found)


def test_without_a_secret_none_is_mounted() -> None:
    found = yaml.safe_dump_all(RENDER.rendered(profile(), IMAGE, iam=True))
    assert "secretKeyRef" not in found
    assert "/etc/kafka" not in found


def test_pods_pass_the_restricted_level() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    found = rendered()
    pod = found["Job"]["spec"]["template"]["spec"]
    careful = [(pod["securityContext"], one["securityContext"]) for one in pod["containers"]]
    for job in spark_jobs(found).values():
        careful += [
            (job[one]["podSecurityContext"], job[one]["securityContext"]) for one in ("driver", "executor")
        ]
    for of_pod, of_container in careful:
        assert of_pod["runAsNonRoot"] is True
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert of_container["allowPrivilegeEscalation"] is False
        assert of_container["capabilities"] == {"drop": ["ALL"]}
    volumes = [*pod["volumes"], *found["SparkApplication"]["spec"]["volumes"]]
    assert all(one.keys() - {"name"} <= {"secret", "configMap", "emptyDir"} for one in volumes)


@pytest.mark.parametrize("team", ["fraud", "fraud-detection", "a--b"])
def test_tables_are_the_teams_own(team: str) -> None:
    assert RENDER.tables_prefix(team) == table_prefix(team)
