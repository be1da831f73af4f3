"""The way to AWS: the account is checked before anything else; what goes wrong is told in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from infra.environment.state import StatePlace
from infra.problems import ABSENT, BadInput, Problem
from operations.guards import Failure, Refusal

_LOG_IN = "log in (`aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_STALE = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "RequestExpired",
    }
)
"""What AWS says of credentials that were good once, or never:
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html"""


@dataclass(frozen=True)
class Access:
    """Clients for the account and region of a state."""

    place: StatePlace
    s3: Any
    kms: Any

    @classmethod
    def of(cls, place: StatePlace, session: Any = None) -> Access:
        """Opens the way to a state's place, when the credentials are of its account.

        Raises:
            BadInput: there are no credentials, or none that are good.
            Refusal: they are of another account.
        """
        import boto3

        session = session or boto3.session.Session()
        with told("ask AWS whose credentials these are"):
            found = session.client("sts", region_name=place.region).get_caller_identity()
        if found["Account"] != place.account:
            raise Refusal(
                f"the credentials are of account {found['Account']} ({found['Arn']}), "
                f"and the environment is of {place.account}",
                f"use credentials of account {place.account}, for instance by AWS_PROFILE",
            )
        clients = (session.client(service, region_name=place.region) for service in ("s3", "kms"))
        return cls(place, *clients)

    def bucket(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Calls S3 on the bucket; S3 refuses if it is another account's.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
        """
        place = {"Bucket": self.place.bucket, "ExpectedBucketOwner": self.place.account}
        with told(f"{method.replace('_', ' ')} of {self.place.bucket}"):
            answer: dict[str, Any] = getattr(self.s3, method)(**place, **arguments)
        return answer

    def has(self, method: str, missing: str, **arguments: Any) -> dict[str, Any]:
        """Calls S3 on the bucket to read a setting; empty where there is none (error code `missing`)."""
        try:
            return self.bucket(method, **arguments)
        except Failure as failure:
            if code(failure) == missing:
                return {}
            raise


def code(failure: Failure) -> str:
    """AWS's word for what went wrong; empty where AWS did not answer."""
    response = getattr(failure.__cause__, "response", {})
    return str(response.get("Error", {}).get("Code", ""))


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Tells what goes wrong within in one sentence, with what was being done.

    Raises:
        BadInput: there are no credentials, or none that are good.
        Failure: anything else that AWS or the way to it says.
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
        SSOError,
        TokenRetrievalError,
    )

    try:
        yield
    except (
        NoCredentialsError,
        PartialCredentialsError,
        ProfileNotFound,
        SSOError,
        TokenRetrievalError,
    ) as bad:
        said = str(bad).rstrip(".")
        raise BadInput([Problem("AWS credentials", ABSENT, f"are missing: {said}", _LOG_IN)]) from None
    except ClientError as bad:
        error = bad.response.get("Error", {})
        if error.get("Code") in _STALE:
            said = str(error.get("Message", error["Code"])).rstrip(".")
            problem = Problem("AWS credentials", ABSENT, f"are not good (any more): {said}", _LOG_IN)
            raise BadInput([problem]) from None
        raise Failure(f"could not {doing}: {bad}") from bad
    except BotoCoreError as bad:
        raise Failure(f"could not {doing}: {bad}; check the network") from bad
