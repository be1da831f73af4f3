"""A network that somebody else made."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.network.vpc import Vpc
from infra.environment.network import Network
from infra.environment.network.existing import GivenSubnet
from infra.handles import NetworkHandle


class ExistingVpc:
    """A VPC that exists, by its ids: nothing is looked up, made, changed or deleted.

    So a preview needs nothing of AWS, and what is wrong with the ids shows when the control plane is made.
    """

    handle: NetworkHandle
    outlets: tuple[pulumi.Resource, ...] = ()
    """The ways out are its owner's."""
    connections: tuple[pulumi.Resource, ...] = ()
    """So are its connections."""

    def __init__(self, network: Network):
        """Takes over what `network.existing` names.

        Raises:
            ValueError: It names nothing.
        """
        existing = network.existing
        if existing is None:
            raise ValueError("the network is to be made, it does not exist")
        self.handle = NetworkHandle(
            vpc_id=pulumi.Output.from_input(existing.vpc),
            cidr=str(network.cidr),
            private=_ids(existing.private),
            public={},
            intra=_ids(existing.intra or existing.private),
            pods=_ids(existing.pods),
            addresses=network.pod_addresses,
            secondary=tuple(
                str(subnet.cidr)
                for subnet in existing.pods.values()
                if not subnet.cidr.subnet_of(network.cidr)
            ),
        )


AnyVpc = Vpc | ExistingVpc
"""A network, whoever made it."""


def _ids(subnets: Mapping[str, GivenSubnet]) -> dict[str, pulumi.Output[str]]:
    return {zone: pulumi.Output.from_input(subnet.id) for zone, subnet in subnets.items()}
