"""Where a cluster's data is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components.storage.registry import FirstPulls, FirstPullsArgs
from infra.environment import Environment
from infra.environment.storage.lake import LAKE_ZONES
from infra.handles import ImageRegistry, ObjectStore, TableCatalog
from stacks import wiring


@dataclass(frozen=True, kw_only=True)
class Data:
    """What outlives a cluster, where there is any."""

    lake: ObjectStore | None = None
    registry: ImageRegistry | None = None
    catalog: TableCatalog | None = None

    @property
    def outputs(self) -> dict[str, Any]:
        """How a stack tells of it."""
        return {
            **({} if self.lake is None else wiring.lake_outputs(self.lake)),
            **wiring.image_outputs(self.registry),
            **wiring.catalog_outputs(self.catalog),
        }


def data(env: Environment, opts: pulumi.ResourceOptions) -> Data:
    """The environment's own lake, registry and catalog, or those that another stack keeps for it, or none."""
    if env.data is not None:
        return _elsewhere(env.data)
    store = None if env.storage.lake is None else wiring.lake_here(env, env.storage.lake, opts)
    return Data(
        lake=store,
        registry=wiring.registry_here(env, opts),
        catalog=None if store is None else wiring.catalog_here(env, store, opts),
    )


def _elsewhere(name: str) -> Data:
    """What the stack of a name keeps; it has a lake, and perhaps the rest."""
    stack = pulumi.StackReference("data", f"{pulumi.get_organization()}/{pulumi.get_project()}/{name}")
    buckets = stack.require_output("lake")
    return Data(
        lake=ObjectStore(
            buckets={zone: buckets[zone] for zone in LAKE_ZONES}, key_arn=stack.require_output("lake_key")
        ),
        registry=ImageRegistry(
            repositories=stack.get_output("images").apply(lambda found: found or {}),
            mirrors=stack.get_output("image_mirrors").apply(lambda found: found or {}),
        ),
        catalog=TableCatalog(database=stack.get_output("catalog").apply(lambda found: found or "")),
    )


def first_pulls(env: Environment, role_arn: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Lets nodes pull through the registry what it has no copy of yet, if there may be one that does so."""
    registry = env.storage.registry
    if env.data is None and not (registry and registry.pull_through):
        return
    args = FirstPullsArgs(
        scope=env.scope, place=wiring.place_of(env), keeper=env.data or env.name, role_arn=role_arn
    )
    FirstPulls("first-pulls", args, opts)
