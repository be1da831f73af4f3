"""Copies of topics of another Kafka cluster."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.environment.fields import Count, Different, Form, Within
from infra.environment.section import Section
from infra.environment.storage.ceph import SecretName
from infra.units import ByteSize, Cpu

Alias = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for another cluster",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example="legacy",
        longest=24,
    ),
]
"""What the copies' names begin with: `legacy.clicks`."""
Server = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?:[0-9]{1,5}",
        wrong="is not the address of a broker",
        hint="write the host and the port, such as kafka.example.com:9093",
        example="kafka.example.com:9093",
        longest=260,
    ),
]
Pattern = Annotated[
    str,
    Form(
        pattern=r"\S+",
        wrong="is not a regular expression of names",
        hint="write one such as clicks.*, with | between several",
        example="clicks.*",
        longest=1000,
    ),
]
UserName = Annotated[
    str,
    Form(
        pattern=r"[A-Za-z0-9._@-]+",
        wrong="is not a name for a user",
        hint="write letters, digits, dots, underscores, @ and hyphens",
        example="mirror",
        longest=255,
    ),
]


class Mirror(Section):
    """MirrorMaker 2: copies topics of another cluster here, with the positions of their readers.

    Copies are called `<name>.<topic>`, so that nothing is ever copied in a circle.
    """

    name: Alias = "source"
    """What the other cluster is called here."""
    servers: Annotated[tuple[Server, ...], Field(min_length=1, max_length=20), Different]
    """Brokers of the other cluster, over TLS."""
    user: UserName | None = None
    """Who we are there (SASL/SCRAM-SHA-512). Default: the certificate in `secret` says who."""
    secret: SecretName
    """Secret in the namespace `kafka`, which somebody else makes: with `user` its entry `password`, without
    one its entries `user.crt` and `user.key`."""
    authorities: SecretName | None = None
    """Secret in the namespace `kafka` with the certificates (`ca.crt`) that the other cluster's are signed
    by. Default: those that the world trusts."""
    topics: Pattern = ".*"
    """Which topics, as a regular expression of Java. Default: all but Kafka's own."""
    groups: Pattern = ".*"
    """Whose positions, as a regular expression of Java. Default: of all groups of readers."""
    workers: Annotated[Count, Field(ge=1, le=50)] = 2
    """Pods that share the work; 2 or more so that one may go."""
    tasks: Annotated[Count, Field(ge=1, le=500)] = 4
    """Pieces of work in parallel."""
    cpu: Annotated[Cpu, Within(Cpu("250m"))] = Cpu(1)
    """vCPUs of each pod."""
    memory: Annotated[ByteSize, Within(ByteSize("1GiB"))] = ByteSize("2GiB")
    """Memory of each pod, at least 1GiB."""
