"""What holds between the environments of one project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from infra.environment.model import Environment
from infra.environment.network import Network
from infra.problems import Problem, did_you_mean


def together(environments: Sequence[Environment]) -> list[Problem]:
    """What is wrong between environments of one project.

    Args:
        environments: All of the project's environments.

    Returns:
        Networks that overlap (they could never be connected), data stacks that are not there, keep no
        lake, or are in another account or region, and states that are in each other's way, or that cannot
        refer to each other. Paths begin with the environment's name. Stacks of teams have nothing of their
        own that could be in the way; each is judged beside the others of its cluster when it is loaded.
    """
    own = [one for one in environments if one.teams_of is None]
    return [*_overlaps(own), *_data_stacks(own), *_states(own)]


def _overlaps(environments: Sequence[Environment]) -> Iterator[Problem]:
    networks = [(one.name, one.network) for one in environments if one.network]
    for (name, network), (other, second) in combinations(networks, 2):
        cidr, taken = network.cidr, second.cidr
        if cidr.overlaps(taken) and not _same_vpc(network, second):
            message = f"overlaps {cidr}, the network of {name}"
            yield Problem(f"{other}: network.cidr", str(taken), message, "write a range of its own")


def _same_vpc(one: Network, other: Network) -> bool:
    """Whether both are in the same VPC, which exists."""
    return one.existing is not None and other.existing is not None and one.existing.vpc == other.existing.vpc


def _data_stacks(environments: Sequence[Environment]) -> Iterator[Problem]:
    lakes = {one.name: one for one in environments if one.is_data}
    for one in environments:
        if one.data is None:
            continue
        stack = lakes.get(one.data)
        if stack is None:
            yield Problem(
                f"{one.name}: data", one.data, "is not a stack that keeps data", did_you_mean(one.data, lakes)
            )
        elif (stack.account, stack.region) != (one.account, one.region):
            message = f"is in account {stack.account} and region {stack.region}"
            hint = f"write a stack of account {one.account} and region {one.region}"
            yield Problem(f"{one.name}: data", one.data, message, hint)


def _states(environments: Sequence[Environment]) -> Iterator[Problem]:
    """A bucket is in one account and region; and a stack can only read another of the same backend.

    https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
    """
    places = {one.name: place for one in environments if (place := one.state_place) is not None}
    owners: dict[str, tuple[str, str, str]] = {}
    for name, place in places.items():
        other, account, region = owners.setdefault(place.bucket, (name, place.account, place.region))
        if (account, region) != (place.account, place.region):
            message = f"is in account {account} and region {region} for {other}"
            hint = "write a bucket of its own, or leave it out to have the account's"
            yield Problem(f"{name}: state.bucket", place.bucket, message, hint)
    by_name = {one.name: one for one in environments}
    for one in environments:
        if one.data not in by_name:
            continue
        mine, theirs = places.get(one.name), places.get(one.data)
        if (mine and mine.url) != (theirs and theirs.url):
            where = theirs.url if theirs else "where Pulumi is logged in to"
            message = f"has its state elsewhere ({where}), where {one.name} cannot read it"
            yield Problem(f"{one.name}: data", one.data, message, "write the same state in both")
