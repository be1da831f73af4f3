"""Cached datasets: whose they are, what they open, where they are."""

from __future__ import annotations

from typing import Any

import pulumi

from components.storage import cache_manifests as manifests
from components.storage.cache import DatasetCache, DatasetCacheArgs
from infra import ceph as names
from infra.environment.storage.cache import Cache
from infra.handles import ObjectStore
from tests.components.storage.judging import complaints, unknown_values
from tests.components.storage.support import PHASES, spaces
from tests.components.support import SCOPE, Found, known, record_component

KINDS = ("Dataset", "AlluxioRuntime", "DataLoad")


def recorded(**settings: Any) -> Found:
    store = ObjectStore(
        buckets={"curated": known("a-curated"), "raw": known("a-raw")},
        key_arn=known(""),
        endpoint=names.endpoint(tls=False),
    )
    cache = Cache.model_validate({"datasets": {"images": {"team": "fraud", "size": "10GiB", **settings}}})

    def build(opts: pulumi.ResourceOptions) -> None:
        args = DatasetCacheArgs(
            scope=SCOPE,
            cache=cache,
            lake=store,
            prefixes={"images": "teams/fraud/images/"},
            teams=spaces("fraud"),
            after=(),
        )
        DatasetCache("cache", args, opts)

    return record_component(build)


def dataset(found: Found, namespace: str = "dataset-cache") -> Any:
    return found.inputs("Dataset", f"cache-Dataset-{namespace}-images")


def test_fluids_own_definitions_have_nothing_against_it() -> None:
    for settings in ({}, {"medium": "disk", "workers": 4, "nodes": {"example.com/gpus": "yes"}}):
        found = recorded(**settings)
        made = [one for kind in KINDS for one in found.all(kind)]
        assert len(made) == 3 + len(PHASES)
        for one in made:
            assert complaints(one.inputs) == []


def test_a_definition_does_complain() -> None:
    inputs = dataset(recorded())
    assert complaints({**inputs, "spec": {**inputs["spec"], "mounts": []}})
    assert complaints({**inputs, "spec": {**inputs["spec"], "mount": []}})


def test_the_chart_has_the_values() -> None:
    assert unknown_values("fluid", manifests.operator_values()) == []
    assert unknown_values("fluid", {"runtime": {"aluxio": {}}}) == ["runtime.aluxio"]


def test_it_reads_the_teams_part_with_keys_of_its_own() -> None:
    found = recorded()
    (mount,) = dataset(found)["spec"]["mounts"]
    assert mount["mountPoint"] == "s3://a-curated/teams/fraud/images/"
    assert mount["readOnly"] is True
    user = found.inputs("CephObjectStoreUser")
    assert user["metadata"]["namespace"] == "dataset-cache"
    secrets = {one["valueFrom"]["secretKeyRef"]["name"] for one in mount["encryptOptions"]}
    assert secrets == {names.secret(user["metadata"]["name"])}
    assert not found.all("Secret")


def test_its_user_cannot_be_mistaken_for_a_teams() -> None:
    assert "." in manifests.user("training")


def test_a_team_sees_it_in_each_of_its_namespaces() -> None:
    found = recorded()
    for phase in PHASES:
        shown = dataset(found, f"fraud-{phase}")
        assert shown["metadata"]["namespace"] == f"fraud-{phase}"
        assert [one["mountPoint"] for one in shown["spec"]["mounts"]] == ["dataset://dataset-cache/images"]


def test_it_is_held_by_as_many_workers_of_that_size_on_those_nodes() -> None:
    found = recorded(workers=3, size="200GiB", medium="disk", nodes={"example.com/gpus": "yes"})
    runtime = found.inputs("AlluxioRuntime")["spec"]
    assert runtime["replicas"] == 3
    (level,) = runtime["tieredstore"]["levels"]
    assert (level["mediumtype"], level["quota"]) == ("SSD", "200Gi")
    (term,) = dataset(found)["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "example.com/gpus", "operator": "In", "values": ["yes"]}]
    (memory,) = recorded().inputs("AlluxioRuntime")["spec"]["tieredstore"]["levels"]
    assert memory["mediumtype"] == "MEM"


def test_it_goes_in_the_order_that_fluid_wants() -> None:
    found = recorded()
    shown = found.before(found.one("Dataset", "cache-Dataset-fraud-training-images"))
    assert {
        "Release::fluid",
        "Dataset::cache-Dataset-dataset-cache-images",
        "AlluxioRuntime::cache-AlluxioRuntime-dataset-cache-images",
        "CephObjectStoreUser::objects-dataset.images",
    } <= shown


def test_caches_let_nobody_in() -> None:
    spec = recorded().inputs("NetworkPolicy", "cache-ways-in")["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert spec["ingress"] == [{"from": [{"podSelector": {}}]}]
