"""Where state goes, and what is said when it cannot."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from infra.problems import BadInput
from operations.engine import backend


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (backend.URL_VARIABLE, *backend.PASSPHRASE_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    return tmp_path


def site(root: Path) -> backend.Backend:
    return backend.of_site(root, root / "Pulumi.dev.yaml")


def test_a_twin_has_a_passphrase_of_its_own_that_stays(tmp_path: Path) -> None:
    first = backend.of_twin(tmp_path / "twin", {"PULUMI_DEBUG_PROVIDERS": "aws:1"}, checkpoints=True)
    second = backend.of_twin(tmp_path / "twin", {}, checkpoints=True)
    other = backend.of_twin(tmp_path / "other", {}, checkpoints=True)
    phrase = first.env["PULUMI_CONFIG_PASSPHRASE"]
    assert len(phrase) >= 32
    assert second.env["PULUMI_CONFIG_PASSPHRASE"] == phrase
    assert other.env["PULUMI_CONFIG_PASSPHRASE"] != phrase
    assert first.variables["PULUMI_DEBUG_PROVIDERS"] == "aws:1"
    assert phrase not in repr(first)
    kept = [path for path in (tmp_path / "twin").rglob("*") if path.is_file()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600]
    assert stat.S_IMODE((tmp_path / "twin" / "engine").stat().st_mode) == 0o700


def test_a_twin_touches_nothing_of_the_users_pulumi(tmp_path: Path) -> None:
    variables = backend.of_twin(tmp_path / "twin", {}, checkpoints=False).variables
    for name in (backend.URL_VARIABLE, "PULUMI_HOME"):
        assert str(tmp_path / "twin") in variables[name]
    assert variables["PULUMI_SKIP_CHECKPOINTS"] == "true"
    assert "PULUMI_SKIP_CHECKPOINTS" not in backend.of_twin(tmp_path / "twin", {}, checkpoints=True).variables


def test_files_at_home_unless_something_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")  # an empty one is one
    assert site(root).url == f"file://{root}/home"
    (root / "Pulumi.yaml").write_text(
        "name: shop\nbackend: {url: 's3://state?region=eu-west-1'}\n", encoding="utf-8"
    )
    assert site(root).url == "s3://state?region=eu-west-1"
    monkeypatch.setenv(backend.URL_VARIABLE, "gs://other")
    assert site(root).url == "gs://other"


@pytest.mark.parametrize("written", ["file://~/state", "file://./state", "file://state"])
def test_a_files_path_is_the_users_not_the_engines(
    root: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.chdir(root / "home")
    (root / "home" / "state").mkdir()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.setenv(backend.URL_VARIABLE, written + "?no_tmp_dir=true")
    assert site(root).url == f"file://{root}/home/state?no_tmp_dir=true"


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("nonsense", "is not the URL of a Pulumi backend", "azblob"),
        ("s33://bucket", "is not the URL of a Pulumi backend", "did you mean s3?"),
        ("file:///not/there", "is not a folder", "mkdir -p /not/there"),
    ],
)
def test_a_url_that_is_none(
    root: Path, monkeypatch: pytest.MonkeyPatch, url: str, message: str, hint: str
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.setenv(backend.URL_VARIABLE, url)
    with pytest.raises(BadInput) as bad:
        site(root)
    (problem,) = bad.value.problems
    assert (problem.path, problem.value) == (backend.URL_VARIABLE, url)
    assert message in problem.message
    assert hint in problem.hint


def test_a_folder_that_cannot_be_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.setattr(
        os, "access", lambda *_: False
    )  # root, who runs tests in containers, may write everywhere
    with pytest.raises(BadInput, match="cannot be written"):
        site(root)


def test_secrets_need_a_passphrase_or_a_provider(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="PULUMI_CONFIG_PASSPHRASE: is needed"):
        site(root)
    (root / "Pulumi.dev.yaml").write_text("secretsprovider: awskms://alias/state\n", encoding="utf-8")
    assert site(root).url.startswith("file://")
    (root / "Pulumi.dev.yaml").write_text("secretsprovider: passphrase\n", encoding="utf-8")
    with pytest.raises(BadInput, match="PULUMI_CONFIG_PASSPHRASE: is needed"):
        site(root)
    monkeypatch.setenv(backend.URL_VARIABLE, "https://api.pulumi.com")  # has a provider of its own
    assert site(root).url == "https://api.pulumi.com"


@pytest.mark.parametrize(
    ("complaint", "meaning"),
    [
        (
            "error: getting stack configuration: get stack secrets manager: incorrect passphrase",
            "does not open",
        ),
        (
            "error: could not create secrets manager for new stack: passphrase must be set with …",
            "cannot be read",
        ),
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "does not know you",
        ),
        (
            'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): …',
            "cannot be reached",
        ),
        ("error: unable to open bucket file:///x: stat /x: no such file or directory", "cannot be reached"),
    ],
)
def test_what_the_engine_says_of_a_backend(complaint: str, meaning: str) -> None:
    found = backend.trouble("s3://key:secret@bucket", complaint)
    assert found is not None
    assert meaning in str(found)
    assert "key:secret" not in str(found)
    assert complaint.removeprefix("error: ") in str(found)


def test_what_is_not_about_the_backend() -> None:
    assert backend.trouble("file:///s", "error: no resource plugin 'pulumi-resource-aws' found") is None


STATE = """\
config:
  aws:region: eu-west-1
  mlcluster:environment: {account: "111122223333", state: {}}
"""


def test_an_environment_names_its_state_and_its_key(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "Pulumi.dev.yaml").write_text(STATE, encoding="utf-8")
    (root / "Pulumi.yaml").write_text("name: shop\nbackend: {url: 's3://of-all'}\n", encoding="utf-8")
    found = site(root)  # its key makes a passphrase needless
    assert found.url == "s3://mlcluster-state-111122223333-eu-west-1?region=eu-west-1"
    assert found.secrets == "awskms://alias/mlcluster-state?region=eu-west-1"
    (root / "Pulumi.dev.yaml").write_text(STATE + "secretsprovider: awskms://alias/own\n", encoding="utf-8")
    assert site(root).secrets == "awskms://alias/own"
    (root / "Pulumi.dev.yaml").write_text(STATE, encoding="utf-8")
    monkeypatch.setenv(backend.URL_VARIABLE, "s3://for-now")
    with pytest.raises(BadInput, match="PULUMI_CONFIG_PASSPHRASE: is needed"):
        site(root)  # another place has nothing to do with the key
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    assert (site(root).url, site(root).secrets) == ("s3://for-now", None)


def test_a_twin_keeps_its_own_state_whatever_the_file_says(tmp_path: Path) -> None:
    twin = backend.of_twin(tmp_path / "twin", {}, checkpoints=False)
    assert twin.url.startswith("file://")
    assert twin.secrets is None
    assert not twin.own_words


def test_a_state_that_was_never_made_says_how_to_make_it() -> None:
    found = backend.trouble("s3://state", "error: read .pulumi/meta.yaml: (code=NotFound): NoSuchBucket: …")
    assert "mlcluster init" in str(found)
