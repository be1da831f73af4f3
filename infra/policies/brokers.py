"""What is wrong with the ways into brokers of Kafka that Amazon MSK runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.catalog import lookup


def complaints(inputs: Mapping[str, Any]) -> Iterator[str]:
    """What is kept or said in clear, lets somebody in without a name, or from the internet."""
    wire = lookup.at(inputs, "encryptionInfo.encryptionInTransit")
    given = wire if isinstance(wire, Mapping) else {}
    if not lookup.at(inputs, "encryptionInfo.encryptionAtRestKmsKeyArn"):
        yield "is not encrypted with a key of ours"
    if given.get("clientBroker") != "TLS" or given.get("inCluster") is not True:
        yield "may be spoken to without TLS"
    if lookup.at(inputs, "clientAuthentication.unauthenticated") is not False:
        yield "lets in who does not say who it is"
    public = lookup.at(inputs, "brokerNodeGroupInfo.connectivityInfo.publicAccess.type")
    if public not in {None, "DISABLED"}:  # absent: not public
        yield "is open to the internet; write DISABLED"
