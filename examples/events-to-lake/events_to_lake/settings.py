"""What jobs are told, by environment variables: manifests/ sets them from the platform's own objects."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self

Auth = Literal["scram", "iam"]
_AUTH: Final[Mapping[str, Auth]] = {"SCRAM-SHA-512": "scram", "OAUTHBEARER": "iam"}


@dataclass(frozen=True, kw_only=True)
class Broker:
    """Kafka, and who we are there. Nobody gets in without saying so, and nothing goes in the clear."""

    bootstrap: str
    """``KAFKA_BOOTSTRAP``: addresses, ``host:port`` with commas between."""
    auth: Auth
    """``KAFKA_SASL_MECHANISM``: SCRAM-SHA-512, a name and a password (the default), or OAUTHBEARER, the pod's
    role at Amazon MSK."""
    username: str = ""
    """``KAFKA_USERNAME``, with scram."""
    password: str = field(default="", repr=False)
    """``KAFKA_PASSWORD``, with scram."""
    authority: str | None = None
    """``KAFKA_CA``: file with the certificate that signs the brokers' own (PEM). Default: the system's."""
    region: str = ""
    """``AWS_REGION``, with iam."""
    topic: str
    """``KAFKA_TOPIC``."""
    groups: str
    """What consumer groups' names begin with: ``TEAM`` and a dot, for the team has no right to others."""

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Self:
        """As the environment tells.

        Raises:
            SystemExit: something is missing or wrong.
        """
        mechanism = env.get("KAFKA_SASL_MECHANISM") or "SCRAM-SHA-512"
        if mechanism not in _AUTH:
            raise SystemExit(f"KAFKA_SASL_MECHANISM is {mechanism!r}: write {' or '.join(_AUTH)}")
        scram = _AUTH[mechanism] == "scram"
        return cls(
            bootstrap=needed(env, "KAFKA_BOOTSTRAP"),
            auth=_AUTH[mechanism],
            username=needed(env, "KAFKA_USERNAME") if scram else "",
            password=needed(env, "KAFKA_PASSWORD") if scram else "",
            authority=env.get("KAFKA_CA") or None,
            region="" if scram else needed(env, "AWS_REGION"),
            topic=needed(env, "KAFKA_TOPIC"),
            groups=f"{needed(env, 'TEAM')}.",
        )


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Where events end up."""

    events: str
    """``TABLE``: the curated table, ``catalog.database.table``."""

    @property
    def quarantine(self) -> str:
        """Where what is no event ends up, with the reason."""
        return f"{self.events}_quarantine"

    @property
    def catalog(self) -> str:
        """The first part of the table's name."""
        return self.events.split(".")[0]

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Self:
        """As the environment tells.

        Raises:
            SystemExit: the name is missing, or is not one.
        """
        name = needed(env, "TABLE")
        parts = name.split(".")
        if len(parts) != 3 or not all(part.replace("_", "").isalnum() for part in parts):
            raise SystemExit(
                f"TABLE is {name!r}: write catalog.database.table, of letters, digits and underscores"
            )
        return cls(events=name)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """How the stream runs."""

    checkpoints: str
    """``CHECKPOINTS``: folder of the stream's memory: what it has read, and events it has seen of late. ``s3://``
    is taken for ``s3a://``, as Hadoop calls it."""
    lateness: str
    """``LATENESS``: how long after newer ones an event may still come. Default: 30 minutes."""
    every: str | None
    """``EVERY``: a batch each so often, forever, as in ``1 minute``; ``once``: what is there, then stop, here
    None. Default: 1 minute."""
    batch: int
    """``BATCH``: most messages a batch. Default: 100,000."""

    @classmethod
    def read(cls, env: Mapping[str, str] = os.environ) -> Self:
        """As the environment tells.

        Raises:
            SystemExit: something is missing or wrong.
        """
        every, batch = env.get("EVERY") or "1 minute", env.get("BATCH") or "100000"
        if not batch.isdigit() or int(batch) < 1:
            raise SystemExit(f"BATCH is {batch!r}: write a whole number of messages, at least 1")
        return cls(
            checkpoints=re.sub("^s3:", "s3a:", needed(env, "CHECKPOINTS")),
            lateness=env.get("LATENESS") or "30 minutes",
            every=None if every == "once" else every,
            batch=int(batch),
        )


def needed(env: Mapping[str, str], name: str) -> str:
    """A variable that has no default.

    Raises:
        SystemExit: it is not set.
    """
    if found := env.get(name):
        return found
    raise SystemExit(f"{name} is not set: README.md tells what each variable means")
