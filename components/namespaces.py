"""Namespaces, and what the API server lets pods in them do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

import pulumi
from pulumi_kubernetes.core import v1 as core

from infra import deadlines

Level = Literal["restricted", "baseline", "privileged"]
"""https://kubernetes.io/docs/concepts/security/pod-security-standards/"""

_KINDS: Final = ("enforce", "warn", "audit")


def namespace(
    name: str,
    called: str,
    labels: Mapping[str, str],
    level: Level,
    *,
    parent: pulumi.Resource,
    after: Iterable[pulumi.Resource] = (),
) -> core.Namespace:
    """A namespace where the API server refuses pods that want more rights than a level allows.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/

    Args:
        name: Of the resource in the stack.
        called: What it is called in the cluster.
        labels: Its other labels.
        level: The Pod Security level.
        parent: The component that it is part of.
        after: What its pods still need while it is emptied.
    """
    security = {f"pod-security.kubernetes.io/{kind}": level for kind in _KINDS}
    return core.Namespace(
        name,
        metadata={"name": called, "labels": {**labels, **security}},
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=list(after), custom_timeouts=deadlines.NAMESPACE
        ),
    )
