"""Rules on inputs alone, judged before anything is created, as the AWS provider or AWS itself judges them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.twin.aws.table import Rule
from operations.twin.backend import UNKNOWN

_BUCKET: Final = re.compile(r"(?!xn--|sthree-|.*-s3alias$|.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")


def policy(name: str) -> Rule:
    """Returns the rule that an input is a policy: a JSON object."""

    def judge(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        text = inputs.get(name, UNKNOWN)
        if text is not UNKNOWN and not isinstance(_parsed(text), dict):
            yield name, "contains an invalid JSON policy"

    return judge


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def bucket_name(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Judges the name of a bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    name = inputs.get("bucket", UNKNOWN)
    if name is not UNKNOWN and (not _BUCKET.fullmatch(name) or _ADDRESS.fullmatch(name)):
        yield "bucket", f"{name!r} is not a bucket's name: 3 to 63 of a-z, 0-9, '-' and '.', no IP address"


def tags(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Judges number, keys and values of tags.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """
    given = inputs.get("tags", UNKNOWN)
    if given is UNKNOWN:
        return
    if len(given) > 50:
        yield "tags", f"{len(given)} tags, AWS takes 50"
    for key, value in given.items():
        if not 1 <= len(key) <= 128 or key.lower().startswith("aws:"):
            yield f"tags.{key}", "a key has 1 to 128 characters and does not start with aws:"
        if value is not UNKNOWN and len(value) > 256:
            yield f"tags.{key}", f"the value has {len(value)} characters, AWS takes 256"
