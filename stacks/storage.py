"""Where a cluster's data is."""

from __future__ import annotations

import pulumi

from infra.environment import Environment
from infra.environment.storage.lake import LAKE_ZONES
from infra.handles import ObjectStore
from stacks import wiring


def lake(env: Environment, opts: pulumi.ResourceOptions) -> ObjectStore | None:
    """The environment's own lake, or the one that another stack keeps for it, or none."""
    if env.storage.lake is not None:
        return wiring.lake_here(env, env.storage.lake, opts)
    if env.data is None:
        return None
    stack = pulumi.StackReference("data", f"{pulumi.get_organization()}/{pulumi.get_project()}/{env.data}")
    buckets = stack.require_output("lake")
    return ObjectStore(
        buckets={zone: buckets[zone] for zone in LAKE_ZONES}, key_arn=stack.require_output("lake_key")
    )
