"""The one program of all stacks: reads the stack's configuration, and deploys what it asks for."""

from __future__ import annotations

from typing import Any

import pulumi

from infra import environment
from infra.environment import Environment
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput


def main() -> None:
    """Deploys the stack that Pulumi has selected.

    Raises:
        pulumi.RunError: its configuration is wrong; the engine shows the message without a traceback.
    """
    try:
        env = environment.parse(pulumi.get_stack(), configuration())
    except BadInput as bad:
        raise pulumi.RunError(str(bad)) from bad
    deploy(env)


def configuration() -> dict[str, Any]:
    """What the stack's file has under `config`, as Pulumi hands it to the program."""
    found = {
        REGION: pulumi.Config("aws").get("region"),
        SECTION: pulumi.Config("mlcluster").get_object("environment"),
    }
    return {key: value for key, value in found.items() if value is not None}


def deploy(env: Environment) -> None:
    """Deploys an environment: its data, or a whole platform; exports the stack's outputs."""
    from stacks import lake, platform

    outputs = lake.deploy(env) if env.is_data else platform.deploy(env)
    for name, value in outputs.items():
        pulumi.export(name, value)
