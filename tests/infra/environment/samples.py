"""A small environment that is right, and ways to make it wrong."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.environment import Environment, parse
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput

ROOT = Path(__file__).resolve().parents[3]

SMALL: Mapping[str, Any] = {
    "owner": "ml-platform",
    "account": "111122223333",
    "network": {"cidr": "10.10.0.0/16", "zones": 2},
    "cluster": {
        "version": "1.35",
        "oidc": {"issuer": "https://login.example.com", "client_id": "kubernetes"},
    },
    "pools": {
        "system": {"instances": ["m7i.large"], "min": 2, "max": 4},
        "gpu": {"instances": ["g6.xlarge"], "max": 2},
    },
    "storage": {"lake": {"keep": "destroy"}},
    "teams": {"fraud": {"members": ["oidc:fraud"], "gpus": 1, "cpu": 6, "memory": "16GiB"}},
}
ON_PREMISES: Mapping[str, Any] = {
    "owner": "ml-platform",
    "platform": "kubernetes",
    "cluster": {"context": "kind-lab"},
    "teams": SMALL["teams"],
}

MISSING = object()
"""In changes: leave the key out."""


def changed(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `base` with other values at some dotted paths."""
    data: dict[str, Any] = copy.deepcopy(dict(base))
    for path, value in changes.items():
        *sections, key = path.split(".")
        inside = data
        for section in sections:
            inside = inside.setdefault(section, {})
        if value is MISSING:
            del inside[key]
        else:
            inside[key] = value
    return data


def small(changes: Mapping[str, Any] | None = None, *, region: object = "us-east-1") -> Environment:
    """The small environment with changes."""
    return parse("dev", {REGION: region, SECTION: changed(SMALL, changes or {})})


def on_premises(changes: Mapping[str, Any] | None = None) -> Environment:
    """An environment on an existing cluster, with changes."""
    return parse("lab", {SECTION: changed(ON_PREMISES, changes or {})})


def problems_of(changes: Mapping[str, Any], *, region: object = "us-east-1") -> list[str]:
    """What is said of the small environment with changes."""
    try:
        small(changes, region=region)
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []
