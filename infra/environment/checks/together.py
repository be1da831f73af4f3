"""What holds between the environments of one project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from infra.environment.model import Environment
from infra.problems import Problem, did_you_mean


def together(environments: Sequence[Environment]) -> list[Problem]:
    """What is wrong between environments of one project.

    Args:
        environments: All of the project's environments.

    Returns:
        Networks that overlap (they could never be connected), and data stacks that are not there, keep no
        lake, or are in another account or region. Paths begin with the environment's name.
    """
    return [*_overlaps(environments), *_data_stacks(environments)]


def _overlaps(environments: Sequence[Environment]) -> Iterator[Problem]:
    networks = [(one.name, one.network.cidr) for one in environments if one.network]
    for (name, cidr), (other, taken) in combinations(networks, 2):
        if cidr.overlaps(taken):
            message = f"overlaps {cidr}, the network of {name}"
            yield Problem(f"{other}: network.cidr", str(taken), message, "write a range of its own")


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
