"""The template of data quality checks: a specification of a ClusterWorkflowTemplate."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from components.data.pipelines.templates import DATA_SOURCES, QUALITY
from components.scheduling import resources
from infra import ceph
from infra.catalog.images import image

SUITE: Final = "suite.yaml"
"""Entry of a suite's ConfigMap."""
REPORTS: Final = "$LAKE_CURATED/quality"
"""Where reports are: in the team's part of the zone curated."""

_PARAMETERS: Final = (
    (
        "suite",
        None,
        "The ConfigMap, in the workflow's namespace, whose entry suite.yaml says what is expected.",
    ),
    ("dataset", "", "What is checked, such as $LAKE_CURATED/orders/. Default: what the suite says."),
    ("image", image("python"), "An image with Python. Without Great Expectations in it, it is fetched."),
)
"""Names, defaults (None: it has to be given) and meanings."""

_KEYS: Final = {"AWS_ACCESS_KEY_ID": "AccessKey", "AWS_SECRET_ACCESS_KEY": "SecretKey"}
"""Where the AWS SDK looks for keys, and where Rook writes them."""


def quality_template() -> dict[str, Any]:
    """Holds a dataset in the lake to a suite of expectations; fails where one does not hold.

    It is one step, `quality-check`, for other workflows to refer to, and a workflow by itself. Its report is
    in its log, and in the lake under `quality/<suite>/<workflow>.json` of the team's curated zone.
    """
    given = [
        {"name": name, **({} if default is None else {"value": default}), "description": meaning}
        for name, default, meaning in _PARAMETERS
    ]
    inputs = [
        {"name": name, **({} if default is None else {"value": default})} for name, default, _ in _PARAMETERS
    ]
    return {
        "entrypoint": QUALITY,
        "arguments": {"parameters": given},
        "templates": [
            {
                "name": QUALITY,
                "inputs": {"parameters": inputs},
                # A node that went, not data that is wrong.
                "retryStrategy": {"limit": 2, "retryPolicy": "OnError"},
                "volumes": [
                    {"name": "suite", "configMap": {"name": "{{inputs.parameters.suite}}"}},
                    {"name": "work", "emptyDir": {}},
                ],
                "container": _container(),
            }
        ],
    }


def _container() -> dict[str, Any]:
    source = Path(__file__).with_name("quality_job.py").read_text("utf-8")
    return {
        "image": "{{inputs.parameters.image}}",
        "command": ["python3", "-c"],
        "args": [source, f"/suite/{SUITE}", "{{inputs.parameters.dataset}}"],
        "envFrom": [{"configMapRef": {"name": DATA_SOURCES, "optional": True}}],
        "env": [
            {"name": "SUITE", "value": "{{inputs.parameters.suite}}"},
            {"name": "RUN", "value": "{{workflow.name}}"},
            {"name": "REPORTS", "value": REPORTS},
            {"name": "SITE", "value": "/step/site"},
            {"name": "HOME", "value": "/step"},
            {"name": "TMPDIR", "value": "/step"},
            *_keys(),
        ],
        "resources": resources("500m", "1Gi", most="8Gi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [
            {"name": "suite", "mountPath": "/suite", "readOnly": True},
            {"name": "work", "mountPath": "/step"},
        ],
    }


def _keys() -> list[dict[str, Any]]:
    """Keys of the namespace's user on Ceph, where there are any; at AWS pods have a role."""
    secret = ceph.secret("{{workflow.namespace}}")
    return [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key, "optional": True}}}
        for name, key in _KEYS.items()
    ]
