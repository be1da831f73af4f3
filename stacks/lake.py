"""The stack that keeps an environment's long-lived data, beyond the life of any cluster."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.environment import Environment
from stacks import wiring


def deploy(env: Environment) -> dict[str, Any]:
    """Deploys the lake of a data environment.

    Returns:
        The stack's outputs: ``lake`` (bucket names by zone) and ``lake_key`` (ARN of its key).
    """
    opts = pulumi.ResourceOptions(providers=[wiring.aws_provider(wiring.place_of(env))])
    wiring.watch_spending(env, opts)
    if env.storage.lake is None:
        return {}
    return wiring.lake_outputs(wiring.lake_here(env, env.storage.lake, opts))
