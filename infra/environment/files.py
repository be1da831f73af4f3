"""Where environment files are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra.problems import ABSENT, BadInput, Problem, did_you_mean

FOLDER: Final = "stacks"
"""Where Pulumi.yaml (`stackConfigDir`) says that the files of stacks are."""

_INSTALLED: Final = Path(__file__).resolve().parents[2]
"""The checkout that this package was installed from."""


def project_root(start: Path | None = None) -> Path:
    """The project's folder: the nearest with a Pulumi.yaml from `start` upwards, else this package's own.

    Args:
        start: Where to begin; None: the current folder.
    """
    here = (start or Path.cwd()).resolve()
    return next(
        (folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").is_file()), _INSTALLED
    )


def available(root: Path) -> tuple[str, ...]:
    """Names of the environments of a project, sorted."""
    return tuple(
        sorted(path.name[len("Pulumi.") : -len(".yaml")] for path in (root / FOLDER).glob("Pulumi.?*.yaml"))
    )


def find(env: str, start: Path | None = None) -> Path:
    """The file of an environment.

    Args:
        env: Its name, or the path of its file.
        start: Where to begin to look for the project; None: the current folder.

    Raises:
        BadInput: There is no such file; the hint names those that there are.
    """
    if "/" in env or env.endswith((".yaml", ".yml")):
        if Path(env).is_file():
            return Path(env)
        raise BadInput([Problem(env, ABSENT, "does not exist", "write the path of an environment's file")])
    root = project_root(start)
    names = available(root)
    if env not in names:
        known = f"there are {', '.join(names)}" if names else f"there are none in {root / FOLDER}"
        near = did_you_mean(env, names)
        hint = f"{near} {known}" if near.startswith("did") else known
        raise BadInput([Problem("environment", env, "does not exist", hint)])
    return root / FOLDER / f"Pulumi.{env}.yaml"
