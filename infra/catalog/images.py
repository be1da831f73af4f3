"""The container images that components name themselves (references and licences: images.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from infra.catalog import lookup


@cache
def images() -> Mapping[str, str]:
    """References, with their tags, by name."""
    facts: dict[str, dict[str, str]] = lookup.data("images.yaml")["images"]
    return MappingProxyType({name: fact["reference"] for name, fact in facts.items()})


def image(name: str) -> str:
    """The reference of an image.

    Raises:
        BadInput: The catalog does not have it.
    """
    if name not in images():
        raise lookup.unknown("image", name, images())
    return images()[name]


def eks_registry(region: str) -> str:
    """The host of the registry in a region that holds the images that EKS offers (eks_registries.yaml)."""
    facts = lookup.data("eks_registries.yaml")
    account = facts["accounts"].get(region, facts["others"])
    return f"{account}.dkr.ecr.{facts['hosts'].get(region, region)}.amazonaws.com"
