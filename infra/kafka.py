"""What others have to know of Kafka in the cluster: its places, its names, its ports."""

from __future__ import annotations

from typing import Any, Final

from infra.labels import TEAM_LABEL

NAMESPACE: Final = "kafka"
"""Where the operator is, the brokers, and all objects of Strimzi's kinds."""
CLUSTER: Final = "main"
"""What the Kafka is called, and, as the label `strimzi.io/cluster`, what topics and users belong to."""
CLUSTER_LABEL: Final = "strimzi.io/cluster"
API: Final = "kafka.strimzi.io/v1"
BROKERS_ACCOUNT: Final = f"{CLUSTER}-kafka"
"""The brokers' ServiceAccount, which Strimzi names so."""
AUTHORITY: Final = f"{CLUSTER}-cluster-ca-cert"
"""Secret with the certificate, `ca.crt`, that brokers' certificates are checked against; Strimzi makes it."""
SCRAM_PORT: Final = 9094
"""The listener for people's programs: TLS, and a password (SASL/SCRAM-SHA-512)."""
TLS_PORT: Final = 9093
"""The listener for what runs beside the brokers, such as Kafka Connect: TLS, and a certificate (mTLS)."""
TEAM_SECRET: Final = "kafka"  # noqa: S105 - its name
"""Secret in a team's namespaces with the entries `username`, `password`, `bootstrap`, `sasl.jaas.config` and
`ca.crt`."""


def bootstrap(port: int = SCRAM_PORT) -> str:
    """Where clients in the cluster begin, on one of the listeners."""
    return f"{CLUSTER}-kafka-bootstrap.{NAMESPACE}.svc:{port}"


def user(team: str) -> str:
    """The name of a team's user: of its KafkaUser, and what Kafka knows it by."""
    return f"team-{team}"


def own(team: str) -> str:
    """What the names of a team's consumer groups and transactions begin with.

    No team's name has a dot in it, so none is the beginning of another's.
    """
    return f"{team}."


def teams() -> dict[str, Any]:
    """The peers of a network policy that are pods of teams, whichever there are."""
    return {"namespaceSelector": {"matchExpressions": [{"key": TEAM_LABEL, "operator": "Exists"}]}}
