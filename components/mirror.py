"""Images from a mirror, for everything that runs in a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import yaml

from infra.catalog.charts import in_mirror

_KEY: Final = re.compile(r"(?i)(.*\W)?image(name)?")
"""Keys whose values are references to images, in pods and in custom resources alike."""
_REFERENCE: Final = re.compile(r"[^\s@]*(/|:)[^\s]*")


def redirect(mirror: str) -> pulumi.ResourceTransformation:
    """A transformation of Kubernetes' objects and releases: their images come from a mirror, ``oci://…``.

    It looks at what our own manifests and values say. What charts say by default is redirected by their
    values (`ChartSite`).
    """

    def transformed(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("kubernetes:"):
            return None
        return pulumi.ResourceTransformationResult(redirected(args.props, mirror), args.opts)

    return transformed


def redirected(value: Any, mirror: str) -> Any:
    """A value with all references to images, at any depth, changed to what they are in a mirror."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: redirected(known, mirror))
    if isinstance(value, Mapping):
        return {key: _entry(key, inner, mirror) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redirected(inner, mirror) for inner in value]
    return value


def _entry(key: Any, value: Any, mirror: str) -> Any:
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _entry(key, known, mirror))
    if isinstance(value, str) and isinstance(key, str) and key.endswith(".yaml"):
        return _text(value, mirror)
    if not isinstance(value, str) or not isinstance(key, str) or not _KEY.fullmatch(key):
        return redirected(value, mirror)
    place = mirror.removeprefix("oci://").rstrip("/")
    named = _REFERENCE.fullmatch(value) is not None and "://" not in value
    return in_mirror(value, mirror) if named and not value.startswith(f"{place}/") else value


def _text(text: str, mirror: str) -> str:
    """A manifest within a config map, of which people or a controller make objects.

    As it is written, where no image is in it.
    """
    try:
        manifest = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    changed = redirected(manifest, mirror)
    return text if changed == manifest else yaml.safe_dump(changed, sort_keys=False, width=120)
