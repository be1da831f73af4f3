"""Where an environment's state is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from infra import naming
from infra.environment.fields import Days, Form, Region
from infra.environment.section import Section
from infra.units import Duration

DEFAULT_KEY = "alias/mlcluster-state"

BucketName = Annotated[
    str,
    Form(
        pattern="(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
        "(?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)",
        wrong="is not the name of a bucket",
        hint="write 3 to 63 small letters, digits and hyphens, no dots, and not S3's own beginnings and ends",
        example="example-mlcluster-state",
        longest=63,
    ),
]
"""Dots are left out, for S3's certificates do not match names with them:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

KeyAlias = Annotated[
    str,
    Form(
        pattern="alias/(?!aws/)[a-zA-Z0-9/_-]+",
        wrong="is not the alias of a key of yours",
        hint="write alias/ and letters, digits, slashes, hyphens, underscores; alias/aws/ is for AWS's own",
        example=DEFAULT_KEY,
        longest=256,
    ),
]
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"""


@dataclass(frozen=True, kw_only=True)
class StatePlace:
    """Where state is, with all that the section leaves open filled in."""

    account: str
    region: str
    bucket: str
    key: str
    """Alias of the KMS key."""

    @property
    def url(self) -> str:
        """The backend as Pulumi has it: https://www.pulumi.com/docs/iac/guides/basics/using-a-diy-backend/."""
        return f"s3://{self.bucket}?region={self.region}"

    @property
    def secrets(self) -> str:
        """The secrets provider as Pulumi has it: https://www.pulumi.com/docs/iac/concepts/secrets/."""
        return f"awskms://{self.key}?region={self.region}"


class State(Section):
    """An S3 bucket for the state of stacks, and a KMS key for it and for the secrets in it.

    `mlcluster init` makes both. Environments of one account share them: each has its own file in the bucket.
    """

    bucket: BucketName | None = None
    """Name of the bucket, in this environment's account. Default: `mlcluster-state-<account>-<region>`."""
    region: Region | None = None
    """Region of bucket and key. Default: the environment's."""
    key: KeyAlias = DEFAULT_KEY
    """Alias of the key that encrypts the bucket and the secrets within the state."""
    keep_versions: Days = Duration("90d")
    """How long earlier versions of the state are kept: whole days."""
    access_log: BucketName | None = None
    """Bucket in the same account and region that takes S3's access log of the state bucket; it must be there
    and let S3 write. Default: no log."""

    def place(self, account: str, region: str) -> StatePlace:
        """Where this is, for an environment of an account and region."""
        at = self.region or region
        return StatePlace(
            account=account,
            region=at,
            bucket=self.bucket or naming.state_bucket(account, at),
            key=self.key,
        )
