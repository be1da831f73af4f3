"""The one program of all stacks: reads the stack's configuration, and deploys what it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi

from infra import environment
from infra.environment import Environment, files
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput


def main(beside: Path | None = None) -> None:
    """Deploys the stack that Pulumi has selected.

    Args:
        beside: Where the files of the other stacks are; None: in the project that the current folder is in.

    Raises:
        pulumi.RunError: its configuration is wrong; the engine shows the message without a traceback.
    """
    try:
        folder = beside or files.project_root() / files.FOLDER
        env = environment.parse(pulumi.get_stack(), configuration(), folder)
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
    """Deploys an environment: its data, a whole platform, or teams of one; exports the stack's outputs."""
    for name, value in _deployed(env).items():
        pulumi.export(name, value)


def _deployed(env: Environment) -> dict[str, Any]:
    from stacks import lake, platform, shard

    if env.teams_of is not None:
        return shard.deploy(env)
    return lake.deploy(env) if env.is_data else platform.deploy(env)
