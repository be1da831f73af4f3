"""A stack opened for work: in a temporary folder, so that what is committed is never rewritten."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto
from pulumi.automation._stack import StackInitMode  # its constructor wants one, and the package exports none

from infra.problems import BadInput, Problem
from operations.engine.backend import Backend, read, trouble, unusable
from operations.engine.command import Command
from operations.engine.ladder import Engine
from operations.settling import settling

_FILE_NAME = re.compile(r"Pulumi\.(?P<stack>[^.]+)\.yaml")


class _Workspace(auto.LocalWorkspace):
    """A workspace that makes no needless calls of the command line: each takes a third of a second."""

    def select_stack(self, stack_name: str) -> None:
        """Nothing: every command names its stack, and selecting one would write into the user's home."""

    def stack_outputs(self, stack_name: str) -> auto.OutputMap:  # noqa: ARG002 - the base's
        """None: two calls for what the engine's events have told already."""
        return {}


class EngineStack(auto.Stack):
    """One stack of the Automation API, with the little more that `run` needs.

    Of its own methods only `up`, `preview`, `refresh` and `destroy` are of use; outputs are in the events.
    """

    def __init__(self, name: str, backend: Backend, command: Command, workspace: auto.LocalWorkspace) -> None:
        super().__init__(name, workspace, StackInitMode.SELECT)
        self.backend = backend
        self.command = command

    def info(self, show_secrets: bool = True) -> auto.UpdateSummary:  # noqa: ARG002 - the base's
        """Nothing; the base reads the stack's history after every command, with the secrets shown."""
        return auto.UpdateSummary("", datetime.now(UTC), "", {}, {}, "")

    def call(self, *arguments: str, about: str | None = None) -> str:
        """Runs a command that is about a stack in its backend alone, and returns its standard output.

        Args:
            arguments: of the engine's command line.
            about: the name of another stack of the project; None: this one.

        Raises:
            BadInput: the backend cannot be used.
            StackNotFoundError: there is no such stack.
            StackAlreadyExistsError: there is one already.
        """
        try:
            result = self.command.run(
                [*arguments, "--stack", about or self.name], self.workspace.work_dir, self.backend.variables
            )
        except (auto.StackNotFoundError, auto.StackAlreadyExistsError):
            raise
        except auto.CommandError:
            raise unusable(self.backend.url, "; ".join(self.command.complaints)) from None
        return result.stdout

    @property
    def full_name(self) -> str:
        """The name by which backends of files and buckets know it, in any folder."""
        project = self.workspace.project_settings().name
        return auto.fully_qualified_stack_name("organization", project, self.name)

    def trouble(self) -> BadInput | None:
        """What the latest command that failed had against the backend, if it was that."""
        return trouble(self.backend.url, self.command.complaint)

    def state(self, about: str | None = None) -> Mapping[str, Any] | None:
        """The stack's state as the backend has it, secrets encrypted; None if there is no such stack.

        Args:
            about: the name of another stack of the project; None: this one.
        """
        try:
            deployment = json.loads(self.call("stack", "export", about=about))["deployment"]
        except auto.StackNotFoundError:
            return None
        return dict(deployment or {})

    def others(self) -> tuple[str, ...]:
        """Names of the project's other stacks in the backend that may have resources."""
        try:
            result = self.command.run(
                ["stack", "ls", "--json"], self.workspace.work_dir, self.backend.variables
            )
        except auto.CommandError:
            raise unusable(self.backend.url, "; ".join(self.command.complaints)) from None
        listed = ((one["name"], one.get("resourceCount")) for one in json.loads(result.stdout or "[]"))
        return tuple(name for name, count in listed if count != 0 and name != self.name)

    def init(self) -> None:
        """Makes the stack in the backend, empty."""
        provider = self.workspace.secrets_provider
        with suppress(auto.StackAlreadyExistsError):  # another run was a moment faster
            self.call("stack", "init", "--no-select", *(("--secrets-provider", provider) if provider else ()))


def stack_name(file: Path) -> str:
    """The name of the stack that an environment's file is for: ``dev`` for ``Pulumi.dev.yaml``.

    Raises:
        BadInput: the file is not named so.
    """
    found = _FILE_NAME.fullmatch(file.name)
    if found is None:
        hint = "name it Pulumi.<environment>.yaml"
        raise BadInput([Problem("environment file", str(file), "does not have the name of one", hint)])
    return found["stack"]


@contextmanager
def open_stack(
    file: Path, root: Path, engine: Engine, backend: Backend, program: Callable[[], Any]
) -> Iterator[EngineStack]:
    """Opens an environment's stack with an inline program; nothing is called or made in the backend yet.

    Args:
        file: the environment's file, ``Pulumi.<environment>.yaml``.
        root: the folder of the project's Pulumi.yaml, which gives the project's name.
        engine: from `ladder.find`.
        backend: from `backend.of_twin` or `backend.of_site`.
        program: declares the resources; runs in this process.

    Yields:
        The stack, for `run`. Its temporary folder is removed afterwards.

    Raises:
        BadInput: the file's name is not that of an environment's.
    """
    name = stack_name(file)
    folder = Path(tempfile.mkdtemp(prefix="mlcluster-"))
    try:
        # Not the project's own Pulumi.yaml: its `main` and `stackConfigDir` are folders that are not here.
        project = {"name": read(root / "Pulumi.yaml").get("name", "mlcluster"), "runtime": "python"}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
        (folder / f"Pulumi.{name}.yaml").write_text(_settings(file, backend), encoding="utf-8")
        command = Command(engine)
        workspace = _Workspace(
            work_dir=str(folder),
            program=settling(program),
            env_vars=backend.variables,
            secrets_provider=backend.secrets,
            pulumi_command=command,
        )
        yield EngineStack(name, backend, command, workspace)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(file: Path, backend: Backend) -> str:
    """A stack's file as the engine is to see it; a twin has a passphrase of its own, whatever that says."""
    written = read(file)
    if backend.own_words or not written.keys() - {"config"}:
        return file.read_text(encoding="utf-8")
    return yaml.safe_dump({"config": written.get("config")})
