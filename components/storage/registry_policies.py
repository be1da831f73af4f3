"""Who may pull images, what ECR may do to copy others' images, and how long images are kept."""

from __future__ import annotations

import json
from typing import Any, Final

from infra import iam, naming
from infra.labels import PRODUCT
from infra.places import Place

_PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_UNTAGGED: Final = 1
_REST: Final = 2
"""Priorities of rules: the lower is applied first."""


def pulled_within(place: Place) -> str:
    """A repository's policy: this account's nodes pull, and nobody of another account does anything.

    What else people of this account may do is a matter of their own rights. AWS's services are let through:
    ECR itself fills the repositories of a cache.
    """
    nodes = f"arn:{place.partition}:iam::{place.account}:role/{PRODUCT}-*"
    return iam.document(
        {
            "Sid": "PullByNodes",
            "Effect": "Allow",
            "Principal": {"AWS": place.root()},
            "Action": list(_PULL),
            "Condition": {"ArnLike": {"aws:PrincipalArn": nodes}},
        },
        {
            "Sid": "OnlyThisAccount",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "ecr:*",
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": place.account},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        },
    )


def lifecycle(untagged_days: int, images: int) -> str:
    """A repository's lifecycle: no images without a tag for long, and only the latest with one.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
    """
    untagged = {"tagStatus": "untagged", **_older(untagged_days)}
    rest = {
        "tagStatus": "tagged",
        "tagPatternList": ["*"],
        "countType": "imageCountMoreThan",
        "countNumber": images,
    }
    return _lifecycle(
        (_UNTAGGED, f"without a tag for {untagged_days} days", untagged),
        (_REST, f"all but the latest {images}", rest),
    )


def cached(days: int) -> str:
    """The lifecycle of copies of others' images: gone after some days, and fetched again when wanted."""
    return _lifecycle((_REST, f"fetched {days} days ago", {"tagStatus": "any", **_older(days)}))


def _older(days: int) -> dict[str, Any]:
    return {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}


def _lifecycle(*rules: tuple[int, str, dict[str, Any]]) -> str:
    return json.dumps(
        {
            "rules": [
                {
                    "rulePriority": priority,
                    "description": description,
                    "selection": selection,
                    "action": {"type": "expire"},
                }
                for priority, description, selection in rules
            ]
        }
    )


def make_copies(place: Place, environment: str, key_arn: str) -> str:
    """What ECR may do to make the repositories of an environment's copies, which a key and tags ask for.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates-custom.html
    """
    return iam.document(
        {
            "Sid": "MakeRepositories",
            "Effect": "Allow",
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource"],
            "Resource": _copies(place, environment),
        },
        {
            "Sid": "EncryptThem",
            "Effect": "Allow",
            "Action": ["kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant"],
            "Resource": key_arn,
        },
    )


def first_pull(place: Place, keeper: str) -> str:
    """What nodes need besides the right to pull, for an image that ECR has no copy of yet.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html

    Args:
        place: Where the registry is.
        keeper: The environment whose registry it is.
    """
    return iam.document(
        {
            "Sid": "FirstPull",
            "Effect": "Allow",
            "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
            "Resource": _copies(place, keeper),
        }
    )


def _copies(place: Place, environment: str) -> str:
    return place.arn("ecr", f"repository/{naming.cache_root(environment)}/*")
