"""Templates of pipelines that all teams share: specifications of ClusterWorkflowTemplates.

What a step runs is the team's: its image, and a line for the shell. A step without a line is left out. Steps
leave what they made in /step/out, where the next one finds it in /step/in; and they find in their environment
what the ConfigMap `data-sources` says, and MODEL, RUN and MODEL_URI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from components.scheduling import resources
from infra.catalog.images import image

MODEL_CI: Final = "model-ci"
"""gather, clean, validate, train, evaluate, register, deploy."""
RUN_OBJECT: Final = "run-object"
"""A step that makes an object, such as a SparkApplication, and waits until it is done."""
QUALITY: Final = "quality-check"
"""The template of data quality checks, and the template within it."""
OBJECTS_ACCOUNT: Final = "pipeline"
"""The service account of steps that make objects; see team_manifests.py."""
SEMAPHORES: Final = "semaphores"
"""The ConfigMap, in teams' namespaces, that says how many hold a semaphore at once."""
TRAIN: Final = "train"
"""The semaphore that trainings hold."""
DATA_SOURCES: Final = "data-sources"
"""The ConfigMap, in teams' namespaces, that tells pods where data is."""

_PARAMETERS: Final[tuple[tuple[str, str | None, str], ...]] = (
    ("model", None, "The model's name."),
    ("image", None, "The image that steps run in."),
    ("gather", "", "What brings raw data; a line for the shell, as all that follow. Empty: nothing does."),
    ("clean", "", "What makes curated data of it. Empty: nothing does."),
    ("suite", "", "What the data is checked by, for the template quality-check. Empty: it is not."),
    ("train", None, "What trains the model and writes it to $MODEL_URI, in a pod with the GPUs."),
    ("train_image", "", "The image that it trains in. Default: image."),
    ("gpus", "1", "GPUs of the training."),
    ("cpu", "4", "vCPUs that the training is sure of."),
    ("memory", "16Gi", "Memory of the training."),
    ("priority", "training", "Priority class of the training: the phase of the namespace, or one below it."),
    ("evaluate", "true", "What writes how good the model is, as a number, to /step/out/metric."),
    ("threshold", "0", "A model is registered and deployed only if its number is at least this."),
    ("models", "$(LAKE_MODELS)", "Where models are written, as s3://bucket/prefix/."),
    (
        "deploy",
        "",
        "A manifest that is applied at the end: a Deployment in TEAM-serving. Empty: none.",
    ),
)
"""Names, defaults (None: it has to be given) and meanings of `model-ci`'s parameters."""

_CHECKED: Final = {"suite": "{{workflow.parameters.suite}}"}
"""Parameters of the template `quality-check`, and what is given for them."""
_RETRY: Final = {
    "limit": 2,
    # A node that went, not a command that failed.
    "retryPolicy": "OnError",
    "backoff": {"duration": "30s", "factor": 2},
}
_WORK: Final = {"name": "work", "emptyDir": {}}
_CONTAINER: Final = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
_SOURCES: Final = [{"configMapRef": {"name": DATA_SOURCES, "optional": True}}]


def model_ci(*, lake: bool) -> dict[str, Any]:
    """From data to a model at work.

    Args:
        lake: Whether there is one, through which steps pass on what they made.
    """
    return {
        "entrypoint": MODEL_CI,
        "arguments": {"parameters": [_parameter(*one) for one in _PARAMETERS]},
        "templates": [
            {"name": MODEL_CI, "dag": {"tasks": _tasks(lake=lake)}},
            _step(lake=lake),
            _train(),
            _register(),
            _deploy(),
        ],
    }


def run_object() -> dict[str, Any]:
    """A step that makes an object and waits for it; the object goes with its workflow."""
    given = ("manifest", "success", "failure")
    made = {
        "action": "create",
        "setOwnerReference": True,
        "successCondition": "{{inputs.parameters.success}}",
        "failureCondition": "{{inputs.parameters.failure}}",
        "manifest": "{{inputs.parameters.manifest}}",
    }
    wanted = ("manifest", None, "The object, with generateName, or a name of its own.")
    success = ("success", "status.succeeded > 0", "When it is done; as a label selector on its fields.")
    failure = ("failure", "status.failed > 0", "When it has failed.")
    return {
        "entrypoint": RUN_OBJECT,
        "arguments": {"parameters": [_parameter(*one) for one in (wanted, success, failure)]},
        "templates": [{**_making_objects(RUN_OBJECT, given), "resource": made}],
    }


