"""The stack that keeps an environment's long-lived data, beyond the life of any cluster."""

from __future__ import annotations

from typing import Any

import pulumi

from infra.environment import Environment
from stacks import wiring


def deploy(env: Environment) -> dict[str, Any]:
    """Deploys the lake of a data environment, and its registry and catalog where it has them.

    Returns:
        The stack's outputs: ``lake`` (bucket names by zone), ``lake_key`` (ARN of its key), ``images`` (URLs
        of repositories by name), ``image_mirrors`` (what stands for others' registries, by their hosts) and
        ``catalog`` (name of the database).
    """
    opts = pulumi.ResourceOptions(providers=[wiring.aws_provider(wiring.place_of(env))])
    wiring.watch_spending(env, opts)
    if env.storage.lake is None:
        return {}
    store = wiring.lake_here(env, env.storage.lake, opts)
    return {
        **wiring.lake_outputs(store),
        **wiring.image_outputs(wiring.registry_here(env, opts)),
        **wiring.catalog_outputs(wiring.catalog_here(env, store, opts)),
    }
