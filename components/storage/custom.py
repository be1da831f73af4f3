"""Objects of kinds that a chart brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import _utilities


def custom(
    name: str, api_version: str, kind: str, opts: pulumi.ResourceOptions, **fields: Mapping[str, Any] | str
) -> pulumi.CustomResource:
    """An object of a kind that Kubernetes does not know by itself.

    Pulumi's own `apiextensions.CustomResource` only lets it have a `spec`, which not all kinds have.

    Args:
        name: Of the resource in the stack.
        api_version: Of the kind.
        kind: The kind.
        opts: The resource's options; they must make it wait for what brings the kind.
        fields: What the object has: its `metadata`, and mostly a `spec`.
    """
    same_provider = pulumi.ResourceOptions(version=_utilities.get_version())
    return pulumi.CustomResource(
        f"kubernetes:{api_version}:{kind}",
        name,
        {"apiVersion": api_version, "kind": kind, **fields},
        pulumi.ResourceOptions.merge(opts, same_provider),
    )
