"""Helm itself, against a registry on this machine."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.catalog.charts import ChartPin
from operations import folders
from operations.mirror import copying
from operations.mirror.needs import Need, Needs
from operations.mirror.registry import Helm, Unavailable, lacking
from operations.twin.kubernetes import binaries
from tests.operations.mirror.registry import serving

PIN = ChartPin(
    name="tool", repository="oci://nowhere.invalid/x", version="1.2.3", app="1", licence="MIT", docs=""
)
OTHER = ChartPin(
    name="other", repository="oci://nowhere.invalid/x", version="1.2.3", app="1", licence="MIT", docs=""
)
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: tool}
spec:
  containers: [{name: a, image: "{{ .Values.registry }}/a:{{ .Chart.AppVersion }}"}]
  initContainers: [{name: b, image: "docker.io/b/b:2"}]
"""


@pytest.fixture(scope="module")
def helm() -> Helm:
    """Helm as it is here; it is not built for this."""
    built = folders.cache() / "helm" / binaries.HELM / "helm"
    found = shutil.which("helm") or (str(built) if built.is_file() else None)
    if found is None:
        pytest.skip("there is no Helm: mlcluster twin build makes one")
    return Helm(Path(found))


@pytest.fixture
def package(helm: Helm, tmp_path: Path) -> Path:
    """A chart's package."""
    chart = tmp_path / "source" / "tool"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text('{apiVersion: v2, name: tool, version: 1.2.3, appVersion: "1"}')
    (chart / "values.yaml").write_text("registry: quay.io")
    (chart / "templates" / "pod.yaml").write_text(POD)
    command = [str(helm.program), "package", str(chart), "--destination", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / "tool-1.2.3.tgz"


@pytest.fixture
def mirror() -> Iterator[str]:
    with serving() as address:
        yield address


def need(pin: ChartPin, **values: str) -> Need:
    return Need(pin=pin, release=pin.name, namespace="tools", values=values)


def test_what_is_pushed_is_there_and_nothing_else(
    helm: Helm, package: Path, mirror: str, tmp_path: Path
) -> None:
    assert not helm.has(PIN, mirror)
    helm.push(package, mirror)
    assert helm.has(PIN, mirror)
    assert lacking(helm, [need(PIN), need(OTHER)], mirror) == (need(OTHER),)
    assert helm.pull(PIN, tmp_path / "pulled", mirror).name == "tool-1.2.3.tgz"


def test_a_mirror_that_does_not_answer_is_not_an_empty_one(helm: Helm, mirror: str) -> None:
    with pytest.raises(Unavailable):
        helm.has(PIN, "oci://127.0.0.1:1/mirror")


def test_a_chart_is_rendered_with_the_values_of_the_environment(helm: Helm, package: Path) -> None:
    images = [one.reference for one in helm.images(need(PIN, registry="ghcr.io"), package)]
    assert sorted(images) == ["docker.io/b/b:2", "ghcr.io/a:1"]


class FromFolder(Helm):
    """Helm, for charts that upstream has in a folder."""

    def pull(self, pin: ChartPin, to: Path, mirror: str | None = None) -> Path:  # noqa: ARG002 - as it is
        found = Path(pin.repository) / f"{pin.name}-{pin.version}.tgz"
        if not found.is_file():
            raise Unavailable("no such chart")
        to.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(found, to))


@pytest.fixture
def known(package: Path) -> Needs:
    """Two charts, of which upstream has one."""
    have = ChartPin(
        name="tool", repository=str(package.parent), version="1.2.3", app="1", licence="MIT", docs=""
    )
    lack = ChartPin(name="lost", repository=str(package.parent), version="9", app="1", licence="MIT", docs="")
    return Needs(charts=(need(lack), need(have), need(have)), images=())


def test_a_mirror_is_filled_with_what_can_be_had(
    helm: Helm, known: Needs, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    outcome = copying.carry(FromFolder(helm.program), known, mirror, print)
    assert outcome.charts == ["tool 1.2.3"]
    assert outcome.missing == {"lost": "no such chart"}
    assert helm.has(PIN, mirror)
    host = mirror.removeprefix("oci://")
    assert outcome.commands == [
        f"crane copy docker.io/b/b:2 {host}/b/b:2",
        f"crane copy quay.io/a:1 {host}/a:1",
    ]


def test_a_folder_is_one_that_the_twin_can_use_and_that_can_be_carried(
    helm: Helm, known: Needs, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "skopeo").write_text('#!/bin/sh\nfor last; do :; done\ntouch "${last#oci-archive:}"\n')
    (programs / "skopeo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{helm.program.parent}:/usr/bin:/bin")
    folder = tmp_path / "carried"
    outcome = copying.carry(FromFolder(helm.program), known, str(folder), print)
    assert sorted(outcome.images) == ["docker.io/b/b:2", "quay.io/a:1"]
    assert (folder / "tool" / "tool-1.2.3.tgz").is_file()
    assert all(Path(copying.archive(one, folder)).is_file() for one in outcome.images)

    from operations.twin.kubernetes import mirror as of_twin

    assert of_twin.find(folder, "oci://anywhere/tool", "1.2.3").path == folder / "tool" / "tool-1.2.3.tgz"
    script = (folder / "push.sh").read_text()
    assert 'helm push tool/tool-1.2.3.tgz "$1/charts"' in script
    assert '"docker://${1#oci://}/b/b:2"' in script
    done = subprocess.run(["sh", "-n", str(folder / "push.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_image_that_cannot_be_copied_is_named(
    helm: Helm, known: Needs, mirror: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crane").write_text("#!/bin/sh\necho unauthorized >&2\nexit 1\n")
    (tmp_path / "crane").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    outcome = copying.carry(FromFolder(helm.program), known, mirror, print)
    assert outcome.missing["quay.io/a:1"] == "unauthorized"
    assert outcome.images == []
