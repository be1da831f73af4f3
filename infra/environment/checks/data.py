"""Where data is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.places import Place
from infra.problems import ABSENT, Problem

_IN_ONE_PLACE: Final = ("lake", "registry", "catalog")
"""Sections of storage that outlive clusters, and so belong to the stack that `data` names."""


def _lake(environment: Environment) -> Iterator[Problem]:
    """Data lives in one place."""
    if environment.data == environment.name:
        yield Problem("data", environment.data, "is this very stack", "write the stack that keeps the data")
    for name in _IN_ONE_PLACE:
        if environment.data and getattr(environment.storage, name) is not None:
            hint = f"remove storage.{name} to use that stack's, or data to have a {name} of its own"
            message = f"keeps the {name} already, and storage.{name} is a second one"
            yield Problem("data", environment.data, message, hint)


def _catalog(environment: Environment) -> Iterator[Problem]:
    """Tables lie in the lake."""
    storage = environment.storage
    if storage.catalog is not None and storage.lake is None:
        hint = "write storage.lake beside it, or leave out storage.catalog"
        yield Problem("storage.catalog", ABSENT, "describes tables in a lake that is not here", hint)


def _replica(environment: Environment) -> Iterator[Problem]:
    """The copy of the lake is in another region, which the same credentials reach."""
    lake = environment.storage.lake
    if lake is None or lake.replicate is None or environment.region is None:
        return
    path, region = "storage.lake.replicate.region", lake.replicate.region
    if region == environment.region:
        yield Problem(path, region, "is the lake's own region", "write another one")
    yield from _same_partition(path, region, environment.region)


def _state(environment: Environment) -> Iterator[Problem]:
    """State is where the environment's credentials are good."""
    state = environment.state
    if state is not None and state.region is not None and environment.region is not None:
        yield from _same_partition("state.region", state.region, environment.region)
    if state is not None and state.access_log is not None and state.access_log == state.bucket:
        yield Problem("state.access_log", state.access_log, "would log into itself", "write another bucket")


def _same_partition(path: str, region: str, home: str) -> Iterator[Problem]:
    there, here = (Place(account="", region=one).partition for one in (region, home))
    if there != here:
        message = f"is in AWS's partition {there}, and {home} in {here}"
        yield Problem(path, region, message, f"write a region of {here}")


def _credentials(environment: Environment) -> Iterator[Problem]:
    """ECR reads only secrets of its own account and region.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-rule.html
    """
    registry = environment.storage.registry
    for name, upstream in registry.pull_through.items() if registry else ():
        if upstream.credentials is None:
            continue
        region, account = upstream.credentials.split(":")[3:5]
        if (account, region) != (environment.account, environment.region):
            yield Problem(
                f"storage.registry.pull_through.{name}.credentials",
                upstream.credentials,
                f"is in account {account} and region {region}",
                f"keep the secret in account {environment.account} and region {environment.region}",
            )


CHECKS: Final = (
    check(_lake, "data", "storage"),
    check(_catalog, "storage"),
    check(_replica, "storage", "region"),
    check(_state, "state", "region"),
    check(_credentials, "storage", "account", "region"),
)
