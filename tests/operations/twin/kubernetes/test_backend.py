"""The kubernetes package: names, differences, replacement, refresh, import, deletion."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.twin.backend import UNKNOWN, Diff, PartlyCreated, Refused
from operations.twin.kubernetes import backend, naming, readiness
from operations.twin.kubernetes.api import Api, Ref
from operations.twin.kubernetes.backend import Session
from tests.operations.twin.kubernetes.manifests import deployment, thing

URN = "urn:pulumi:dev::mlcluster::mlcluster:tenancy:Team$kubernetes:core/v1:ConfigMap::settings"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def checked(session: Session, type_: str, news: dict[str, Any], olds: dict[str, Any] | None = None) -> Any:
    inputs, failures = session.check(URN, type_, olds or {}, news, b"seed")
    assert failures == []
    return inputs


def make(session: Session, type_: str, manifest: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return session.create(URN, type_, checked(session, type_, manifest), 0)


def compare(session: Session, type_: str, old: dict[str, Any], new: dict[str, Any]) -> Diff:
    return session.diff(type_, "", checked(session, type_, old), {}, checked(session, type_, new))


def test_a_name_is_generated_as_pulumi_does_it(session: Session) -> None:
    inputs = checked(session, CONFIG_MAP, {"data": {"k": "v"}})
    assert re.fullmatch("settings-[0-9a-f]{8}", inputs["metadata"]["name"])
    assert inputs["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert (inputs["apiVersion"], inputs["kind"]) == ("v1", "ConfigMap")
    assert checked(session, CONFIG_MAP, {"data": {}})["metadata"] == inputs["metadata"], (
        "same seed, same name"
    )


def test_a_generated_name_is_kept_and_a_given_one_left_alone(session: Session) -> None:
    olds = {"metadata": {"name": "settings-01234567", "annotations": {naming.AUTONAMED: "true"}}}
    assert checked(session, CONFIG_MAP, {}, olds)["metadata"] == olds["metadata"]
    named = checked(session, CONFIG_MAP, {"metadata": {"name": "mine"}}, olds)
    assert named["metadata"] == {"name": "mine"}


def test_unknown_names_wait(session: Session) -> None:
    for metadata in (UNKNOWN, {"name": UNKNOWN}):
        assert checked(session, CONFIG_MAP, {"metadata": metadata})["metadata"] == metadata


@given(st.binary(min_size=1, max_size=32), st.binary(min_size=1, max_size=32))
def test_generated_names_differ_with_the_seed(one: bytes, other: bytes) -> None:
    assert (naming.generate(URN, one) == naming.generate(URN, other)) == (one == other)


@pytest.mark.parametrize(
    ("type_", "news", "reason"),
    [
        ("kubernetes:core/v1:ConfigMapList", {"items": []}, "declare what is in the list"),
        (CONFIG_MAP, {"metadata": {"generateName": "x-"}}, "generateName"),
        ("kubernetes:core/v1:ConfigMapPatch", {"kind": "ConfigMap", "data": {}}, "name of its object"),
    ],
)
def test_what_cannot_be_is_refused_by_check(
    session: Session, type_: str, news: dict[str, Any], reason: str
) -> None:
    _inputs, failures = session.check(URN, type_, {}, news, b"")
    assert reason in failures[0][1]


def test_the_providers_namespace_is_the_default(session: Session) -> None:
    session.configure({"namespace": "team", "kubeconfig": "{}", "context": "c"})
    assert checked(session, CONFIG_MAP, {"metadata": {"name": "a"}})["metadata"]["namespace"] == "team"
    assert "namespace" not in checked(session, NAMESPACE, {"metadata": {"name": "a"}})["metadata"]


def test_sessions_do_not_share_settings(api: Api) -> None:
    one, other = Session(api), Session(api)
    one.configure({"namespace": "team"})
    other.configure({})
    assert "namespace" not in checked(other, CONFIG_MAP, {"metadata": {"name": "a"}})["metadata"]


def test_ids_are_namespace_and_name(session: Session) -> None:
    assert make(session, NAMESPACE, thing("Namespace", "team"))[0] == "team"
    assert make(session, CONFIG_MAP, thing("ConfigMap", "a", "team"))[0] == "team/a"
    assert make(session, CONFIG_MAP, thing("ConfigMap", "b"))[0] == "default/b"


def test_the_state_is_what_the_server_has(session: Session) -> None:
    _id, state = make(session, NAMESPACE, thing("Namespace", "team"))
    assert state["status"] == {"phase": "Active"}
    assert state["metadata"]["uid"]


def test_creating_what_exists_is_refused_unless_upserting(session: Session) -> None:
    make(session, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "1"}))
    with pytest.raises(Refused, match="ConfigMap default/a already exists: import it"):
        make(session, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "2"}))
    session.configure({"upsertExistingObjects": "true"})
    assert make(session, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "2"}))[1]["data"] == {"k": "2"}


def test_a_missing_namespace_names_the_object(session: Session) -> None:
    with pytest.raises(Refused, match='ConfigMap team/a: namespaces "team" not found'):
        make(session, CONFIG_MAP, thing("ConfigMap", "a", "team"))


def test_a_namespace_that_comes_soon_is_waited_for(api: Api) -> None:
    import threading

    late = threading.Timer(0.05, lambda: api.apply(thing("Namespace", "team"), manager="other"))
    late.start()
    assert make(Session(api, patience=10), CONFIG_MAP, thing("ConfigMap", "a", "team"))[0] == "team/a"


def test_nothing_to_do(session: Session) -> None:
    manifest = deployment("a")
    assert compare(session, DEPLOYMENT, manifest, deployment("a")) == Diff()
    explicit = {**thing("ConfigMap", "a", "default")}
    assert compare(session, CONFIG_MAP, thing("ConfigMap", "a"), explicit) == Diff()
    encoded = thing("Secret", "s", data={"k": "dg=="})
    assert compare(session, SECRET, thing("Secret", "s", stringData={"k": "v"}), encoded) == Diff()


def test_a_change_in_place(session: Session) -> None:
    assert compare(session, DEPLOYMENT, deployment("a"), deployment("a", replicas=2)) == Diff(("spec",))


def changed_spec(**changes: Any) -> dict[str, Any]:
    manifest = deployment("a")
    return {**manifest, "spec": {**manifest["spec"], **changes}}


@pytest.mark.parametrize(
    ("type_", "old", "new", "replaces"),
    [
        (DEPLOYMENT, deployment("a"), changed_spec(selector={"matchLabels": {"b": "c"}}), "spec"),
        (CONFIG_MAP, thing("ConfigMap", "a", data={"k": "1"}), thing("ConfigMap", "a", data={}), "data"),
        (SECRET, thing("Secret", "a", type="x"), thing("Secret", "a", type="y"), "type"),
        (
            "kubernetes:batch/v1:Job",
            thing("Job", "a", version="batch/v1", spec={"template": {"spec": {"x": 1}}}),
            thing("Job", "a", version="batch/v1", spec={"template": {"spec": {"x": 2}}}),
            "spec",
        ),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
            thing("RoleBinding", "a", version="rbac.authorization.k8s.io/v1", roleRef={"name": "x"}),
            thing("RoleBinding", "a", version="rbac.authorization.k8s.io/v1", roleRef={"name": "y"}),
            "roleRef",
        ),
        (CONFIG_MAP, thing("ConfigMap", "a"), thing("ConfigMap", "b"), "metadata"),
        (CONFIG_MAP, thing("ConfigMap", "a", "x"), thing("ConfigMap", "a", "y"), "metadata"),
    ],
)
def test_what_cannot_change_in_place_is_replaced(
    session: Session, type_: str, old: dict[str, Any], new: dict[str, Any], replaces: str
) -> None:
    diff = compare(session, type_, old, new)
    assert diff.replaces == (replaces,)
    assert diff.delete_before_replace == (replaces != "metadata")


def test_an_autonamed_object_is_made_anew_before_the_old_one_goes(session: Session) -> None:
    diff = compare(session, CONFIG_MAP, {"data": {"k": "1"}}, {"data": {"k": "2"}})
    assert diff == Diff(("data",), ("data",), delete_before_replace=False)


def test_data_changes_in_place_where_the_provider_says_so(session: Session) -> None:
    session.configure({"enableConfigMapMutable": "true"})
    old, new = thing("ConfigMap", "a", data={"k": "1"}), thing("ConfigMap", "a", data={"k": "2"})
    assert compare(session, CONFIG_MAP, old, new) == Diff(("data",))


def test_an_unknown_value_is_a_change(session: Session) -> None:
    old, new = deployment("a"), changed_spec(replicas=UNKNOWN)
    assert compare(session, DEPLOYMENT, old, new) == Diff(("spec",))


def test_a_preview_is_judged_and_changes_nothing(session: Session, api: Api) -> None:
    seen = session.preview(URN, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "v"}))
    assert seen["data"] == {"k": "v"}
    assert seen["metadata"]["uid"] is UNKNOWN
    assert api.everything() == ()
    with pytest.raises(Refused, match="Invalid value"):
        session.preview(URN, CONFIG_MAP, thing("ConfigMap", "Bad"))


def test_a_preview_in_a_namespace_to_come(session: Session) -> None:
    assert session.preview(URN, CONFIG_MAP, thing("ConfigMap", "a", "later"))["status"] is UNKNOWN


def test_a_preview_with_unknowns(session: Session) -> None:
    news = thing("ConfigMap", "a", data={"k": UNKNOWN})
    assert session.preview(URN, CONFIG_MAP, news)["data"] == {"k": UNKNOWN}
    id_, state = make(session, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "1"}))
    assert session.update(URN, CONFIG_MAP, id_, state, news, 0, True)["data"] == {"k": UNKNOWN}


def test_update(session: Session, api: Api) -> None:
    id_, state = make(session, DEPLOYMENT, deployment("a", replicas=1))
    wanted = checked(session, DEPLOYMENT, deployment("a", replicas=3))
    seen = session.update(URN, DEPLOYMENT, id_, state, wanted, 0, True)
    live = api.get(Ref("apps/v1", "Deployment", "a", "default"))
    assert live is not None
    assert (seen["spec"]["replicas"], live["spec"]["replicas"]) == (3, 1)
    assert session.update(URN, DEPLOYMENT, id_, state, wanted, 0, False)["spec"]["replicas"] == 3


def test_refresh_sees_a_deletion_and_drift_but_not_what_the_server_added(session: Session, api: Api) -> None:
    inputs = checked(session, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "1"}))
    id_, state = session.create(URN, CONFIG_MAP, inputs, 0)
    found = session.read(CONFIG_MAP, id_, inputs, state)
    assert found is not None
    assert found[0] == inputs
    api.apply(thing("ConfigMap", "a", data={"k": "2"}), manager="kubectl", force=True)
    drifted = session.read(CONFIG_MAP, id_, inputs, state)
    assert drifted is not None
    assert drifted[0]["data"] == {"k": "2"}
    api.delete(Ref("v1", "ConfigMap", "a", "default"))
    assert session.read(CONFIG_MAP, id_, inputs, state) is None


def test_refresh_keeps_secret_strings_as_they_were_given(session: Session) -> None:
    inputs = checked(session, SECRET, thing("Secret", "s", stringData={"password": "pw"}))
    id_, state = session.create(URN, SECRET, inputs, 0)
    found = session.read(SECRET, id_, inputs, state)
    assert found is not None
    assert found[0] == inputs
    assert found[1]["data"] == {"password": "cHc="}
    assert "stringData" not in found[1]


def test_import_gives_inputs_that_need_no_change(session: Session, api: Api) -> None:
    api.apply(deployment("a", labels={"x": "y"}), manager="kubectl")
    found = session.read(DEPLOYMENT, "default/a", {}, {})
    assert found is not None
    inputs, _state = found
    assert inputs["metadata"] == {"name": "a", "namespace": "default", "labels": {"x": "y"}}
    assert compare(session, DEPLOYMENT, inputs, deployment("a", labels={"x": "y"})) == Diff()


def test_delete_and_again(session: Session, api: Api) -> None:
    id_, state = make(session, CONFIG_MAP, thing("ConfigMap", "a"))
    session.delete(URN, CONFIG_MAP, id_, state, 0)
    assert api.everything() == ()
    session.delete(URN, CONFIG_MAP, id_, state, 0)


def test_a_deletion_that_hangs_says_what_holds_it(session: Session) -> None:
    id_, state = make(session, NAMESPACE, thing("Namespace", "team"))
    held = thing("ConfigMap", "a", "team", metadata={"finalizers": ["acme.io/wait"]})
    make(session, CONFIG_MAP, held)
    with pytest.raises(Refused, match=r"Namespace team does not go: ConfigMap team/a .* acme\.io/wait"):
        session.delete(URN, NAMESPACE, id_, state, 0.01)


@pytest.mark.parametrize(
    ("finalizer", "told", "annotated", "at_least"),
    [
        ("acme.io/wait", 0, None, 0.02),
        ("acme.io/wait", 60, None, 0.02),
        ("kubernetes.io/pvc-protection", 0, None, 0.02),
        ("kubernetes.io/pvc-protection", 1, None, 1),
        ("kubernetes.io/pvc-protection", 0, "1", 1),
    ],
)
def test_a_deletion_waits_as_it_was_told_to_unless_it_is_hopeless(
    session: Session, monkeypatch: Any, finalizer: str, told: float, annotated: str | None, at_least: float
) -> None:
    monkeypatch.setattr("operations.twin.kubernetes.backend._STUCK_S", 0.01)
    annotations = {} if annotated is None else {readiness.TIMEOUT: annotated}
    metadata = {"finalizers": [finalizer], "annotations": annotations}
    id_, state = make(session, CONFIG_MAP, thing("ConfigMap", "a", metadata=metadata))
    began = time.monotonic()
    with pytest.raises(Refused, match=f"ConfigMap default/a holds finalizer {finalizer}"):
        session.delete(URN, CONFIG_MAP, id_, state, told)
    assert at_least <= time.monotonic() - began < 30


def test_a_patch_owns_its_fields_only(session: Session, api: Api) -> None:
    make(session, NAMESPACE, thing("Namespace", "team", metadata={"labels": {"a": "1"}}))
    patch = thing("Namespace", "team", metadata={"labels": {"b": "2"}})
    patch_type = "kubernetes:core/v1:NamespacePatch"
    id_, state = make(session, patch_type, patch)
    assert state["metadata"]["labels"] == {"a": "1", "b": "2"}
    session.delete(URN, patch_type, id_, state, 0)
    live = api.get(Ref("v1", "Namespace", "team"))
    assert live is not None
    assert live["metadata"]["labels"] == {"a": "1"}


def test_what_is_not_ready_exists_and_says_why(session: Session, api: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "has_controllers", True)
    inputs = checked(session, DEPLOYMENT, deployment("a", replicas=2))
    with pytest.raises(PartlyCreated, match=r"not ready after 0\.01 s: 0 of 2 replicas") as caught:
        session.create(URN, DEPLOYMENT, inputs, 0.01)
    assert caught.value.id == "default/a"
    assert caught.value.state["spec"]["replicas"] == 2


def test_awaiting_can_be_skipped_and_bounded_by_annotation(
    session: Session, api: Api, monkeypatch: Any
) -> None:
    monkeypatch.setattr(api, "has_controllers", True)
    make(session, DEPLOYMENT, deployment("a", annotations={"pulumi.com/skipAwait": "true"}))
    with pytest.raises(PartlyCreated, match=r"after 0\.02 s"):
        make(session, DEPLOYMENT, deployment("b", annotations={"pulumi.com/timeoutSeconds": "0.02"}))


def test_functions_are_refused(session: Session) -> None:
    with pytest.raises(Refused, match="kubernetes:yaml:decode is not served"):
        session.invoke("kubernetes:yaml:decode", {})


def test_the_manager_is_ours(session: Session, api: Api) -> None:
    """Another manager's claim on a field makes a conflict only for it, not for the program."""
    make(session, CONFIG_MAP, thing("ConfigMap", "a", data={"k": "1"}))
    with pytest.raises(Exception, match=f'conflict with "{backend.MANAGER}"'):
        api.apply(thing("ConfigMap", "a", data={"k": "2"}), manager="kubectl")
