"""Stacks that keep data, and stacks that use what others keep."""

from __future__ import annotations

from typing import Any

import pytest

from infra import environment
from infra.policies import judge
from operations.recorder import record
from tests.components.support import Found, statements
from tests.stacks.test_platform import parsed

STORAGE: dict[str, Any] = {
    "lake": {"replicate": {"region": "us-east-2"}},
    "registry": {"repositories": ["base"], "pull_through": {"quay": {}}},
    "catalog": {},
}


def kept(storage: dict[str, Any]) -> Found:
    section = {"owner": "somebody", "account": "111122223333", "storage": storage, "state": {}}
    config = {"aws:region": "eu-west-1", "mlcluster:environment": section}
    return Found(record(environment.parse("test-data", config)))


@pytest.fixture(scope="module")
def found() -> Found:
    return kept(STORAGE)


def test_a_data_stack_tells_of_all_it_keeps(found: Found) -> None:
    outputs = found.recording.outputs
    assert set(outputs) == {"lake", "lake_key", "images", "image_mirrors", "catalog"}
    host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    assert outputs["images"] == {"base": f"{host}/mlcluster/test-data/base"}
    assert outputs["image_mirrors"] == {"quay.io": f"{host}/test-data/quay"}
    assert outputs["catalog"] == "mlcluster_test_data"


def test_all_of_it_keeps_to_the_guardrails_and_is_protected(found: Found) -> None:
    assert [str(one) for one in judge(found.resources)] == []
    kinds = ("Bucket", "Key", "Repository", "CatalogDatabase")
    assert all(one.protect and one.retain_on_delete for kind in kinds for one in found.all(kind))
    assert len([one for one in found.resources if one.type == "pulumi:providers:aws"]) == 1


def test_a_section_that_is_absent_is_not_made() -> None:
    bare = kept({"lake": {}})
    for kind in ("Repository", "PullThroughCacheRule", "CatalogDatabase", "BucketReplicationConfig"):
        assert bare.all(kind) == []
    assert set(bare.recording.outputs) == {"lake", "lake_key"}


def test_a_cluster_uses_what_another_stack_keeps(found: Found) -> None:
    references = {"test-data": found.recording.outputs}
    there = Found(record(parsed(without=("storage",), data="test-data"), references=references))
    for name in ("lake", "lake_key", "images", "image_mirrors", "catalog"):
        assert there.recording.outputs[name] == found.recording.outputs[name]
    for kind in ("Bucket", "Repository", "CatalogDatabase"):
        assert there.all(kind) == []
    (right,) = statements(there.inputs("RolePolicy", "first-pulls")["policy"])
    assert right["Resource"] == "arn:aws:ecr:eu-west-1:111122223333:repository/test-data/*"


def test_a_stack_that_keeps_only_a_lake_is_enough_for_a_cluster() -> None:
    references = {"test-data": kept({"lake": {}}).recording.outputs}
    outputs = record(parsed(without=("storage",), data="test-data"), references=references).outputs
    assert (outputs["images"], outputs["image_mirrors"], outputs["catalog"]) == ({}, {}, "")


def test_a_cluster_may_have_its_own() -> None:
    storage = {
        "lake": {"keep": "destroy"},
        "registry": {"keep": "destroy", "repositories": ["base"]},
        "catalog": {"keep": "destroy"},
    }
    own = Found(record(parsed(storage=storage)))
    assert own.recording.outputs["catalog"] == "mlcluster_test"
    assert own.inputs("Repository")["name"] == "mlcluster/test/base"
    assert "first-pulls" not in own.names("RolePolicy"), "there is nothing that is pulled through"
    assert not any(one.protect for one in own.resources)


def test_data_and_cluster_do_not_wait_for_each_other() -> None:
    storage = {"lake": {"keep": "destroy"}, "registry": {"keep": "destroy", "repositories": ["base"]}}
    own = Found(record(parsed(storage=storage)))
    assert "Cluster::cluster" not in own.before(own.one("Repository"))
    assert "Repository::registry-base" not in own.before(own.one("Cluster"))
