"""Makes the manifests of an environment: a profile of the platform's with what is this example's own over it.

    python render.py PROFILE.yaml IMAGE [--iam] > shop-events.yaml

PROFILE.yaml is an entry of the ConfigMap `spark-profiles` in the team's namespace; IMAGE is what Dockerfile
makes. With --iam there is no Secret `kafka`: brokers at Amazon MSK know pods by their role. Needs PyYAML,
which mlcluster has.
"""

from __future__ import annotations

import copy
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

MANIFESTS = Path(__file__).parent / "manifests"
_TEAM = "mlcluster.io/team"
_OF_THE_SECRET = frozenset({"KAFKA_USERNAME", "KAFKA_PASSWORD", "KAFKA_CA"})


def rendered(profile: Mapping[str, Any], image: str, *, iam: bool = False) -> list[dict[str, Any]]:
    """All manifests."""
    own = {"spec": {"image": image}}
    jobs = {name: _job(profile, name, own) for name in ("stream", "compaction", "quality")}
    made = [
        _producer(profile, image),
        jobs["stream"],
        _scheduled(jobs["compaction"]),
        _checked(jobs["quality"]),
    ]
    for one in made:
        one["metadata"]["labels"] = {**one["metadata"]["labels"], "app": "shop-events"}
    return [_without_secret(one) if iam else one for one in made]


def merged(onto: Any, patch: Any) -> Any:
    """One document over another, as RFC 7386 has it."""
    if not isinstance(patch, Mapping):
        return patch
    kept = dict(onto) if isinstance(onto, Mapping) else {}
    for key, value in patch.items():
        kept[key] = merged(kept.get(key), value)
    return {key: value for key, value in kept.items() if value is not None}


def tables_prefix(team: str) -> str:
    """What the names of a team's tables begin with (docs/how-to/spark.md)."""
    if "--" in team:
        return f"t{hashlib.sha256(team.encode()).hexdigest()[:10]}__"
    return f"{team.replace('-', '_')}__"


def _job(profile: Mapping[str, Any], name: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """A SparkApplication; its `schedule`, if it has one, is still in it."""
    said = _read(name)
    for pod in ("driver", "executor"):
        # A list replaces a list: what the profile tells its pods stays.
        before = profile["spec"].get(pod, {}).get("env", [])
        if before and (here := said["spec"].setdefault(pod, {})):
            here["env"] = [*before, *here.get("env", [])]
    made = merged(merged(copy.deepcopy(dict(profile)), said), own)
    prefix = tables_prefix(profile["metadata"]["labels"][_TEAM])
    filled: dict[str, Any] = yaml.safe_load(yaml.safe_dump(made).replace("TEAM_TABLES__", prefix))
    return filled


def _producer(profile: Mapping[str, Any], image: str) -> dict[str, Any]:
    job = _read("producer")
    job["metadata"] |= copy.deepcopy(profile["metadata"])
    job["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return job


def _scheduled(job: dict[str, Any]) -> dict[str, Any]:
    """By the clock, never two at once."""
    when = {"schedule": job.pop("schedule"), "timeZone": "UTC", "concurrencyPolicy": "Forbid"}
    return {**job, "kind": "ScheduledSparkApplication", "spec": {**when, "template": job["spec"]}}


def _checked(job: dict[str, Any]) -> dict[str, Any]:
    """A workflow by the clock, that makes the job and waits for what comes of it."""
    schedule, name = job.pop("schedule"), job["metadata"].pop("name")
    about = copy.deepcopy(job["metadata"])
    job["metadata"]["generateName"] = f"{name}-"
    said = {
        "manifest": yaml.safe_dump(job, sort_keys=False),
        "success": "status.applicationState.state == COMPLETED",
        "failure": "status.applicationState.state in (FAILED, SUBMISSION_FAILED)",
    }
    workflow = {
        "workflowTemplateRef": {"name": "run-object", "clusterScope": True},
        "arguments": {"parameters": [{"name": key, "value": value} for key, value in said.items()]},
    }
    spec = {
        "schedules": [schedule],
        "timezone": "UTC",
        "concurrencyPolicy": "Forbid",
        "workflowSpec": workflow,
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "CronWorkflow",
        "metadata": {**about, "name": name},
        "spec": spec,
    }


def _without_secret(value: Any) -> Any:
    """A manifest that neither mounts the Secret nor reads it."""
    if isinstance(value, Mapping):
        return {key: _without_secret(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_secret(item) for item in value if not _is_of_secret(item)]
    return value


def _is_of_secret(item: Any) -> bool:
    return isinstance(item, Mapping) and (item.get("name") in _OF_THE_SECRET or item.get("name") == "kafka")


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text(encoding="utf-8"))
    return read


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path, image, *rest] if rest in ([], ["--iam"]):
            profile = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            print(yaml.safe_dump_all(rendered(profile, image, iam=bool(rest)), sort_keys=False), end="")
        case _:
            sys.exit(__doc__)
