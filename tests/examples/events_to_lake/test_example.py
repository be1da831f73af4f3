"""The example's own tests, with Spark and a Kafka broker, in the Python that it sets up for itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.examples.events_to_lake.support import EXAMPLE

pytestmark = pytest.mark.example

LOCAL = str(EXAMPLE / "local.py")
_LIMIT_S = 2400
_LEAVE_S = 60


def test_events_reach_the_lake() -> None:
    there = subprocess.run(
        [sys.executable, LOCAL, "where"], capture_output=True, text=True, timeout=60, check=False
    )
    if there.returncode:
        pytest.skip(f"Spark and Kafka are not there ({there.stderr.strip()}): `make examples` fetches them")
    status, output = _tried([sys.executable, LOCAL, "test"])
    assert status == 0, output[-12000:]
    assert " passed" in output
    assert "skipped" not in output


def _tried(command: list[str]) -> tuple[int, str]:
    """Runs a program and all that it starts; after the limit it is asked to end, so that it tidies up."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT)
            try:
                output, _ = process.communicate(timeout=_LEAVE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
            return 1, f"{output}\nnot done after {_LIMIT_S} s"
        return process.returncode, output
