"""What is wrong with the ways into a Kafka that Strimzi runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.catalog import lookup


def complaints(inputs: Mapping[str, Any]) -> Iterator[str]:
    """What lets somebody in in clear, without a name, with any right, or from anywhere."""
    kafka = lookup.at(inputs, "spec.kafka")
    given = kafka if isinstance(kafka, Mapping) else {}
    for listener in given.get("listeners") or ():
        name = listener.get("name")
        if listener.get("tls") is not True:
            yield f"may be spoken to without TLS on {name}"
        if not listener.get("authentication"):
            yield f"lets in who does not say who it is on {name}"
        if listener.get("type") not in {"internal", "cluster-ip"}:
            yield f"is reached from outside of the cluster on {name}; write internal"
        if not listener.get("networkPolicyPeers"):
            yield f"is reached by every pod on {name}; write networkPolicyPeers"
    if not given.get("authorization"):
        yield "lets who is in do anything; write authorization"
