"""Which provider serves Kubernetes. Engines and plugins are stand-ins that list what they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from operations.engine.backend import of_twin, twin_home
from operations.engine.ladder import Engine
from operations.progress import Silent
from operations.twin import kubernetes, plugins
from operations.twin.kubernetes import control_plane, memory
from operations.twin.manager import Running

SDK = version("pulumi-kubernetes")
OWN = {plugins.DEBUG_PROVIDERS: "aws:1,kubernetes:2"}
RUNNING = Running(env=OWN, aws_endpoint="http://127.0.0.1:3", pid=4, ports={"aws": 1, "kubernetes": 2})

Listing = Callable[..., Engine]


class Told(Silent):
    """A listener that remembers what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own engine home; nothing of this machine's."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("PULUMI_IGNORE_AMBIENT_PLUGINS", raising=False)
    monkeypatch.setenv(kubernetes.VARIABLE, "control-plane")
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "twin"
    made.mkdir()
    return made


@pytest.fixture
def listing(tmp_path: Path) -> Listing:
    """Makes an engine that lists the kubernetes plugin in these versions, and others besides."""

    def made(*versions: str) -> Engine:
        found = [
            {"name": "kubernetes", "kind": "language", "version": SDK},
            {"name": "aws", "kind": "resource", "version": SDK},
            *({"name": "kubernetes", "kind": "resource", "version": number} for number in versions),
        ]
        return engine(tmp_path, f"[ \"$*\" = 'plugin ls --json' ] && echo '{json.dumps(found)}'")

    return made


def engine(folder: Path, script: str) -> Engine:
    path = program(folder / "engine" / "pulumi", script)
    return Engine(path, "3.250.0", "variable")


def program(path: Path, script: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def installed(home: Path, number: str) -> Path:
    return program(home / "plugins" / f"resource-kubernetes-v{number}" / plugins.PROGRAM)


def test_without_the_plugin_the_twin_serves_kubernetes(listing: Listing, folder: Path) -> None:
    told = Told()
    assert plugins.variables(listing(), folder, RUNNING, told) == OWN
    assert told.lines == []


def test_the_plugin_of_the_sdks_version_serves_it(listing: Listing, folder: Path, home: Path) -> None:
    plugin, told = installed(home, SDK), Told()
    got = plugins.variables(listing("4.0.0", SDK), folder, RUNNING, told)
    assert got == {plugins.DEBUG_PROVIDERS: "aws:1", "PATH": str(folder / "bin")}
    place = twin_home(folder) / "plugins" / f"resource-kubernetes-v{SDK}"
    assert not place.is_symlink(), "engines do not look into links"
    assert (place / plugins.PROGRAM).resolve() == plugin
    assert (folder / "bin" / "aws").is_file()
    assert told.lines == []


def test_another_version_is_told_and_not_used(listing: Listing, folder: Path, home: Path) -> None:
    installed(home, "4.0.0")
    told = Told()
    assert plugins.variables(listing("4.0.0"), folder, RUNNING, told) == OWN
    assert len(told.lines) == 1
    assert "4.0.0" in told.lines[0]
    assert f"pulumi plugin install resource kubernetes v{SDK}" in told.lines[0]


@pytest.mark.parametrize("beside_the_engine", [True, False])
def test_a_plugin_on_the_path_is_used_whatever_its_version(
    listing: Listing, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside_the_engine: bool
) -> None:
    program(tmp_path / ("engine" if beside_the_engine else "mine") / plugins.PROGRAM)
    monkeypatch.setenv("PATH", f"{tmp_path / 'mine'}:/usr/bin:/bin")
    assert plugins.variables(listing(), folder, RUNNING, Silent())[plugins.DEBUG_PROVIDERS] == "aws:1"


def test_a_plugin_on_the_path_can_be_ruled_out(
    listing: Listing, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "engine" / plugins.PROGRAM)
    monkeypatch.setenv("PULUMI_IGNORE_AMBIENT_PLUGINS", "true")
    assert plugins.variables(listing(), folder, RUNNING, Silent()) == OWN


def test_an_engine_that_cannot_list_its_plugins_has_none(folder: Path, tmp_path: Path) -> None:
    assert plugins.variables(engine(tmp_path, "exit 1"), folder, RUNNING, Silent()) == OWN


def test_a_twin_in_memory_has_nothing_for_the_plugin(listing: Listing, folder: Path, home: Path) -> None:
    installed(home, SDK)
    (folder / memory.FILE).touch()
    assert plugins.variables(listing(SDK), folder, RUNNING, Silent()) == OWN


def test_what_served_a_twin_first_goes_on(listing: Listing, folder: Path, home: Path, tmp_path: Path) -> None:
    (folder / control_plane.DATA).mkdir()
    plugin = installed(home, SDK)
    before = plugins.variables(listing(), folder, RUNNING, Silent())
    of_twin(folder, before, checkpoints=False)
    assert plugins.variables(listing(SDK), folder, RUNNING, Silent()) == before == OWN
    other = tmp_path / "other"
    other.mkdir()
    with_plugin = plugins.variables(listing(SDK), other, RUNNING, Silent())
    of_twin(other, with_plugin, checkpoints=False)
    assert plugins.variables(listing(SDK), other, RUNNING, Silent()) == with_plugin != OWN
    plugin.unlink()
    assert plugins.variables(listing(), other, RUNNING, Silent()) == OWN, "it is not there any more"
