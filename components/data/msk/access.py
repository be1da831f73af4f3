"""What a team's pods may do with topics, by their role: policies of IAM."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from components.data.msk import settings
from infra import iam
from infra.places import Place

_CONNECT: Final = ("kafka-cluster:Connect", "kafka-cluster:DescribeCluster")
_DESCRIBE: Final = ("kafka-cluster:DescribeTopic", "kafka-cluster:DescribeTopicDynamicConfiguration")
_READ: Final = ("kafka-cluster:ReadData",)
_WRITE: Final = ("kafka-cluster:WriteData",)
_GROUPS: Final = ("kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup", "kafka-cluster:DeleteGroup")
_TRANSACTIONS: Final = ("kafka-cluster:DescribeTransactionalId", "kafka-cluster:AlterTransactionalId")


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What one team may do."""

    reads: Sequence[str]
    """Topics that it reads, its own among them."""
    writes: Sequence[str]
    """Topics that it writes."""
    groups: Sequence[str]
    """Groups of readers, and transactions, that are its own: names, with `*` for what may follow."""


def policy(place: Place, environment: str, rights: Rights) -> str:
    """What a team may do: exactly its topics, under the names of its own groups; nobody makes topics.

    The cluster's number, which is part of all these names, is not known before there is one, so `*` stands
    for it; names of clusters are unique in an account and region.
    https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html
    """
    return iam.document(*_statements(place, environment, rights))


def _statements(place: Place, environment: str, rights: Rights) -> Iterator[iam.Statement]:
    def named(kind: str, names: Sequence[str]) -> list[str]:
        cluster = settings.cluster_name(environment)
        return [place.arn("kafka", f"{kind}/{cluster}/*/{name}") for name in names]

    cluster = place.arn("kafka", f"cluster/{settings.cluster_name(environment)}/*")
    touched = sorted({*rights.reads, *rights.writes})
    yield _allow((*_CONNECT, *(("kafka-cluster:WriteDataIdempotently",) if rights.writes else ())), [cluster])
    if touched:
        yield _allow(_DESCRIBE, named("topic", touched))
    if rights.reads:
        yield _allow(_READ, named("topic", sorted(rights.reads)))
        yield _allow(_GROUPS, named("group", rights.groups))
    if rights.writes:
        yield _allow(_WRITE, named("topic", sorted(rights.writes)))
        yield _allow(_TRANSACTIONS, named("transactional-id", rights.groups))


def _allow(actions: Sequence[str], resources: Sequence[str]) -> iam.Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
