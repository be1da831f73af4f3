"""CustomResourceDefinitions of projects whose charts do not bring or upgrade them (files: crds/)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import yaml

from infra.catalog import lookup

PROJECTS: Final = ("aws-load-balancer-controller", "gateway-api", "strimzi")
"""The projects, as kinds.yaml calls them."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def definitions(project: str) -> tuple[Mapping[str, Any], ...]:
    """The definitions of a project, by name.

    Raises:
        BadInput: The catalog does not have them.
    """
    if project not in PROJECTS:
        raise lookup.unknown("project", project, PROJECTS)
    documents = yaml.load_all(lookup.text(f"crds/{project}.yaml"), Loader=_LOADER)
    return tuple(sorted(documents, key=lambda one: str(one["metadata"]["name"])))
