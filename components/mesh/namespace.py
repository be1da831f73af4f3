"""The namespaces of the mesh's own services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pulumi
from pulumi_kubernetes.core import v1 as core

from infra import deadlines

_KINDS = ("enforce", "warn", "audit")


def namespace(
    name: str,
    called: str,
    labels: Mapping[str, str],
    level: Literal["restricted", "privileged"],
    opts: pulumi.ResourceOptions,
) -> core.Namespace:
    """A namespace where the API server refuses pods that want more rights than a level allows.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/

    Args:
        name: Of the resource in the stack.
        called: What it is called in the cluster.
        labels: Its other labels.
        level: The Pod Security level.
        opts: The resource's options.
    """
    security = {f"pod-security.kubernetes.io/{kind}": level for kind in _KINDS}
    timeouts = pulumi.ResourceOptions(custom_timeouts=deadlines.NAMESPACE)
    return core.Namespace(
        name,
        metadata={"name": called, "labels": {**labels, **security}},
        opts=pulumi.ResourceOptions.merge(opts, timeouts),
    )
