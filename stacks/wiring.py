"""What the stacks have in common: where they deploy to, and through which provider."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.lifecycle.budget import MonthlyBudget, MonthlyBudgetArgs
from components.storage.lake import DataLake, DataLakeArgs
from infra.environment import Environment
from infra.environment.storage.lake import Lake
from infra.handles import ObjectStore
from infra.places import Place


def place_of(env: Environment) -> Place:
    """Where an environment on platform `aws` is; the model has seen to it that it says so."""
    return Place(account=str(env.account), region=str(env.region))


def aws_provider(place: Place) -> aws.Provider:
    """The stack's one way to AWS, which refuses to touch any other account."""
    return aws.Provider("aws", region=place.region, allowed_account_ids=[place.account])


def lake_here(env: Environment, lake: Lake, opts: pulumi.ResourceOptions) -> ObjectStore:
    """The lake of an environment that keeps its own."""
    args = DataLakeArgs(scope=env.scope, place=place_of(env), lake=lake)
    return DataLake("lake", args, opts).handle


def lake_outputs(store: ObjectStore) -> dict[str, object]:
    """How a stack tells others of its lake; `platform` of another stack reads them."""
    return {"lake": dict(store.buckets), "lake_key": store.key_arn}


def watch_spending(env: Environment, opts: pulumi.ResourceOptions) -> None:
    """The environment's budget, where it has one."""
    if env.budget is not None:
        MonthlyBudget("budget", MonthlyBudgetArgs(scope=env.scope, budget=env.budget), opts)
