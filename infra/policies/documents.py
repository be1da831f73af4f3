"""Reading IAM policy documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any


def free_hand(policy: object) -> bool:
    """Whether a policy allows every action, or all but some, on every resource, or all but some."""
    return any(
        statement.get("Effect") == "Allow"
        and ("*" in _listed(statement.get("Action")) or "NotAction" in statement)
        and ("*" in _listed(statement.get("Resource")) or "NotResource" in statement)
        for statement in _statements(policy)
    )


def requires_tls(policy: object) -> bool:
    """Whether the policy of a bucket, queue or the like refuses everybody who comes without TLS."""
    return any(
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and {"*", "s3:*", "sqs:*"} & set(_listed(statement.get("Action")))
        and (statement.get("Condition") or {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        for statement in _statements(policy)
    )


def one_account(policy: object) -> bool:
    """Whether a policy refuses everything to whoever is of another account."""
    return any(
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and {"*", "ecr:*"} & set(_listed(statement.get("Action")))
        and "aws:PrincipalAccount" in (statement.get("Condition") or {}).get("StringNotEquals", {})
        for statement in _statements(policy)
    )


def _statements(policy: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(policy, str):
        return
    found = json.loads(policy)["Statement"]
    yield from found if isinstance(found, list) else [found]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
