"""The KMS key of a state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from infra import iam
from infra.environment.state import StatePlace
from infra.places import Place
from infra.problems import BadInput, Problem
from operations.guards import Failure, Refusal
from operations.state.access import Access, code, told
from operations.state.setting import Setting

_DESCRIPTION = "The state of mlcluster's environments, and the secrets in it"


@dataclass
class Key:
    """The key, which may only come to be when its settings are applied."""

    arn: str | None = None
    settings: tuple[Setting, ...] = field(default=())


def look(access: Access, tags: dict[str, str]) -> Key:
    """Looks at the key that the alias leads to.

    Its policy is left alone: whatever is added to one lets somebody in.

    Raises:
        BadInput: the alias leads to a key that cannot encrypt.
        Refusal: the key is disabled, or about to be deleted.
    """
    found = _described(access)
    if found is None:
        key = Key()
        make = partial(_make, access, key, tags)
        made = Setting(what="key", found="none", becomes=f"made, as {access.place.key}", apply=make)
        rotation = Setting(
            what="key rotation", found="none", becomes="every year", apply=lambda: _rotate(access, key)
        )
        key.settings = (made, rotation)
        return key
    _usable(access.place, found)
    key = Key(arn=found["Arn"])
    key.settings = (Setting(what="key", found=f"{found['KeyId']}, policy as it is"), _rotation(access, key))
    return key


def _described(access: Access) -> dict[str, Any] | None:
    try:
        with told(f"look at the key {access.place.key}"):
            found: dict[str, Any] = access.kms.describe_key(KeyId=access.place.key)["KeyMetadata"]
    except Failure as failure:
        if code(failure) == "NotFoundException":
            return None
        raise
    return found


def _usable(place: StatePlace, found: dict[str, Any]) -> None:
    kind = (found.get("KeySpec"), found.get("KeyUsage", "ENCRYPT_DECRYPT"))
    if kind != ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        message = f"leads to a key of kind {kind[0]} for {kind[1]}, which cannot encrypt state"
        hint = "write the alias of a symmetric key, or one that is not there yet"
        raise BadInput([Problem("state.key", place.key, message, hint)])
    if found["KeyState"] != "Enabled":
        raise Refusal(
            f"the key {place.key} ({found['KeyId']}) is {found['KeyState']}: state could not be read",
            "enable it, or cancel its deletion, or write the alias of another key in state.key",
        )


def _make(access: Access, key: Key, tags: dict[str, str]) -> None:
    place = access.place
    policy = iam.account_key(Place(account=place.account, region=place.region).root())
    listed = [{"TagKey": name, "TagValue": value} for name, value in tags.items()]
    with told("make a key"):
        made = access.kms.create_key(Description=_DESCRIPTION, Policy=policy, Tags=listed)["KeyMetadata"]
    key.arn = made["Arn"]
    with told(f"name the key {made['KeyId']} {place.key}"):
        access.kms.create_alias(AliasName=place.key, TargetKeyId=made["KeyId"])


def _rotation(access: Access, key: Key) -> Setting:
    with told(f"see whether the key {access.place.key} is rotated"):
        on = access.kms.get_key_rotation_status(KeyId=key.arn)["KeyRotationEnabled"]
    apply: Callable[[], object] | None = None if on else partial(_rotate, access, key)
    return Setting(
        what="key rotation", found="on" if on else "off", becomes=None if on else "every year", apply=apply
    )


def _rotate(access: Access, key: Key) -> None:
    with told("rotate the key"):
        access.kms.enable_key_rotation(KeyId=key.arn)
