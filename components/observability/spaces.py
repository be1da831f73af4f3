"""Namespaces of what watches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import pulumi
from pulumi_kubernetes.core import v1 as core

from infra import deadlines
from infra.labels import Scope

COMPONENT: Final = "observability"
"""The component that all of it is part of, for tags and labels."""

Level = Literal["restricted", "baseline", "privileged"]


def namespace(
    name: str, level: Level, scope: Scope, parent: pulumi.Resource, after: Iterable[pulumi.Resource]
) -> core.Namespace:
    """A namespace whose pods are held to a level of security.

    https://kubernetes.io/docs/concepts/security/pod-security-standards/

    Args:
        name: Its name, and that of the resource.
        level: The level that is enforced.
        scope: Whose it is.
        parent: The component that it is part of.
        after: What its pods still need while it is emptied.
    """
    return core.Namespace(
        name,
        metadata={
            "name": name,
            "labels": {**scope.labels(COMPONENT), "pod-security.kubernetes.io/enforce": level},
        },
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=list(after), custom_timeouts=deadlines.NAMESPACE
        ),
    )
