"""What an environment takes from the internet is told by its program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.catalog.charts import charts
from infra.environment import Environment, find, load, parse, project_root
from infra.problems import BadInput
from operations.mirror import check
from operations.mirror.needs import Image, Needs, needs, references, unique
from operations.mirror.registry import Helm, Unavailable
from operations.plan import previewed

ROOT = project_root(Path(__file__))
MIRROR = "oci://registry.example.com/mirror"


def with_mirror() -> Environment:
    return load(find("staging", ROOT)).model_copy(update={"mirror": MIRROR})


@pytest.fixture(scope="module")
def found() -> Needs:
    """What staging needs, for which its program runs once."""
    return needs(load(find("staging", ROOT)), ROOT)


@pytest.fixture
def already(found: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares tests that are about something else another run of the program."""
    monkeypatch.setattr(check, "needs", lambda *_: found)


def test_every_release_of_an_environment_is_needed(found: Needs) -> None:
    released = [one for one in previewed(load(find("staging", ROOT)), ROOT) if one.type.endswith(":Release")]
    assert len(released) == len(found.charts) > 0
    assert {need.pin.name for need in found.charts} <= set(charts())
    images = {one.reference: one.told_by for one in found.images}
    assert images[charts()["karpenter"].images[0]] == "chart karpenter"


def test_images_that_we_name_ourselves_are_needed_too(found: Needs) -> None:
    assert "Release velero" in {one.told_by for one in found.images}


def test_a_mirror_is_looked_through(found: Needs) -> None:
    assert needs(with_mirror(), ROOT) == found


def test_nothing_of_an_environment_with_a_mirror_comes_from_elsewhere() -> None:
    resources = previewed(with_mirror(), ROOT)
    in_cluster = [one for one in resources if one.type.startswith("kubernetes:")]
    images = [image for one in in_cluster for image in references(one.inputs)]
    assert images
    assert {image for image in images if not image.startswith("registry.example.com/mirror/")} == set()
    releases = [one.inputs for one in in_cluster if one.type.endswith(":Release")]
    assert {one["chart"].rpartition("/")[0] for one in releases} == {f"{MIRROR}/charts"}
    assert not any("repositoryOpts" in one for one in releases)


def test_an_existing_cluster_needs_charts_as_well() -> None:
    ceph: dict[str, Any] = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {"context": "lab"},
        "storage": {"snapshots": {"controller": True, "drivers": ["rbd.csi.ceph.com"]}},
    }
    try:
        environment = parse("lab", {"mlcluster:environment": ceph})
    except BadInput as bad:
        pytest.fail(str(bad))
    assert [need.pin.name for need in needs(environment, ROOT).charts] == ["snapshot-controller"]


def test_images_are_found_at_any_depth_and_once() -> None:
    manifest = {
        "spec": {
            "containers": [{"image": "a/b:1"}, {"image": "c:2"}],
            "initContainers": [{"image": "a/b:1"}],
        },
        "logo": {"image": "https://example.com/a.png"},
        "istio": {"image": "pilot"},
    }
    found = list(references(manifest))
    assert found == ["a/b:1", "c:2", "a/b:1"]
    once = unique(Image(reference=one, told_by=str(place)) for place, one in enumerate(found))
    assert [(one.reference, one.told_by) for one in once] == [("a/b:1", "0"), ("c:2", "1")]


def test_images_of_manifests_in_config_maps_are_found() -> None:
    data = {
        "standard.yaml": "spec: {image: docker.io/apache/spark:4}",
        "odd.yaml": "a: b: c",
        "x": "image: d/e",
    }
    assert list(references({"data": data})) == ["docker.io/apache/spark:4"]


class Having(Helm):
    """A mirror with some charts."""

    def has(self, pin: Any, mirror: str) -> bool:
        assert mirror == MIRROR
        return bool(pin.name != "velero")


class Silent(Helm):
    """A mirror that does not answer."""

    def has(self, pin: Any, mirror: str) -> bool:
        raise Unavailable(f"{mirror} wants a login for {pin.name}")


@pytest.mark.usefixtures("already")
def test_a_mirror_that_lacks_a_chart_is_told_with_the_chart() -> None:
    (problem,) = check.missing(with_mirror(), ROOT, Having(Path("helm")))
    assert (problem.path, problem.value) == ("mirror", MIRROR)
    assert problem.message == f"lacks the chart velero {charts()['velero'].version}"
    assert problem.hint.endswith(f"mlcluster mirror staging --to {MIRROR}")


@pytest.mark.usefixtures("already")
def test_a_mirror_that_does_not_answer_is_told_so() -> None:
    with pytest.raises(check.Unasked, match="wants a login"):
        check.missing(with_mirror(), ROOT, Silent(Path("helm")))


def test_an_environment_without_a_mirror_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "at_hand", lambda _listener: pytest.fail("asked"))
    check.complete(load(find("staging", ROOT)), ROOT)


@pytest.mark.usefixtures("already")
def test_up_stops_where_the_mirror_lacks_a_chart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "at_hand", lambda _listener: Having(Path("helm")))
    with pytest.raises(BadInput, match="lacks the chart velero"):
        check.complete(with_mirror(), ROOT)
