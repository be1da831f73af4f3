"""Where things are kept, and how one process at a time gets at them."""

from __future__ import annotations

import threading
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from infra.problems import BadInput
from operations import folders
from operations.locking import held
from operations.progress import shown


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MLCLUSTER_CACHE", "MLCLUSTER_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_defaults(home: Path) -> None:
    assert folders.cache() == home / ".cache" / "mlcluster"
    assert folders.data() == home / ".local" / "share" / "mlcluster"
    assert folders.twin("dev") == folders.data() / "twins" / "dev"


def test_what_is_said_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/x")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # invalid by the specification
    assert folders.cache() == Path("/var/x/mlcluster")
    assert folders.data() == home / ".local" / "share" / "mlcluster"
    monkeypatch.setenv("MLCLUSTER_CACHE", "~/here")
    monkeypatch.setenv("MLCLUSTER_HOME", "/there")
    assert folders.cache() == home / "here"
    assert folders.data() == Path("/there")


@given(st.text(max_size=70))
def test_a_twins_folder_is_one_of_the_twins(name: str) -> None:
    try:
        place = folders.twin(name)
    except BadInput:
        return
    assert place.parent == folders.data() / "twins"
    assert place.resolve().name == name


@pytest.mark.parametrize("name", ["", "..", "a/b", "-a", "A", "a" * 64, "a\n"])
def test_what_is_no_twins_name(name: str) -> None:
    with pytest.raises(BadInput, match="is not a twin's name"):
        folders.twin(name)


def test_one_at_a_time(tmp_path: Path) -> None:
    lock, order = tmp_path / "new" / "lock", list[str]()

    def second() -> None:
        with held(lock, lambda: order.append("waits")):
            order.append("second")

    with held(lock, lambda: order.append("never")):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["waits", "first", "second"]


def test_progress_in_a_log_is_a_line_for_each_tenth() -> None:
    text = StringIO()
    with shown(Console(file=text, width=200), "building") as listener:
        listener.say("begins [now]")
        listener.advance(0, 0, "downloading x")
        for done in range(1, 31):
            listener.advance(done, 30, f"package {done}")
    lines = text.getvalue().splitlines()
    assert lines[:2] == ["begins [now]", "building: 10 % (package 3)"]
    assert lines[-1] == "building: 100 % (package 30)"
    assert len(lines) == 11


def test_progress_on_a_terminal_is_a_bar() -> None:
    text = StringIO()
    with shown(Console(file=text, width=120, force_terminal=True, highlight=False), "building") as listener:
        listener.say("begins [now]")
        listener.advance(3, 30, "package [x]")
    assert "begins [now]" in text.getvalue()
    assert "3/30" in text.getvalue()
    assert "package [x]" in text.getvalue()
