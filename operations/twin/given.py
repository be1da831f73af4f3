"""What an environment takes for granted at AWS: networks and gateways that somebody else made.

An environment file names them by their ids, so the twin has to have them under these very ids before a
program asks for them; `aws.given` puts them there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra.environment import Environment


@dataclass(frozen=True, kw_only=True)
class GivenVpc:
    """A VPC that exists, in some account and region."""

    account: str
    region: str
    id: str
    cidr: str
    more: Sequence[str] = ()
    """Further ranges."""
    subnets: Sequence[tuple[str, str, str]] = ()
    """Id, zone and range of each subnet."""
    tables: Sequence[str] = ()
    """Ids of route tables."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """All that an environment takes for granted."""

    vpcs: Sequence[GivenVpc] = ()
    gateways: Sequence[tuple[str, str, str]] = ()
    """Account, region and id of each transit gateway."""

    def told(self) -> dict[str, Any]:
        """The same as JSON can carry it."""
        return asdict(self)


def heard(told: Mapping[str, Any]) -> Given:
    """What `Given.told` told."""
    return Given(
        vpcs=[GivenVpc(**vpc) for vpc in told["vpcs"]],
        gateways=[(account, region, id_) for account, region, id_ in told["gateways"]],
    )


def of(env: Environment) -> Given:
    """What an environment takes for granted; nothing where it makes its own network and is on its own."""
    network = env.network
    if network is None or env.account is None or env.region is None:
        return Given()
    account, region = env.account, env.region
    peers = (
        GivenVpc(
            account=peer.account or account,
            region=peer.region or region,
            id=peer.vpc,
            cidr=str(peer.cidr),
            tables=peer.tables,
        )
        for peer in network.peers.values()
    )
    gateways = () if network.transit is None else ((account, region, network.transit.gateway),)
    return Given(vpcs=(*peers, *_existing(env, account, region)), gateways=gateways)


def _existing(env: Environment, account: str, region: str) -> Iterator[GivenVpc]:
    network = env.network
    if network is None or network.existing is None:
        return
    subnets = [
        (subnet.id, path.partition(".")[2], str(subnet.cidr))
        for path, subnet in network.existing.subnets.items()
    ]
    outside = [
        str(subnet.cidr)
        for subnet in network.existing.pods.values()
        if not subnet.cidr.subnet_of(network.cidr)
    ]
    yield GivenVpc(
        account=account,
        region=region,
        id=network.existing.vpc,
        cidr=str(network.cidr),
        more=outside,
        subnets=subnets,
    )
