"""An engine, a project and a toy provider for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from operations.engine import backend, ladder
from operations.engine.command import Command
from operations.engine.events import Event
from operations.engine.workspace import EngineStack, open_stack
from tests.operations.engine import toy

PASSWORD = "hunter2-hunter2"


@pytest.fixture(scope="session")
def engine() -> ladder.Engine:
    """The engine that the product would use here; `MLCLUSTER_PULUMI` names another."""
    return ladder.find()


@dataclass
class Bench:
    """A project on a twin's backend, with the toy provider at work."""

    root: Path
    folder: Path
    engine: ladder.Engine
    toy: toy.Toy
    env: dict[str, str]
    events: list[Event] = field(default_factory=list)
    checkpoints: bool = True

    @property
    def file(self) -> Path:
        return self.root / "stacks" / "Pulumi.dev.yaml"

    @property
    def locks(self) -> list[Path]:
        return list(self.folder.rglob("locks/**/*.json"))

    @contextmanager
    def stack(self, program: Callable[[], None] = lambda: None) -> Iterator[EngineStack]:
        place = backend.of_twin(self.folder, self.env, checkpoints=self.checkpoints)
        with open_stack(self.file, self.root, self.engine, place, program) as stack:
            yield stack


def project(root: Path) -> Path:
    (root / "stacks").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text(
        "name: shop\nruntime: {name: python}\nmain: stacks\nstackConfigDir: stacks\n", encoding="utf-8"
    )
    (root / "stacks" / "Pulumi.dev.yaml").write_text(
        "# kept as it is\nconfig:\n  shop:greeting: {text: hello}\n", encoding="utf-8"
    )
    return root


@pytest.fixture
def bench(tmp_path: Path, engine: ladder.Engine) -> Iterator[Bench]:
    with toy.serving() as (provider, env):
        # a space, for paths of people's home folders may have one
        yield Bench(project(tmp_path / "project"), tmp_path / "the twin", engine, provider, env)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The engine's commands that were run, in order."""
    made: list[str] = []
    run = Command.run

    def spy(self: Command, args: list[str], *rest: object, **named: object) -> object:
        made.append(" ".join(args[:2]) if args[0] == "stack" else args[0])
        return run(self, args, *rest, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Command, "run", spy)
    return made
