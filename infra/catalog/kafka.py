"""Versions of Kafka that the pinned Strimzi knows (facts: kafka.yaml)."""

from __future__ import annotations

from functools import cache

from infra.catalog import lookup


@cache
def versions() -> tuple[str, ...]:
    """All versions, the oldest first."""
    return tuple(_facts())


def newest() -> str:
    """The version that an environment has unless it says otherwise."""
    return versions()[-1]


def metadata(version: str) -> str:
    """What Kafka calls the form of the metadata that a version writes: ``4.3-IV0``.

    Raises:
        BadInput: Strimzi does not know the version.
    """
    if version not in versions():
        raise lookup.unknown("version of Kafka", version, versions())
    return _facts()[version]


def made_for() -> str:
    """The version of Strimzi that knows them."""
    return str(lookup.data("kafka.yaml")["strimzi"])


@cache
def _facts() -> dict[str, str]:
    return {str(name): str(form) for name, form in lookup.data("kafka.yaml")["versions"].items()}
