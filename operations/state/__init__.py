"""`mlcluster init`: the S3 bucket and the KMS key that an environment's state needs, made or made strict.

What is there already is never weakened: a setting that is as strict as ours, or stricter, stays as it is, and
so do statements and rules of others. The engine's locks are files in the bucket too
(``.pulumi/locks``: https://www.pulumi.com/docs/iac/guides/basics/using-a-diy-backend/), so there is nothing
else to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.environment.state import State, StatePlace
from operations.state import bucket, key
from operations.state.access import Access
from operations.state.setting import Setting

__all__ = ["Found", "Setting", "look"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """How the state's place is, and what is to be done about it."""

    place: StatePlace
    settings: tuple[Setting, ...]

    @property
    def open(self) -> tuple[Setting, ...]:
        """What is missing or not strict enough, in the order in which it is put right."""
        return tuple(setting for setting in self.settings if setting.apply is not None)


def look(state: State, place: StatePlace, tags: dict[str, str], session: Any = None) -> Found:
    """Looks at bucket and key; changes nothing.

    Args:
        state: what the environment's file says.
        place: the same, with all that it leaves open filled in.
        tags: of what is made.
        session: a boto3 session; None: the one that the shell's settings give.

    Raises:
        BadInput: there are no credentials, or the place cannot be used as it is.
        Refusal: the credentials are of another account, or the bucket is.
        Failure: AWS refuses.
    """
    access = Access.of(place, session)
    secret = key.look(access, tags)
    settings = (*secret.settings, *bucket.look(access, state, secret, tags))
    return Found(place=place, settings=settings)
