"""What serves Kubernetes on a twin: Pulumi's own provider plugin where it is installed, else the twin's."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from operations.engine.backend import twin_home
from operations.engine.ladder import Engine
from operations.progress import Listener
from operations.twin import aws_command, kubernetes
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.manager import Running

PROGRAM: Final = "pulumi-resource-kubernetes"
DEBUG_PROVIDERS: Final = "PULUMI_DEBUG_PROVIDERS"
"""The engine's variable for providers that it need not start, and their ports: "aws:1234,kubernetes:1235"."""

_NO_AMBIENT: Final = "PULUMI_IGNORE_AMBIENT_PLUGINS"
"""Set, it keeps the engine from plugins on PATH."""
_PLUGINS: Final = "plugins"
"""Folder, within an engine's home, of the plugins that it has installed."""
_COMMANDS: Final = "bin"
"""Folder, within the twin's, of the programs that engines find first."""


def variables(engine: Engine, folder: Path, running: Running, listener: Listener) -> dict[str, str]:
    """What the engine needs in its environment to work on a twin.

    The plugin speaks to the twin's control plane by the kubeconfig that the program makes, which has `aws`
    make a token: an `aws` of the twin's own comes first on PATH. A twin that keeps its objects in memory has
    nothing that the plugin could speak to. What served a twin first goes on to serve it until it is reset:
    the plugin replaces nearly everything whose state it did not write itself.

    Args:
        engine: from `ladder.find`.
        folder: the twin's.
        running: its daemon.
        listener: told when the plugin is installed, but of another version than the SDK.
    """
    served = dict(running.env)
    home = twin_home(folder)
    used_without = home.exists() and not (home / _PLUGINS).exists()
    if used_without or kubernetes.kind(folder) is kubernetes.Kind.MEMORY:
        return served
    plugin = installed(engine, listener)
    if plugin is None:
        return served
    _offer(plugin, home)
    return {**served, DEBUG_PROVIDERS: f"aws:{running.ports['aws']}", "PATH": str(commands(folder))}


def installed(engine: Engine, listener: Listener) -> Path | None:
    """The kubernetes plugin that an engine would use with our SDK; None where it would have to get it first.

    Args:
        engine: from `ladder.find`.
        listener: told when there are others only.
    """
    if (found := _ambient(engine)) is not None:
        return found
    wanted = version("pulumi-kubernetes")
    there = _listed(engine)
    if wanted in there:
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        return _place(home, wanted)
    if there:
        listener.say(
            f"Pulumi's kubernetes plugin is installed as {', '.join(there)}, but the SDK is {wanted}: "
            "the twin serves Kubernetes itself. "
            f"To use the plugin: pulumi plugin install resource kubernetes v{wanted}"
        )
    return None


def commands(folder: Path) -> Path:
    """Makes the folder of the commands that let programs into a twin's cluster; to be first on their PATH."""
    made = folder / _COMMANDS
    made.mkdir(mode=0o700, exist_ok=True)
    words = [sys.executable, "-I", "-S", aws_command.__file__, made, *ControlPlane(folder).administrator]
    call = shlex.join(str(word) for word in words)
    script = made / "aws"
    draft = _draft(script)
    draft.write_text(f'#!/bin/sh\nexec {call} "$@"\n', encoding="utf-8")
    draft.chmod(0o700)
    draft.replace(script)
    return made


def _ambient(engine: Engine) -> Path | None:
    """The plugin on PATH, which engines take whatever its version: it is for who develops it."""
    if os.environ.get(_NO_AMBIENT):
        return None
    path = os.pathsep.join((str(engine.path.parent), os.environ.get("PATH", os.defpath)))
    found = shutil.which(PROGRAM, path=path)
    return None if found is None else Path(found)


def _listed(engine: Engine) -> tuple[str, ...]:
    """Versions of the plugin among those that the engine has installed."""
    done = subprocess.run(
        [str(engine.path), "plugin", "ls", "--json"],
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:  # without a plugin of its own, the engine uses the twin's
        return ()
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return tuple(
        str(one.get("version")) for one in found if (one["kind"], one["name"]) == ("resource", "kubernetes")
    )


def _place(home: Path, number: str) -> Path:
    """Where an engine with that home keeps a version of the plugin."""
    return home / _PLUGINS / f"resource-kubernetes-v{number}" / PROGRAM


def _offer(plugin: Path, home: Path) -> None:
    """Lets an engine with that home find a plugin that is elsewhere.

    The folder is real and the program in it a link: engines do not look into linked folders.
    """
    link = _place(home, version("pulumi-kubernetes"))
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(link)
    draft.symlink_to(plugin)
    draft.replace(link)


def _draft(path: Path) -> Path:
    """What to write before it takes another's place at once; another command may be at the same."""
    return path.with_name(f"{path.name}.{os.getpid()}")
