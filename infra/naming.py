"""Physical names: what things are called at AWS and in Kubernetes.

Every name starts with ``mlcluster-<environment>`` and is injective: two different lists of parts never share
a name. A name is the parts joined, as long as that can be read back unambiguously and fits; otherwise it is
cut and ends in a hash of the parts.
"""

from __future__ import annotations

import hashlib
import re

from infra.labels import PRODUCT

_HASH = 10
"""Hex digits of the hash, 40 bits: among a thousand hashed names, two are the same once in two million
times."""
_PLAIN = re.compile(r"[a-z0-9]+")
_LOOKS_HASHED = re.compile(rf"[0-9a-f]{{{_HASH}}}")


def physical(environment: str, *parts: str, limit: int = 63) -> str:
    """The physical name of something in an environment.

    Args:
        environment: The environment's name.
        parts: What it is, from the general to the particular: ``"node", "train"``.
        limit: Characters that the name may have; 63 is what a DNS label, and so most of Kubernetes, allows.

    Returns:
        A name of ``[a-z0-9-]`` that starts with a letter, ends with a letter or digit and fits the limit.
        Where a part has other characters than ``[a-z0-9]`` (a hyphen in it could be a boundary between
        parts), is empty, looks like a hash, or the whole is too long, a hash is part of the name.

    Raises:
        ValueError: When `limit` has no room for a name.
    """
    words = (PRODUCT, environment, *parts)
    name = "-".join(words)
    plain = all(_PLAIN.fullmatch(word) for word in words) and not _LOOKS_HASHED.fullmatch(words[-1])
    return name if plain and len(name) <= limit else _hashed(words, limit)


def prefix(environment: str, *parts: str, limit: int = 37) -> str:
    """A name for ``*_name_prefix`` arguments, to which the provider adds 26 characters of its own.

    The default limit is the one of EKS node groups (63 - 26).
    """
    return f"{physical(environment, *parts, limit=limit - 1)}-"


def bucket(account: str, region: str, environment: str, zone: str) -> str:
    """The name of a lake's bucket: unique in the world, because the account's number is in it.

    S3 allows 63 characters of ``[a-z0-9.-]``, and reserves some beginnings and ends, none of which ours can
    have: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    words = (PRODUCT, environment, zone, account, region)
    name = "-".join(words)
    # The region's hyphens cannot be mistaken: it is all that follows the account's twelve digits.
    plain = (
        all(_PLAIN.fullmatch(word) for word in (environment, zone))
        and re.fullmatch("[0-9]{12}", account)
        and re.fullmatch(r"[a-z]+(-[a-z]+)+-[0-9]", region)
    )
    return name if plain and len(name) <= 63 else _hashed(words, 63)


def state_bucket(account: str, region: str) -> str:
    """The name of the bucket for the state of all environments of an account in a region.

    No lake's bucket can have it: theirs have a word more.
    """
    return f"{PRODUCT}-state-{account}-{region}"


def database(environment: str) -> str:
    """The name of an environment's database in the Glue catalog, which engines take without quotes.

    Athena and Hive take small letters, digits and underscores:
    https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    """
    return f"{PRODUCT}_{environment.replace('-', '_')}"


def repository(environment: str, name: str) -> str:
    """The name of one of an environment's container repositories.

    ECR takes no two hyphens in a row: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    """
    return f"{PRODUCT}/{_path_part(environment, 63)}/{name}"


_CACHE_ROOT = 18
"""Of the 30 characters that ECR allows for the prefix of a cache, the longest name of one and a slash take
12: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html"""


def cache_root(environment: str) -> str:
    """What the names of all of an environment's copies of others' images begin with."""
    # One named as the product would lie in the way of everybody's own repositories.
    return _path_part(environment, _CACHE_ROOT if environment != PRODUCT else 0)


def cache(environment: str, upstream: str) -> str:
    """What the names of an environment's copies of one upstream's images begin with."""
    return f"{cache_root(environment)}/{upstream}"


def _path_part(environment: str, limit: int) -> str:
    """An environment's name as a part of a path in ECR."""
    if len(environment) <= limit and re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", environment):
        looks_hashed = _LOOKS_HASHED.fullmatch(environment.rpartition("-")[2])
        if not looks_hashed:
            return environment
    digest = hashlib.sha256(environment.encode()).hexdigest()[:_HASH]
    stem = re.sub("-+", "-", environment)[: _CACHE_ROOT - _HASH - 1].strip("-")
    return f"{stem}-{digest}"


def secret(environment: str, *path: str) -> str:
    """The name of an environment's secret in AWS Secrets Manager: ``mlcluster/dev/platform/login``."""
    return "/".join((PRODUCT, environment, *path))


def team_role(environment: str, team: str) -> str:
    """The name of the role that a team's pods have; IAM takes 64 characters."""
    return physical(environment, "team", team, limit=64)


def principal(arn: str) -> str:
    """The logical name of what is made for an IAM role or user: its account, kind, path and name."""
    return re.sub("[:/]", "-", arn.partition("::")[2])


def _hashed(words: tuple[str, ...], limit: int) -> str:
    """The words made legal and cut to the limit, with a hash that tells them from all others."""
    room = limit - _HASH - 1
    if room < len(PRODUCT):
        raise ValueError(f"a name needs {len(PRODUCT) + 1 + _HASH} characters, and only {limit} are allowed")
    # The length before each word keeps ("a", "b-c") and ("a-b", "c") apart.
    key = "".join(f"{len(word)}:{word}" for word in words)
    digest = hashlib.sha256(key.encode()).hexdigest()[:_HASH]
    legal = (re.sub("[^a-z0-9]+", "-", word.lower()).strip("-") for word in words)
    stem = "-".join(word for word in legal if word)[:room].rstrip("-")
    return f"{stem}-{digest}"