def _parameter(name: str, default: str | None, meaning: str) -> dict[str, str]:
    return {"name": name, **({} if default is None else {"value": default}), "description": meaning}


def _tasks(*, lake: bool) -> list[dict[str, Any]]:
    validate = {
        "name": "validate",
        "templateRef": {"name": QUALITY, "template": QUALITY, "clusterScope": True},
        "arguments": {"parameters": [{"name": name, "value": value} for name, value in _CHECKED.items()]},
        "depends": "clean",
        "when": _said("suite"),
    }
    metric = "tasks.evaluate.outputs.parameters.metric"
    good = f"{{{{=asFloat({metric}) >= asFloat(workflow.parameters.threshold)}}}}"
    return [
        _command("gather", (), lake=lake),
        _command("clean", ("gather",), lake=lake),
        validate,
        {"name": "train", "template": "train", "depends": "validate"},
        {**_command("evaluate", ("train", "clean"), lake=lake), "depends": "train"},
        {
            "name": "register",
            "template": "register",
            "depends": "evaluate",
            "when": good,
            "arguments": {"parameters": [{"name": "metric", "value": f"{{{{{metric}}}}}"}]},
        },
        # A model that is not good enough is not registered, and what is not registered is not deployed.
        {
            "name": "deploy",
            "template": "deploy",
            "depends": "register.Succeeded",
            "when": _said("deploy"),
            "arguments": {"parameters": [{"name": "manifest", "value": "{{workflow.parameters.deploy}}"}]},
        },
    ]


def _said(parameter: str) -> str:
    """Whether a parameter says something."""
    return f"{{{{=workflow.parameters.{parameter} != ''}}}}"


def _command(name: str, before: tuple[str, ...], *, lake: bool) -> dict[str, Any]:
    """A task that runs a line of the team's; what it finds is of the last task named."""
    command = [
        {"name": "step", "value": name},
        {"name": "command", "value": f"{{{{workflow.parameters.{name}}}}}"},
    ]
    found = [
        {"name": "before", "from": f"{{{{tasks.{one}.outputs.artifacts.made}}}}", "optional": True}
        for one in before[-1:]
        if lake
    ]
    return {
        "name": name,
        "template": "step",
        "arguments": {"parameters": command, **({"artifacts": found} if found else {})},
        **({"depends": before[0]} if before else {}),
        "when": _said(name),
    }


def _step(*, lake: bool) -> dict[str, Any]:
    into = [{"name": "before", "path": "/step/in", "optional": True}] if lake else []
    made = [{"name": "made", "path": "/step/out", "optional": True}] if lake else []
    metric = {"name": "metric", "valueFrom": {"path": "/step/out/metric", "default": "0"}}
    return {
        "name": "step",
        "retryStrategy": _RETRY,
        "inputs": {"parameters": _names(("step", "command")), **({"artifacts": into} if into else {})},
        "outputs": {"parameters": [metric], **({"artifacts": made} if made else {})},
        "volumes": [_WORK],
        "container": {
            "image": "{{workflow.parameters.image}}",
            "command": ["sh", "-c"],
            "args": ["{{inputs.parameters.command}}"],
            "envFrom": _SOURCES,
            "env": [{"name": "STEP", "value": "{{inputs.parameters.step}}"}, *_run()],
            "resources": resources("500m", "1Gi", most="4Gi"),
            "securityContext": _CONTAINER,
            "volumeMounts": [{"name": "work", "mountPath": "/step"}],
        },
    }


