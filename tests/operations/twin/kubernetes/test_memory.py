"""The API server in memory, held to what a real one does (test_client runs part of this against one)."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from operations.twin.kubernetes.api import Api, ApiError, Ref
from operations.twin.kubernetes.memory import FILE, MemoryApi
from tests.operations.twin.kubernetes.manifests import deployment, thing

HOME = Ref("v1", "Namespace", "team")


def put(api: Api, *manifests: dict[str, object], manager: str = "me") -> None:
    for manifest in manifests:
        api.apply(manifest, manager=manager)


def test_an_object_needs_its_namespace(api: Api) -> None:
    config = thing("ConfigMap", "a", "team", data={"k": "v"})
    with pytest.raises(ApiError, match='namespaces "team" not found') as caught:
        api.apply(config, manager="me")
    assert caught.value.code == 404
    put(api, thing("Namespace", "team"), config)
    assert api.get(Ref.of(config)) is not None


def test_the_server_stamps_and_versions_objects(api: Api) -> None:
    first = api.apply(thing("ConfigMap", "a", data={"k": "1"}), manager="me")["metadata"]
    same = api.apply(thing("ConfigMap", "a", data={"k": "1"}), manager="me")["metadata"]
    other = api.apply(thing("ConfigMap", "a", data={"k": "2"}), manager="me")["metadata"]
    assert first["namespace"] == "default"
    assert first == same
    assert other["uid"] == first["uid"]
    assert int(other["resourceVersion"]) > int(first["resourceVersion"])
    assert (first["generation"], other["generation"]) == (1, 2)


def test_a_client_cannot_set_what_the_server_sets(api: Api) -> None:
    live = api.apply(thing("ConfigMap", "a", metadata={"uid": "mine", "resourceVersion": "7"}), manager="me")
    assert live["metadata"]["uid"] != "mine"


@pytest.mark.parametrize(
    "manifest",
    [
        thing("ConfigMap", "Capital"),
        thing("ConfigMap", "a" * 254),
        thing("Namespace", "dotted.name"),
        thing("Namespace", "n" * 64),
        thing("Role", "a/b", version="rbac.authorization.k8s.io/v1"),
        thing("ConfigMap", "a", metadata={"labels": {"k": "v" * 64}}),
        thing("ConfigMap", "a", metadata={"labels": {"-k": "v"}}),
        thing("ConfigMap", "a", metadata={"labels": {"k": 1}}),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}},
    ],
)
def test_bad_names_and_labels_are_refused(api: Api, manifest: dict[str, object]) -> None:
    with pytest.raises(ApiError) as caught:
        api.apply(manifest, manager="me")
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")


def test_good_names(api: Api) -> None:
    put(
        api,
        thing("ConfigMap", "a.b-c.9"),
        thing("ClusterRole", "mlcluster:reader", version="rbac.authorization.k8s.io/v1", rules=[]),
        thing("ConfigMap", "b", metadata={"labels": {"mlcluster.io/team": "", "a": "B_c.d"}}),
    )


def test_immutable_fields_are_refused(api: Api) -> None:
    put(api, deployment("a"))
    changed = deployment("a")
    changed["spec"]["selector"]["matchLabels"] = {"app": "b"}
    with pytest.raises(ApiError, match=r"spec\.selector: field is immutable"):
        api.apply(changed, manager="me")
    put(api, deployment("a", replicas=3))


def test_an_immutable_config_map_stays(api: Api) -> None:
    put(api, thing("ConfigMap", "a", data={"k": "1"}, immutable=True))
    with pytest.raises(ApiError, match="data: field is immutable"):
        api.apply(thing("ConfigMap", "a", data={"k": "2"}, immutable=True), manager="me")


def test_a_dry_run_judges_and_changes_nothing(api: Api) -> None:
    seen = api.apply(thing("ConfigMap", "a"), manager="me", dry_run=True)
    assert seen["metadata"]["uid"]
    assert api.get(Ref.of(thing("ConfigMap", "a", "default"))) is None
    with pytest.raises(ApiError):
        api.apply(thing("ConfigMap", "A"), manager="me", dry_run=True)


def test_fields_given_no_more_are_removed_and_those_of_others_stay(api: Api) -> None:
    put(api, thing("ConfigMap", "a", data={"mine": "1", "gone": "2"}))
    put(api, thing("ConfigMap", "a", data={"theirs": "3"}), manager="other")
    live = api.apply(thing("ConfigMap", "a", data={"mine": "1"}), manager="me")
    assert live["data"] == {"mine": "1", "theirs": "3"}


def test_two_managers_of_one_field_conflict_unless_forced(api: Api) -> None:
    put(api, thing("ConfigMap", "a", data={"k": "1"}))
    with pytest.raises(ApiError, match=r'conflict with "me": \.data\.k') as caught:
        api.apply(thing("ConfigMap", "a", data={"k": "2"}), manager="other")
    assert caught.value.code == 409
    live = api.apply(thing("ConfigMap", "a", data={"k": "2"}), manager="other", force=True)
    assert live["data"] == {"k": "2"}


def test_deleting_a_namespace_deletes_what_is_in_it(api: Api) -> None:
    put(api, thing("Namespace", "team"), thing("Namespace", "other"))
    put(api, thing("ConfigMap", "a", "team"), thing("ConfigMap", "b", "other"))
    api.delete(HOME)
    assert api.get(HOME) is None
    assert {Ref.of(value).id for value in api.everything()} == {"other", "other/b"}


def test_a_finalizer_holds_a_namespace_until_it_is_taken_off(api: Api) -> None:
    held = thing("ConfigMap", "held", "team", metadata={"finalizers": ["acme.io/wait"]})
    put(api, thing("Namespace", "team"), held, thing("ConfigMap", "free", "team"))
    api.delete(HOME)
    home = api.get(HOME)
    assert home is not None
    assert home["status"]["phase"] == "Terminating"
    assert [value["metadata"]["name"] for value in api.everything("team")] == ["held"]
    with pytest.raises(ApiError, match="being terminated"):
        api.apply(thing("ConfigMap", "late", "team"), manager="me")
    put(api, thing("ConfigMap", "held", "team"))
    assert api.get(HOME) is None


def test_what_is_owned_goes_with_its_owner(api: Api) -> None:
    owner = api.apply(thing("ConfigMap", "owner"), manager="me")
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}]
    owned = thing("ConfigMap", "owned", "default", metadata={"ownerReferences": owners})
    put(api, owned)
    api.delete(Ref.of(owner))
    assert api.get(Ref.of(owned)) is None


def test_an_orphan_stays(api: Api) -> None:
    owner = api.apply(thing("ConfigMap", "owner"), manager="me")
    owners = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}]
    owned = thing("ConfigMap", "owned", "default", metadata={"ownerReferences": owners})
    put(api, owned)
    api.delete(Ref.of(owner), propagation="Orphan")
    live = api.get(Ref.of(owned))
    assert live is not None
    assert live["metadata"]["ownerReferences"] == []


def test_system_namespaces_exist_and_stay(api: Api) -> None:
    assert api.get(Ref("v1", "Namespace", "kube-system")) is not None
    assert api.everything() == ()
    with pytest.raises(ApiError, match="forbidden"):
        api.delete(Ref("v1", "Namespace", "default"))


def test_deleting_what_is_gone_is_fine(api: Api) -> None:
    api.delete(HOME)


def test_unknown_kinds_are_kept_and_their_scope_comes_from_the_definition(api: Api) -> None:
    assert api.namespaced("karpenter.sh/v1", "NodePool") is None
    definition = thing(
        "CustomResourceDefinition", "nodepools.karpenter.sh", version="apiextensions.k8s.io/v1",
        spec={"group": "karpenter.sh", "scope": "Cluster", "names": {"kind": "NodePool"}},
    )  # fmt: skip
    put(api, definition, thing("NodePool", "gpu", version="karpenter.sh/v1"))
    assert api.namespaced("karpenter.sh/v1", "NodePool") is False
    put(api, thing("Widget", "w", version="acme.io/v1"))
    assert api.get(Ref("acme.io/v1", "Widget", "w")) is not None


def test_waiting_sees_a_change_by_another_thread(api: Api) -> None:
    put(api, thing("Namespace", "team"), thing("ConfigMap", "a", "team", metadata={"finalizers": ["x.io/y"]}))
    api.delete(HOME)
    threading.Timer(0.05, put, (api, thing("ConfigMap", "a", "team"))).start()
    assert api.wait(HOME, lambda value: value is None, 10) == (True, None)


def test_waiting_ends(api: Api) -> None:
    met, last = api.wait(Ref("v1", "Namespace", "default"), lambda value: value is None, 0.01)
    assert not met
    assert last is not None


def test_state_survives_with_its_ownership(tmp_path: Path) -> None:
    first = MemoryApi(tmp_path)
    put(first, thing("ConfigMap", "a", data={"mine": "1", "gone": "2"}))
    before = first.everything()
    first.save()
    second = MemoryApi(tmp_path)
    assert second.everything() == before
    assert second.apply(thing("ConfigMap", "a", data={"mine": "1"}), manager="me")["data"] == {"mine": "1"}
    assert int(second.everything()[0]["metadata"]["resourceVersion"]) > int(
        before[0]["metadata"]["resourceVersion"]
    )


def test_the_file_is_private_and_written_only_after_a_change(tmp_path: Path) -> None:
    api = MemoryApi(tmp_path)
    put(api, thing("Secret", "s", stringData={"password": "pw"}))
    api.save()
    file = tmp_path / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["records"]
    file.unlink()
    api.save()
    assert not file.exists()


def test_callers_cannot_change_what_is_stored(api: Api) -> None:
    live = api.apply(thing("ConfigMap", "a", data={"k": "1"}), manager="me")
    live["data"]["k"] = "2"
    assert api.list("v1", "ConfigMap")[0]["data"] == {"k": "1"}
