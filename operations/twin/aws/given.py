"""Puts what an environment takes for granted (`operations.twin.given`) where moto looks for it.

It is no one's leftover: the inventory does not list it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from operations.twin.aws.cloud import LOCK, Place
from operations.twin.aws.extensions import store
from operations.twin.given import Given, GivenVpc

GIVEN: Final = "twin:given"
"""Tag of what was there before."""

_TAG: Final = {"Key": GIVEN, "Value": "true"}


def put(given: Given) -> bool:
    """Lets exist what is taken for granted; returns whether any of it was new."""
    with LOCK:
        made = [_vpc(vpc) for vpc in given.vpcs]
        made += [_gateway(*gateway) for gateway in given.gateways]
    return any(made)


def _vpc(vpc: GivenVpc) -> bool:
    from moto.ec2.models import route_tables, subnets, vpcs  # moto.ec2 takes its time to import

    ec2 = store.backend("ec2", Place(vpc.account, vpc.region))
    if vpc.id in ec2.vpcs:
        return False
    with _named(vpcs, "random_vpc_id", vpc.id):
        made = ec2.create_vpc(vpc.cidr, tags=[_TAG])
    for cidr in vpc.more:
        made.associate_vpc_cidr_block(cidr)
    for id_, zone, cidr in vpc.subnets:
        with _named(subnets, "random_subnet_id", id_):
            ec2.create_subnet(vpc.id, cidr, availability_zone=zone).add_tag(GIVEN, "true")
    for id_ in vpc.tables:
        with _named(route_tables, "random_route_table_id", id_):
            ec2.create_route_table(vpc.id, tags=[_TAG])
    return True


def _gateway(account: str, region: str, id_: str) -> bool:
    from moto.ec2.models import transit_gateway

    ec2 = store.backend("ec2", Place(account, region))
    if id_ in ec2.transit_gateways:
        return False
    with _named(transit_gateway, "random_transit_gateway_id", id_):
        ec2.create_transit_gateway("given", tags=[_TAG])
    return True


@contextmanager
def _named(module: Any, generator: str, id_: str) -> Iterator[None]:
    """Has moto call the next thing that it makes `id_`; the caller holds the lock."""
    usual = getattr(module, generator)
    setattr(module, generator, lambda: id_)
    try:
        yield
    finally:
        setattr(module, generator, usual)
