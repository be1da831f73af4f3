"""Charts and definitions of a local mirror."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.twin.kubernetes import mirror
from operations.twin.kubernetes.mirror import Chart, NotMirrored


def unpacked(root: Path, place: str, name: str, version: str, *, templates: bool = True) -> Path:
    folder = root / place
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: {version}\n")
    if templates:
        (folder / "templates").mkdir()
    return folder


def archive(root: Path, place: str, file: str) -> Path:
    (root / place).mkdir(exist_ok=True)
    (root / place / file).touch()
    return root / place / file


@pytest.mark.parametrize(
    "chart", ["kueue", "oci://registry.example.org/charts/kueue", "kueue/kueue", "https://example.org/kueue/"]
)
def test_a_chart_is_known_by_its_last_name(tmp_path: Path, chart: str) -> None:
    folder = unpacked(tmp_path, "kueue", "kueue", "0.17.8")
    assert mirror.find(tmp_path, chart, "0.17.8") == Chart(folder, "kueue", "0.17.8")


def test_a_folder_may_hold_another_charts_or_several(tmp_path: Path) -> None:
    operator = unpacked(tmp_path, "kuberay", "kuberay-operator", "1.6.2")
    base = unpacked(tmp_path, "istio/base", "base", "1.29.6")
    assert mirror.find(tmp_path, "kuberay-operator", "").path == operator
    assert mirror.find(tmp_path, "base", "").path == base


def test_the_newest_is_taken_without_a_version(tmp_path: Path) -> None:
    for version in ("0.9.1", "0.17.8", "0.18.0-rc.1"):
        archive(tmp_path, "kueue", f"kueue-{version}.tgz")
    assert mirror.find(tmp_path, "kueue", "").version == "0.18.0-rc.1"
    archive(tmp_path, "kueue", "kueue-0.18.0.tgz")
    assert mirror.find(tmp_path, "kueue", "").version == "0.18.0"
    assert mirror.find(tmp_path, "kueue", "v0.9.1").version == "0.9.1"


def test_names_with_hyphens_and_digits(tmp_path: Path) -> None:
    path = archive(tmp_path, "efa", "aws-efa-k8s-device-plugin-v0.5.30.tgz")
    found = mirror.find(tmp_path, "aws-efa-k8s-device-plugin", "0.5.30")
    assert found == Chart(path, "aws-efa-k8s-device-plugin", "v0.5.30")


def test_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    archive(tmp_path, "kueue", "kueue-0.17.8.tgz")
    with pytest.raises(
        NotMirrored, match=r"chart kueue 0\.14\.1 is not in the mirror .* \(it has 0\.17\.8\)"
    ):
        mirror.find(tmp_path, "kueue", "0.14.1")
    with pytest.raises(NotMirrored, match=r"chart jobset is not in the mirror"):
        mirror.find(tmp_path / "nowhere", "jobset", "")


def test_metadata_alone_is_no_chart(tmp_path: Path) -> None:
    unpacked(tmp_path, "kueue", "kueue", "0.17.8", templates=False)
    with pytest.raises(NotMirrored):
        mirror.find(tmp_path, "kueue", "0.17.8")


def test_paths(tmp_path: Path) -> None:
    assert mirror.find(tmp_path, "/charts/mine", "1.0").path == Path("/charts/mine")
    with pytest.raises(NotMirrored, match=r"\./charts/mine is relative: give an absolute one"):
        mirror.find(tmp_path, "./charts/mine", "")


def test_definitions_are_those_of_the_crds_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kueue" / "crds"
    folder.mkdir(parents=True)
    (folder / "all.yaml").write_text(
        "kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\n"
        "metadata: {name: queues.example.org, creationTimestamp: null}\n"
        "spec: {group: example.org, conversion: {strategy: Webhook}}\nstatus: {conditions: []}\n"
        "---\nkind: ConfigMap\nmetadata: {name: other}\n---\n"
    )
    assert mirror.definitions(tmp_path, ["kueue", "jobset"]) == {
        "queues.example.org": {
            "kind": "CustomResourceDefinition",
            "apiVersion": "apiextensions.k8s.io/v1",
            "metadata": {"name": "queues.example.org"},
            "spec": {"group": "example.org"},
        }
    }


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(mirror.VARIABLE, raising=False)
    monkeypatch.setenv("MLCLUSTER_HOME", str(tmp_path))
    assert mirror.folder() == tmp_path / "mirror"
    monkeypatch.setenv(mirror.VARIABLE, str(tmp_path / "charts"))
    assert mirror.folder() == tmp_path / "charts"
