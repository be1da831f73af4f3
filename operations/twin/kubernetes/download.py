"""Downloads a program that is published together with its checksum, and keeps both."""

from __future__ import annotations

import hashlib
import http.client
import tempfile
from pathlib import Path
from typing import Final
from urllib.request import build_opener

from operations.progress import Listener

_ANSWER_S: Final = 5.0
"""How long a server may take for its next bytes; without a network nobody should wait longer."""
_CHUNK: Final = 1024 * 1024


class Unavailable(Exception):
    """The program cannot be had from there; says why."""


def kept(output: Path) -> bool:
    """Whether `output` was downloaded and is as it was published."""
    try:
        return _note(output).read_text().strip() == _checksum(output)
    except OSError:
        return False


def fetch(url: str, output: Path, listener: Listener) -> None:
    """Downloads `url` to `output`, where it appears whole and checked against `url`.sha256, or not at all.

    Raises:
        Unavailable: The server cannot be reached, has not got it, or sends something else.
    """
    try:
        with build_opener().open(f"{url}.sha256", timeout=_ANSWER_S) as answer:
            published = answer.read(200).decode().split()[0]
        listener.say(f"downloading {url}")
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as folder:
            draft = Path(folder) / output.name
            _stream(url, draft, listener)
            if _checksum(draft) != published:
                raise Unavailable(f"{url} is not what its checksum says")
            draft.chmod(0o755)
            draft.replace(output)
            _note(output).write_text(published)
    except (OSError, http.client.HTTPException, UnicodeDecodeError, IndexError) as error:
        raise Unavailable(f"{url}: {error}") from error


def _stream(url: str, draft: Path, listener: Listener) -> None:
    with build_opener().open(url, timeout=_ANSWER_S) as answer, draft.open("wb") as file:
        total = int(answer.headers.get("Content-Length") or 0)
        done = 0
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            listener.advance(done, total, url.rpartition("/")[2])


def _note(output: Path) -> Path:
    return output.with_name(f"{output.name}.sha256")


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
