from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operations.twin.snapshot import Damaged, read, write

VERSIONS = {"moto": "5.2.5", "python": "3.11"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "aws.snapshot"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_what_is_written_is_read(file: Path, payload: bytes) -> None:
    write(file, payload, VERSIONS)
    assert read(file, VERSIONS) == payload
    assert file.stat().st_mode & 0o077 == 0


def test_nothing_is_there_at_first(file: Path) -> None:
    assert read(file, VERSIONS) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_or_shortened_file_is_refused(file: Path, data: st.DataObject) -> None:
    write(file, b"something worth keeping", VERSIONS)
    whole = file.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        file.write_bytes(whole[:place])
    else:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    with pytest.raises(Damaged, match=f"mlcluster twin reset {file.parent.name}"):
        read(file, VERSIONS)


def test_a_file_of_another_version_is_refused(file: Path) -> None:
    write(file, b"x", {"moto": "5.2.4", "python": "3.11"})
    with pytest.raises(Damaged, match=r"was written by moto 5\.2\.4, python 3\.11, and this is moto 5\.2\.5"):
        read(file, VERSIONS)


def test_a_failed_write_leaves_the_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, b"old", VERSIONS)

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space"):
        write(file, b"new", VERSIONS)
    assert read(file, VERSIONS) == b"old"
