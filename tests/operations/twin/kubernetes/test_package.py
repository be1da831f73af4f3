"""What a twin holds of Kubernetes, as the daemon uses it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.problems import BadInput
from operations.twin import kubernetes
from operations.twin.backend import Item
from operations.twin.kubernetes.memory import FILE
from tests.operations.twin.kubernetes.conftest import Aws, group
from tests.operations.twin.kubernetes.manifests import thing

NAMESPACE = "kubernetes:core/v1:Namespace"
URN = f"urn:pulumi:dev::mlcluster::{NAMESPACE}::team"


@pytest.fixture(autouse=True)
def _in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kubernetes.VARIABLE, "memory")


def test_inventory_has_objects_and_nodes_but_not_what_a_cluster_has_by_itself(tmp_path: Path) -> None:
    package = kubernetes.open(tmp_path / "twin", Aws(group(desired=1)))
    labels = {"mlcluster.io/environment": "dev"}
    package.session().create(URN, NAMESPACE, thing("Namespace", "team", metadata={"labels": labels}), 0)
    namespace, node = package.inventory()
    package.close()
    assert namespace == Item("kubernetes", "Namespace", "team")
    assert namespace.environment == "dev"
    assert (node.service, node.type) == ("kubernetes", "Node")


def test_what_was_saved_is_there_again(tmp_path: Path) -> None:
    first = kubernetes.open(tmp_path, Aws())
    first.session().create(URN, NAMESPACE, thing("Namespace", "team"), 0)
    first.save()
    first.close()
    second = kubernetes.open(tmp_path, Aws())
    assert second.inventory() == (Item("kubernetes", "Namespace", "team"),)
    assert second.session().read(NAMESPACE, "team", {}, {}) is not None
    second.close()


def test_a_second_close_or_a_node_group_after_it_does_no_harm(tmp_path: Path) -> None:
    aws = Aws()
    package = kubernetes.open(tmp_path, aws)
    package.close()
    aws.change(group())
    package.close()
    assert package.inventory() == ()


def test_what_a_twin_keeps_its_objects_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kubernetes.VARIABLE, raising=False)
    assert kubernetes.kind(tmp_path) is kubernetes.DEFAULT
    monkeypatch.setenv(kubernetes.VARIABLE, "control-plane")
    assert kubernetes.kind(tmp_path) is kubernetes.Kind.CONTROL_PLANE
    (tmp_path / FILE).touch()
    assert kubernetes.kind(tmp_path) is kubernetes.Kind.MEMORY
    monkeypatch.setenv(kubernetes.VARIABLE, "memroy")
    with pytest.raises(BadInput, match=r"memroy.*set it to memory or control-plane"):
        kubernetes.kind(tmp_path / "new")
