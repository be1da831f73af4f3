"""What Spark jobs are made of (versions, and what they agree with: spark.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from infra.catalog import lookup


def version() -> str:
    """The version of Spark that the image `spark` has."""
    return str(lookup.data("spark.yaml")["version"])


def packages() -> Mapping[str, str]:
    """Maven coordinates of the jars that the image lacks, by what they are for, such as `s3`."""
    found: dict[str, str] = lookup.data("spark.yaml")["packages"]
    return MappingProxyType(found)


def excludes() -> tuple[str, ...]:
    """What comes with the packages and is left out, as ``group:artifact``."""
    return tuple(lookup.data("spark.yaml")["excludes"])
