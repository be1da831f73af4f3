"""How the control plane's programs are had, against a server of the test's own."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from operations import gobuild
from operations.progress import Silent
from operations.twin.kubernetes import binaries, download

CONTENT = b"#!/bin/sh\necho hello\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the URL that it is published at."""
    folder = tmp_path / "published"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def publish(folder: Path, name: str, content: bytes = CONTENT) -> None:
    (folder / name).write_bytes(content)
    (folder / f"{name}.sha256").write_text(hashlib.sha256(CONTENT).hexdigest())


def test_a_download_is_checked_and_kept(published: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = published
    publish(folder, "kubectl")
    output = tmp_path / "cache" / "kubectl"
    download.fetch(f"{url}/kubectl", output, Silent())
    assert output.read_bytes() == CONTENT
    assert os.access(output, os.X_OK)
    assert download.kept(output)
    output.write_bytes(b"harmed")
    assert not download.kept(output)


def test_what_does_not_match_its_checksum_is_not_kept(published: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = published
    publish(folder, "kubectl", b"something else")
    with pytest.raises(download.Unavailable, match="not what its checksum says"):
        download.fetch(f"{url}/kubectl", tmp_path / "cache" / "kubectl", Silent())
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_not_there(published: tuple[Path, str], tmp_path: Path) -> None:
    with pytest.raises(download.Unavailable, match="404"):
        download.fetch(f"{published[1]}/kubectl", tmp_path / "kubectl", Silent())
    assert not download.kept(tmp_path / "kubectl")


def test_downloaded_or_else_built(
    published: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, url = published
    publish(folder, "one")
    one, two, three = (replace(binaries.PROGRAMS[0], name=name) for name in ("one", "two", "three"))
    programs = (replace(one, url=f"{url}/one"), replace(two, url=f"{url}/two"), three)
    built: list[str] = []

    def build(module: Path, package: str, output: Path, *rest: object) -> Path:
        built.append(output.name)
        return output

    monkeypatch.setattr(binaries, "PROGRAMS", programs)
    monkeypatch.setattr(gobuild, "build", build)
    monkeypatch.setenv("MLCLUSTER_CACHE", str(tmp_path / "cache"))
    assert binaries.missing() == ("one", "two", "three")
    assert binaries.ensure() == binaries.folder()
    assert built == ["two", "three"]
    assert binaries.missing() == ("two", "three")


def test_every_program_is_required_by_its_module() -> None:
    for program in binaries.PROGRAMS:
        text = (Path(__file__).parents[4] / "tools" / program.module / "go.mod").read_text()
        assert f"{program.package}\n" in text
    assert f"k8s.io/kubernetes v{binaries.KUBERNETES} " in text