def _train() -> dict[str, Any]:
    """The step that trains: a Job of its own, so that it is seen, queued and stopped like any other."""
    return {
        **_making_objects("train", ()),
        # Not more at once than the team wants, however many workflows there are.
        "synchronization": {"semaphores": [{"configMapKeyRef": {"name": SEMAPHORES, "key": TRAIN}}]},
        "resource": {
            "action": "create",
            "setOwnerReference": True,
            "successCondition": "status.succeeded > 0",
            "failureCondition": "status.failed > 0",
            "manifest": _written(_training()),
        },
    }


def _training() -> dict[str, Any]:
    chosen = "workflow.parameters.train_image"
    gpus, memory = "{{workflow.parameters.gpus}}", "{{workflow.parameters.memory}}"
    container = {
        "name": "train",
        "image": f"{{{{={chosen} != '' ? {chosen} : workflow.parameters.image}}}}",
        "command": ["sh", "-c"],
        "args": ["{{=toJson(workflow.parameters.train)}}"],
        "envFrom": _SOURCES,
        "env": _run(),
        "resources": {
            "requests": {"cpu": "{{workflow.parameters.cpu}}", "memory": memory},
            "limits": {"memory": memory, "nvidia.com/gpu": gpus},
        },
        "securityContext": _CONTAINER,
        "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108 - what data loaders share
    }
    pod = {
        "restartPolicy": "Never",
        "serviceAccountName": "{{workflow.serviceAccountName}}",
        "automountServiceAccountToken": False,
        "priorityClassName": "{{workflow.parameters.priority}}",
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "containers": [container],
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"generateName": "{{workflow.name}}-train-"},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }


def _written(manifest: Mapping[str, Any]) -> str:
    """A manifest as text, in which an expression that gives JSON stands for a whole value.

    So a line with quotes and line breaks stays one value, whatever is in it.
    """
    return re.sub(r'"(\{\{=toJson\([^"]*\)\}\})"', r"\1", json.dumps(manifest, indent=1))


def _register() -> dict[str, Any]:
    """The step that tells MLflow of the model, where there is one."""
    source = Path(__file__).with_name("register.py").read_text("utf-8")
    return {
        "name": "register",
        "retryStrategy": _RETRY,
        "inputs": {"parameters": _names(("metric",))},
        "outputs": {"parameters": [{"name": "version", "valueFrom": {"path": "/step/version"}}]},
        "volumes": [_WORK],
        "container": {
            "image": image("python"),
            "command": ["python3", "-c"],
            "args": [source, "/step/version"],
            "envFrom": _SOURCES,
            "env": [
                *_run(),
                {"name": "SOURCE", "value": "$(MODEL_URI)"},
                {"name": "METRIC", "value": "{{inputs.parameters.metric}}"},
            ],
            "resources": resources("50m", "64Mi", most="256Mi"),
            "securityContext": {**_CONTAINER, "readOnlyRootFilesystem": True},
            "volumeMounts": [{"name": "work", "mountPath": "/step"}],
        },
    }


def _deploy() -> dict[str, Any]:
    applied = {"action": "apply", "manifest": "{{inputs.parameters.manifest}}"}
    return {**_making_objects("deploy", ("manifest",)), "resource": applied}


def _making_objects(name: str, given: Iterable[str]) -> dict[str, Any]:
    """What a step that makes objects has: the account that may, and nothing to do with the lake."""
    inputs = _names(given)
    return {
        "name": name,
        **({"inputs": {"parameters": inputs}} if inputs else {}),
        "serviceAccountName": OBJECTS_ACCOUNT,
        "automountServiceAccountToken": True,
        "archiveLocation": {"archiveLogs": False},
        "retryStrategy": _RETRY,
    }


def _names(parameters: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": one} for one in parameters]


def _run() -> list[dict[str, str]]:
    """What every step finds in its environment; Kubernetes puts in what stands as $(NAME)."""
    said = {
        "MODEL": "{{workflow.parameters.model}}",
        "RUN": "{{workflow.name}}",
        "MODEL_URI": "{{workflow.parameters.models}}{{workflow.parameters.model}}/{{workflow.name}}",
    }
    return [{"name": name, "value": value} for name, value in said.items()]
