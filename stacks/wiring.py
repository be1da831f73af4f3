"""What the stacks have in common: where they deploy to, and through which provider."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.charts import ChartSite
from components.lifecycle.budget import MonthlyBudget, MonthlyBudgetArgs
from components.mirror import redirect
from components.storage.catalog import LakeCatalog, LakeCatalogArgs
from components.storage.lake import DataLake, DataLakeArgs
from components.storage.registry import ContainerRegistry, ContainerRegistryArgs
from components.storage.replica import LakeReplica, LakeReplicaArgs
from infra.environment import Environment
from infra.environment.storage.lake import Lake
from infra.handles import ImageRegistry, ObjectStore, TableCatalog
from infra.places import Place

_ENOUGH_ZONES: Final = 3
"""Zones that an environment is in which is meant to outlive the loss of one."""


def place_of(env: Environment) -> Place:
    """Where an environment on platform `aws` is; the model has seen to it that it says so."""
    return Place(account=str(env.account), region=str(env.region))


def charts_of(env: Environment) -> ChartSite:
    """Where an environment's charts come from, and what it adds to their values."""
    return ChartSite(mirror=env.mirror, extra_values=env.extra_values)


def redirecting(env: Environment) -> list[pulumi.ResourceTransformation]:
    """What makes images in a cluster come from the environment's mirror; components hand it down."""
    return [] if env.mirror is None else [redirect(env.mirror)]


def replicas(env: Environment) -> int:
    """How many pods a system service has of which one does the work: two where one must always be there."""
    return 2 if env.lifetime.protect or len(env.zones) >= _ENOUGH_ZONES else 1


def aws_provider(place: Place) -> aws.Provider:
    """The stack's one way to AWS, which refuses to touch any other account."""
    return aws.Provider("aws", region=place.region, allowed_account_ids=[place.account])


def lake_here(env: Environment, lake: Lake, opts: pulumi.ResourceOptions) -> ObjectStore:
    """The lake of an environment that keeps its own, with its copy in another region where it has one."""
    made = DataLake("lake", DataLakeArgs(scope=env.scope, place=place_of(env), lake=lake), opts)
    if lake.replicate is not None:
        copy = LakeReplicaArgs(
            scope=env.scope, place=place_of(env), lake=lake, replication=lake.replicate, source=made
        )
        LakeReplica("lake-replica", copy, opts)
    return made.handle


def registry_here(env: Environment, opts: pulumi.ResourceOptions) -> ImageRegistry | None:
    """The registry of an environment that keeps its own."""
    if env.storage.registry is None:
        return None
    args = ContainerRegistryArgs(scope=env.scope, place=place_of(env), registry=env.storage.registry)
    return ContainerRegistry("registry", args, opts).handle


def catalog_here(env: Environment, lake: ObjectStore, opts: pulumi.ResourceOptions) -> TableCatalog | None:
    """The catalog of the tables in an environment's own lake."""
    if env.storage.catalog is None:
        return None
    args = LakeCatalogArgs(scope=env.scope, catalog=env.storage.catalog, lake=lake)
    return LakeCatalog("catalog", args, opts).handle


def lake_outputs(store: ObjectStore) -> dict[str, object]:
    """How a stack tells others of its lake; `platform` of another stack reads them."""
    return {"lake": dict(store.buckets), "lake_key": store.key_arn}


def image_outputs(registry: ImageRegistry | None) -> dict[str, object]:
    """How a stack tells others of its registry."""
    if registry is None:
        return {}
    return {"images": registry.repositories, "image_mirrors": registry.mirrors}


def catalog_outputs(catalog: TableCatalog | None) -> dict[str, object]:
    """How a stack tells others of its catalog."""
    return {} if catalog is None else {"catalog": catalog.database}


def watch_spending(env: Environment, opts: pulumi.ResourceOptions) -> None:
    """The environment's budget, where it has one."""
    if env.budget is not None:
        MonthlyBudget("budget", MonthlyBudgetArgs(scope=env.scope, budget=env.budget), opts)
