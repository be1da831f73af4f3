"""The registry of container images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra.catalog import upstreams
from infra.environment.fields import Days, Different, Flag, Form, OneOf
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import Duration

RepositoryName = Annotated[
    str,
    Form(
        pattern="([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*",
        wrong="is not a name that ECR takes",
        hint="write small letters and digits, with single dots, hyphens, underscores or slashes between them",
        example="training/base",
        longest=200,
    ),
]
"""ECR allows 256 characters, of which the environment's own prefix takes some:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html"""

TagPattern = Annotated[
    str,
    Form(
        pattern="[A-Za-z0-9._-]*[*]?[A-Za-z0-9._-]*",
        wrong="is not a pattern of tags",
        hint="write letters, digits, dots, hyphens and underscores, and at most one * for the rest",
        example="cache-*",
        longest=128,
    ),
]

Credentials = Annotated[
    str,
    Form(
        pattern="arn:aws(-cn|-us-gov)?:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:"
        "ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]+",
        wrong="is not the ARN of a secret that ECR may read",
        hint="keep it in Secrets Manager, under a name that begins with ecr-pullthroughcache/; write its ARN",
        example="arn:aws:secretsmanager:us-east-1:111122223333:secret:ecr-pullthroughcache/docker-hub-AbCdEf",
        longest=612,
    ),
]
"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html"""

_MOST_PATTERNS: Final = 5
"""https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html"""
_MOST_IMAGES: Final = 2_147_483_647


def _not_empty(value: str) -> str:
    if not value:
        raise Wrong("is empty", "write a pattern such as cache-*, or leave it out")
    return value


class Upstream(Section):
    """Somebody else's registry, of which ECR keeps what was pulled once."""

    credentials: Credentials | None = None
    """ARN of the secret with the user name and the access token (keys `username` and `accessToken`), in this
    account and region. Needed for those that serve nobody unknown, and only for them."""


class Registry(Section):
    """Container images in Amazon ECR: repositories of our own, and copies of what others publish.

    Scanning is set by repository (basic scanning, on push): the registry-wide settings belong to the account,
    of which this is one environment among several.
    """

    keep: Literal["retain", "destroy"] = "retain"
    """What `down` does with the images: `retain` leaves the repositories behind, `destroy` deletes them with
    all images."""
    repositories: Annotated[tuple[RepositoryName, ...], Different] = ()
    """Repositories, by the names that follow `mlcluster/<environment>/`."""
    mutable_tags: Annotated[
        tuple[Annotated[TagPattern, AfterValidator(_not_empty)], ...],
        Field(max_length=_MOST_PATTERNS),
        Different,
    ] = ()
    """Patterns of tags that may be moved to another image, at most 5, such as `cache-*`. All others stay on
    the image that they were pushed with."""
    scan: Flag = True
    """Whether images are scanned for known vulnerabilities when they are pushed."""
    keep_images: Annotated[int, Field(strict=True, ge=1, le=_MOST_IMAGES)] = 200
    """How many tagged images a repository keeps: the latest."""
    expire_untagged: Days = Duration("14d")
    """Age at which images without a tag are deleted: whole days."""
    pull_through: Annotated[
        Mapping[Annotated[str, OneOf(upstreams.names, "upstream registry")], Upstream],
        Field(validate_default=True),
    ] = {}
    """Registries of others that are pulled through ECR, by name: ecr-public, k8s and quay, which serve
    anybody; docker-hub, ghcr and gitlab, which want credentials."""
    expire_cached: Days = Duration("90d")
    """Age at which copies of others' images are deleted, counted from when they were fetched: whole days.
    What is pulled again is fetched again."""

    @field_validator("pull_through")
    @classmethod
    def _with_credentials(cls, value: Mapping[str, Upstream]) -> Mapping[str, Upstream]:
        for name, upstream in value.items():
            needed = upstreams.upstream(name).credentials
            if needed and upstream.credentials is None:
                hint = f"write {name}: {{credentials: <the ARN of a secret>}}, or leave it out"
                raise Wrong(f"has {name}, which serves nobody without credentials", hint)
            if not needed and upstream.credentials is not None:
                raise Wrong(f"has credentials for {name}, which takes none", f"write {name}: {{}}")
        return value

    @field_validator("pull_through")
    @classmethod
    def _something(cls, value: Mapping[str, Upstream], info: ValidationInfo) -> Mapping[str, Upstream]:
        if not value and info.data.get("repositories") == ():
            hint = "write repositories or pull_through, or leave out storage.registry"
            raise Wrong("is empty, and there are no repositories either", hint)
        return value
