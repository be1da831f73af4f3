"""Whether the network's addresses are free of what it is, or may have to be, connected to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from botocore.exceptions import ClientError

from infra.environment.network import Network
from infra.environment.network.reach import Peer
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient


def check(patient: Patient) -> Iterator[Finding]:
    """Peers have the ranges that the file says; other VPCs of the account and region do not overlap."""
    network = patient.environment.network
    if network is None:
        return
    yield _neighbours(patient, network)
    for name, peer in network.peers.items():
        if peer.account in {None, patient.environment.account}:
            yield _peer(patient, name, peer)


def _neighbours(patient: Patient, network: Network) -> Finding:
    """What overlaps could never be a peer."""
    given = network.existing.vpc if network.existing else None
    clashes = [
        f"{vpc['VpcId']} ({cidr})"
        for page in patient.pages("ec2", "describe_vpcs")
        for vpc in page["Vpcs"]
        if not patient.owns(vpc) and vpc["VpcId"] != given
        for cidr in _ranges(vpc)
        if cidr.overlaps(network.cidr)
    ]
    if not clashes:
        return passed("network", f"{network.cidr} overlaps no other network of the account")
    words = f"{network.cidr} overlaps {', '.join(clashes)}"
    return warning("network", words, "they can never be connected: write another network.cidr")


def _peer(patient: Patient, name: str, peer: Peer) -> Finding:
    client = patient.connect("ec2", peer.region or str(patient.environment.region))
    try:
        found = client.describe_vpcs(VpcIds=[peer.vpc])["Vpcs"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidVpcID.NotFound":
            raise
        found = []
    if not found:
        return failed("network", f"peer {name}: there is no {peer.vpc}", "look at its id and region")
    ranges = _ranges(found[0])
    if peer.cidr in ranges:
        return passed("network", f"peer {name}: {peer.vpc} has {peer.cidr}")
    words = f"peer {name}: {peer.vpc} has {', '.join(map(str, ranges))}, and the file says {peer.cidr}"
    return failed("network", words, f"write network.peers.{name}.cidr as it is")


def _ranges(vpc: Mapping[str, Any]) -> list[IPv4Network]:
    return [IPv4Network(one["CidrBlock"]) for one in vpc.get("CidrBlockAssociationSet", ())]
