"""What goes, and definitions that the API server forgets to remove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from operations.twin.kubernetes import leaving
from operations.twin.kubernetes.api import Api, ApiError, Manifest, Ref
from operations.twin.kubernetes.memory import MemoryApi
from tests.operations.twin.kubernetes.manifests import thing

VERSION = "apiextensions.k8s.io/v1"
WIDGETS = Ref(VERSION, "CustomResourceDefinition", "widgets.acme.io")
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


class Forgetful(MemoryApi):
    """An API server whose finalizer controller looks at a definition only when somebody else changed it."""

    has_controllers = True
    looks = 0

    def apply(self, manifest: Mapping[str, Any], *, manager: str, **more: bool) -> Manifest:
        if manager == leaving.MANAGER:
            self.looks += 1
            metadata = {key: value for key, value in manifest["metadata"].items() if key != "annotations"}
            super().apply(
                {**manifest, "metadata": {**metadata, "finalizers": []}}, manager="test", force=True
            )
            return dict(manifest)
        return super().apply(manifest, manager=manager, **more)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_FIRST_S", 0.01)


@pytest.fixture
def forgetful(tmp_path: Any) -> Iterator[Forgetful]:
    opened = Forgetful(tmp_path)
    yield opened
    opened.close()


def going(api: Api, ref: Ref = WIDGETS) -> Ref:
    api.apply(
        thing(ref.kind, ref.name, version=ref.api_version, metadata={"finalizers": [CLEANUP]}), manager="test"
    )
    api.delete(ref)
    assert api.get(ref) is not None
    return ref


def test_a_definition_that_was_forgotten_is_woken(forgetful: Forgetful) -> None:
    assert leaving.gone(forgetful, going(forgetful), 30)
    assert forgetful.looks == 1


def test_while_helm_waits_too(forgetful: Forgetful) -> None:
    ref = going(forgetful)
    with leaving.helped(forgetful, [ref]):
        assert forgetful.wait(ref, lambda value: value is None, 30)[0]
    with leaving.helped(forgetful, []):
        pass


@pytest.mark.parametrize(
    "ref", [WIDGETS, Ref("v1", "PersistentVolume", "mine")], ids=["memory", "another kind"]
)
def test_nobody_else_is(forgetful: Forgetful, api: Api, ref: Ref) -> None:
    other = api if ref is WIDGETS else forgetful
    assert not leaving.gone(other, going(other, ref), 0.1)
    assert forgetful.looks == 0


def test_one_that_stays_is_left_alone(forgetful: Forgetful) -> None:
    forgetful.apply(thing(WIDGETS.kind, WIDGETS.name, version=VERSION), manager="test")
    leaving.wake(forgetful, WIDGETS, 1)
    leaving.wake(forgetful, Ref(VERSION, WIDGETS.kind, "none.acme.io"), 1)
    assert forgetful.looks == 0


def test_one_that_went_meanwhile_is_no_trouble(forgetful: Forgetful, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = going(forgetful)

    def refuse(*_: object, **__: object) -> Manifest:
        raise ApiError(409, "Conflict", "uid mismatch")

    monkeypatch.setattr(forgetful, "apply", refuse)
    leaving.wake(forgetful, ref, 1)


def test_pauses_grow_so_that_work_at_hand_can_end() -> None:
    pauses: Callable[[], Iterator[float]] = leaving._pauses
    found = [pause for pause, _ in zip(pauses(), range(20), strict=False)]
    assert found == sorted(found)
    assert found[-1] == leaving._LONGEST_S
