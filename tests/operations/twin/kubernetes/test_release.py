"""Helm releases as records."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from operations.twin.backend import UNKNOWN, Diff, Refused
from operations.twin.kubernetes.api import Api
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.types import RELEASE
from tests.operations.twin.kubernetes.manifests import thing

URN = "urn:pulumi:dev::mlcluster::kubernetes:helm.sh/v3:Release::kueue"
CHART = {"chart": "oci://registry.example.org/charts/kueue", "version": "0.14.1", "values": {"replicas": 2}}


def checked(session: Session, news: dict[str, Any], olds: dict[str, Any] | None = None) -> dict[str, Any]:
    inputs, failures = session.check(URN, RELEASE, olds or {}, news, b"seed")
    assert failures == []
    return inputs


def install(session: Session, **changes: Any) -> tuple[dict[str, Any], str, dict[str, Any]]:
    inputs = checked(session, {**CHART, "namespace": "queues", "createNamespace": True, **changes})
    return inputs, *session.create(URN, RELEASE, inputs, 0)


def records(api: Api) -> dict[str, str]:
    secrets = api.list("v1", "Secret", "queues")
    return {value["metadata"]["name"]: value["metadata"]["labels"]["status"] for value in secrets}


def test_defaults_and_a_generated_name(session: Session) -> None:
    inputs = checked(session, CHART)
    assert inputs["name"].startswith("kueue-")
    assert (inputs["namespace"], inputs["timeout"]) == ("default", 300)
    assert checked(session, CHART, inputs)["name"] == inputs["name"]
    assert "timeout" not in checked(session, {**CHART, "skipAwait": True})


def test_installing_records_what_helm_would(session: Session, api: Api) -> None:
    _inputs, id_, state = install(session, name="kueue")
    assert id_ == "queues/kueue"
    assert state["status"] == {
        "name": "kueue", "namespace": "queues", "revision": 1, "status": "deployed", "chart": "kueue",
        "version": "0.14.1", "appVersion": "",
        "description": "recorded, not installed: the twin keeps its objects in memory",
    }  # fmt: skip
    (secret,) = api.list("v1", "Secret", "queues")
    assert secret["type"] == "helm.sh/release.v1"
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    assert json.loads(gzip.decompress(packed))["config"] == {"replicas": 2}


def test_a_missing_namespace(session: Session) -> None:
    inputs = checked(session, {**CHART, "namespace": "queues", "name": "kueue"})
    with pytest.raises(Refused, match='namespaces "queues" not found; set createNamespace'):
        session.create(URN, RELEASE, inputs, 0)


def test_a_name_in_use(session: Session) -> None:
    install(session, name="kueue")
    with pytest.raises(Refused, match="queues/kueue exists already"):
        install(session, name="kueue")


def test_upgrading_makes_a_revision(session: Session, api: Api) -> None:
    inputs, id_, state = install(session, name="kueue")
    news = {**inputs, "values": {"replicas": 3}}
    assert session.diff(RELEASE, id_, inputs, state, news) == Diff(("values",))
    assert session.update(URN, RELEASE, id_, state, news, 0, True)["status"] is UNKNOWN
    assert session.update(URN, RELEASE, id_, state, news, 0, False)["status"]["revision"] == 2
    assert records(api) == {
        "sh.helm.release.v1.kueue.v1": "superseded", "sh.helm.release.v1.kueue.v2": "deployed"
    }  # fmt: skip


def test_a_moved_release_is_replaced(session: Session) -> None:
    inputs, id_, state = install(session, name="kueue")
    assert session.diff(RELEASE, id_, inputs, state, {**inputs, "namespace": "x"}) == Diff(
        ("namespace",), ("namespace",)
    )
    assert session.diff(RELEASE, id_, inputs, state, inputs) == Diff()


def test_refresh_import_and_uninstall(session: Session, api: Api) -> None:
    inputs, id_, state = install(session, name="kueue")
    found = session.read(RELEASE, id_, inputs, state)
    assert found is not None
    assert found[0] == inputs
    imported = session.read(RELEASE, id_, {}, {})
    assert imported is not None
    assert imported[0] == {
        "chart": "kueue", "name": "kueue", "namespace": "queues", "values": {"replicas": 2}
    }  # fmt: skip
    session.delete(URN, RELEASE, id_, state, 0)
    assert records(api) == {}
    assert session.read(RELEASE, id_, inputs, state) is None


def test_values_of_files_are_installed_and_are_no_drift(session: Session, api: Api) -> None:
    inputs, id_, state = install(session, name="kueue", valueYamlFiles=[{"text": "{replicas: 1, more: 2}"}])
    imported = session.read(RELEASE, id_, {}, {})
    assert imported is not None
    assert imported[0]["values"] == {"replicas": 2, "more": 2}
    without_content = {**inputs, "valueYamlFiles": [{"hash": "e3e2"}]}
    found = session.read(RELEASE, id_, without_content, state)
    assert found is not None
    assert found[0] == without_content


def test_other_secrets_are_not_releases(session: Session, api: Api) -> None:
    _inputs, id_, state = install(session, name="kueue")
    api.apply(thing("Secret", "other", "queues", metadata={"labels": {"name": "kueue"}}), manager="me")
    session.delete(URN, RELEASE, id_, state, 0)
    assert [value["metadata"]["name"] for value in api.list("v1", "Secret", "queues")] == ["other"]


def test_a_preview_leaves_no_trace(session: Session, api: Api) -> None:
    assert session.preview(URN, RELEASE, checked(session, CHART))["status"] is UNKNOWN
    assert api.everything() == ()
