"""Which engine is taken, and what is said when there is none. The tools of all rungs are stand-ins here."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from infra.problems import ABSENT, Problem
from operations import gobuild
from operations.engine import ladder
from operations.progress import Listener, Silent


class Told(Silent):
    """A listener that remembers what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def fake(program: Path, version: str) -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without an engine, without a network, and with a build that fails."""
    monkeypatch.delenv(ladder.VARIABLE, raising=False)
    monkeypatch.setenv("MLCLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(ladder, "_INSTALLER", "http://127.0.0.1:1/install.sh")

    def build(*_: object) -> Path:
        raise gobuild.BuildFailed(
            [Problem("the Pulumi engine", ABSENT, "could not be built", "read the log")]
        )

    monkeypatch.setattr(gobuild, "build", build)
    return tmp_path


def test_the_one_that_is_named_or_none(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(machine / "bin" / "pulumi", "v3.260.0")
    program = fake(machine / "mine" / "pulumi", "v3.250.0")
    monkeypatch.setenv(ladder.VARIABLE, str(program))
    assert ladder.find(Told()) == ladder.Engine(program, "3.250.0", "variable")
    fake(program, "v3.100.0")
    with pytest.raises(
        ladder.EngineMissing, match=r"MLCLUSTER_PULUMI: .* is version 3\.100\.0, older than 3\.250\.0"
    ):
        ladder.find(Told())
    program.unlink()
    with pytest.raises(ladder.EngineMissing, match="does not run"):
        ladder.find(Told())


def test_path_comes_first(machine: Path) -> None:
    program = fake(machine / "bin" / "pulumi", "v3.251.1")
    assert ladder.find(Told()) == ladder.Engine(program, "3.251.1", "PATH")


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("v3.249.9", "is version 3.249.9, older than 3.250.0"),
        ("v4.0.0", "is version 4.0.0, not of major version 3"),
        ("zsh: not found", "does not run"),
    ],
)
def test_an_unfit_one_on_path_is_skipped_with_a_word(machine: Path, version: str, why: str) -> None:
    program = fake(machine / "bin" / "pulumi", version)
    cached = fake(ladder._download_folder() / "bin" / "pulumi", "v3.250.0")
    told = Told()
    assert ladder.find(told) == ladder.Engine(cached, "3.250.0", "cache")
    assert told.lines == [f"{program} is skipped: it {why}"]


def test_what_was_built_is_found_in_the_cache(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = gobuild.Built(version="3.250.0", sha256="", recipe="", go="1.26.8")
    monkeypatch.setattr(gobuild, "kept", lambda *_: facts)
    assert ladder.find(Told()) == ladder.Engine(machine / "cache/pulumi/built/pulumi", "3.250.0", "cache")


def test_the_installer_puts_one_into_the_cache(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_REACH", "")
    install = (
        "import pathlib, sys; program = pathlib.Path(sys.argv[1], 'bin', 'pulumi'); program.parent.mkdir(); "
        "program.write_text('#!/bin/sh\\necho v3.250.0\\n'); program.chmod(0o755)"
    )
    monkeypatch.setattr(ladder, "_INSTALL", install)
    found = ladder.find(Told())
    assert (found.version, found.source) == ("3.250.0", "download")
    assert found.path.is_relative_to(machine / "cache")
    assert ladder.find(Told()) == ladder.Engine(found.path, "3.250.0", "cache")


def test_the_build_is_the_last_rung(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes: list[tuple[object, ...]] = []

    def build(module: Path, package: str, output: Path, ldflags: str, title: str, progress: Listener) -> Path:
        recipes.append((module, package, ldflags))
        return output

    monkeypatch.setattr(gobuild, "build", build)
    found = ladder.find(Told())
    assert (found.version, found.source) == ("3.250.0", "build")
    ((module, package, ldflags),) = recipes
    assert (module, package) == (ladder.MODULE, ladder.PACKAGE)
    assert ldflags == "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.250.0"


def test_why_each_way_failed(machine: Path) -> None:
    with pytest.raises(ladder.EngineMissing) as missing:
        ladder.find(Told())
    (problem,) = missing.value.problems
    assert problem.path == "pulumi"
    for reason in (
        "on PATH: there is none",
        "in the cache: there is none",
        "by Pulumi's installer: its download cannot be reached",
        "by a build with Go: the Pulumi engine: could not be built; read the log",
    ):
        assert reason in problem.message
    assert "3.250.0 or newer on PATH" in problem.hint


def test_a_cache_that_cannot_be_written_is_a_reason(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "cache").write_text("", encoding="utf-8")
    monkeypatch.setattr(ladder, "_REACH", "")
    with pytest.raises(ladder.EngineMissing, match=r"by Pulumi's installer: .*Errno"):
        ladder.find(Told())


def test_a_download_that_hangs_is_given_up(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder, "_REACH", "import time; time.sleep(60)")
    monkeypatch.setattr(ladder, "_REACH_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(ladder.EngineMissing, match=r"cannot be reached \(no end after 0.5 s\)"):
        ladder.find(Told())
    assert time.monotonic() - began < 20


def test_the_module_that_is_built_is_one_that_go_may_build() -> None:
    text = (ladder.MODULE / "go.mod").read_text(encoding="utf-8")
    assert f"tool {ladder.PACKAGE}" in text
    assert (ladder.MODULE / "go.sum").is_file()
