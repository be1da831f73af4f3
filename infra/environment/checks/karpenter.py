"""Pools of Karpenter: what it cannot do for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from infra.environment.checks.check import check
from infra.environment.model import Environment
from infra.environment.pools import Pool
from infra.environment.section import dotted
from infra.problems import Problem

_RESERVED: Final = re.compile(r"(.+\.)?karpenter\.(sh|k8s\.aws)/")


def _possible(environment: Environment) -> Iterator[Problem]:
    """A pool of Karpenter asks for nothing that only managed node groups have."""
    for name, pool in environment.pools.items():
        if pool.scaling == "karpenter":
            for parts, value, message, hint in (*_of_capacity(pool), *_of_nodes(pool)):
                yield Problem(dotted(("pools", name, *parts)), value, message, hint)


_Found = Iterator[tuple[tuple[str, ...], object, str, str]]


def _of_capacity(pool: Pool) -> _Found:
    if pool.min:
        # NodePools with a fixed number of nodes are an alpha feature, and never grow:
        # https://karpenter.sh/v1.14/concepts/nodepools/#specreplicas
        message = "keeps nodes without pods, which Karpenter does not: it makes nodes for pods that wait"
        yield ("min",), pool.min, message, "leave min out, or write scaling: managed"
    if pool.reservation_group:
        # https://karpenter.sh/v1.14/concepts/nodeclasses/#speccapacityreservationselectorterms
        message = "is a group of reservations, and Karpenter takes them one by one"
        hint = "write a reservation's id in a pool of its own, or scaling: managed"
        yield ("capacity", "reservation"), pool.reservation_group, message, hint


def _of_nodes(pool: Pool) -> _Found:
    if pool.huge_pages:
        message = "takes memory that Karpenter would count on, and so start nodes that pods do not fit on"
        yield ("huge_pages",), pool.huge_pages.written(), message, "leave it out, or write scaling: managed"
    for key in pool.labels:
        if _RESERVED.match(key):
            hint = "choose a prefix of your own, such as example.com/tier"
            yield ("labels", key), pool.labels[key], "is a label that Karpenter keeps for itself", hint


CHECKS: Final = (check(_possible, "pools"),)
"""What the file alone tells."""
