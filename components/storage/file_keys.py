"""The key of a file system: who may use it, and how long it stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra import iam, naming
from infra.labels import Scope
from infra.places import Place

_DELETION_DAYS: Final = 30
"""The most that KMS allows: time to find out that a backup was still needed."""


@dataclass(frozen=True, kw_only=True)
class FileKeyArgs:
    """What the key of a file system needs."""

    scope: Scope
    place: Place
    parts: tuple[str, ...]
    """The file system's name within the environment: ``"lustre", "scratch"``."""
    description: str
    component: str
    log_group: str | None = None
    """The log group that is encrypted with it too; None: none."""
    protect: bool
    keep: bool = False
    """Whether it stays when the stack goes, with what is encrypted with it."""


def file_key(name: str, args: FileKeyArgs, parent: pulumi.Resource) -> aws.kms.Key:
    """Makes a key and its alias, as children of a component."""
    child = pulumi.ResourceOptions(parent=parent, retain_on_delete=args.keep)
    key = aws.kms.Key(
        name,
        description=args.description,
        enable_key_rotation=True,
        deletion_window_in_days=_DELETION_DAYS,
        policy=key_policy(args.place, args.log_group),
        tags=args.scope.tags(args.component),
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args.protect)),
    )
    aws.kms.Alias(
        name,
        name=f"alias/{naming.physical(args.scope.environment, *args.parts, limit=250)}",
        target_key_id=key.id,
        opts=child,
    )
    return key


def key_policy(place: Place, log_group: str | None) -> str:
    """The key's policy: the file service uses the key by a grant, CloudWatch Logs for one log group only.

    https://docs.aws.amazon.com/fsx/latest/LustreGuide/encryption-at-rest.html,
    https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html,
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    if log_group is None:
        return iam.account_key(place.root())
    return iam.account_key(place.root(), iam.key_for_logs(place, log_group))
