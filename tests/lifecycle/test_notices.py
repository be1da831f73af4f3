"""What the twin has to say of a release that it only records: in Pulumi's own output, and in ours."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from operations.cli.progress import Watch
from operations.engine import backend, ladder, run, workspace
from operations.engine.events import Event, Message
from operations.folders import twin as twin_folder
from operations.twin.kubernetes import mirror
from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine

TOLD = "helm release default/queue: recorded, not installed: chart kueue 0.17.8 is not in the mirror"
STUBS = "stubs that accept any field: 11 (admissionchecks.kueue.x-k8s.io, "


class Said:
    """A listener that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def advance(self, done: int, total: int, what: str) -> None:
        """Nobody looks."""


def program() -> None:
    kubernetes.helm.v3.Release("queue", name="queue", chart="kueue", version="0.17.8", namespace="default")
    pulumi.export("done", value=True)


def test_a_release_that_is_only_recorded_says_so(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path))  # before the daemon starts: nothing is mirrored
    place = backend.of_twin(twin_folder(project.twin.name), project.twin.start().env, checkpoints=False)
    events: list[Event] = []
    shown = Said()
    watch = Watch(shown, 0)

    def progress(event: Event) -> None:
        events.append(event)
        watch(event)

    with workspace.open_stack(project.file("dev"), project.root, ladder.find(), place, program) as stack:
        result = run.up(stack, progress)
        assert (result.result, result.errors) == ("succeeded", ())
        (notice,) = [one for one in events if isinstance(one, Message) and one.severity == "warning"]
        assert notice.urn is not None
        assert notice.urn.endswith("kubernetes:helm.sh/v3:Release::queue")
        assert TOLD in notice.text
        assert STUBS in notice.text
        (line,) = [one for one in shown.lines if "recorded" in one]
        assert line.startswith("warning: helm.sh/v3.Release queue: "), "what `mlcluster up` prints"
        again = run.up(stack, progress)
        assert again.changes.keys() == {"same"}
        assert "warning" not in stack.preview(color="never").stdout
        gone = run.down(stack)
        assert (gone.result, gone.errors) == ("succeeded", ())
        printed = stack.up(color="never").stdout
        assert f"warning: {TOLD}" in printed, "what Pulumi itself prints"
        run.down(stack)
