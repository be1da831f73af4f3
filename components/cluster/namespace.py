"""Namespaces of system services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
from pulumi_kubernetes.core import v1 as core

from infra import deadlines


def restricted(
    resource: str,
    name: str,
    labels: Mapping[str, str],
    parent: pulumi.Resource,
    after: Iterable[pulumi.Resource],
) -> core.Namespace:
    """A namespace for pods that have given up every right that can be given up.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/

    Args:
        resource: Name of the resource in the stack.
        name: The namespace's name.
        labels: Its labels.
        parent: The component that it is part of.
        after: What its pods still need while it is emptied.
    """
    kinds = ("enforce", "warn", "audit")
    security = {f"pod-security.kubernetes.io/{kind}": "restricted" for kind in kinds}
    return core.Namespace(
        resource,
        metadata={"name": name, "labels": {**labels, **security}},
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=list(after), custom_timeouts=deadlines.NAMESPACE
        ),
    )
