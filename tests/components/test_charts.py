"""Charts are installed at their pins, and clean up after themselves when it goes wrong."""

import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.charts import Chart, ChartArgs, ChartSite, merged
from infra.catalog import kinds, lookup
from infra.catalog.charts import charts, in_mirror
from infra.catalog.definitions import definitions
from infra.problems import BadInput
from tests.components.chart_values import unknown_paths
from tests.components.support import Found, record_component


def recorded(chart: str) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        first = kubernetes.core.v1.Namespace("first", metadata={"name": "first"}, opts=opts)
        args = ChartArgs(chart=chart, namespace="tools", values={"replicas": 2}, after=(first,))
        Chart(chart, args, opts)

    return record_component(build)


def test_a_release_is_atomic_and_keeps_few_revisions() -> None:
    release = recorded("karpenter").inputs("Release")
    assert release["atomic"]
    assert release["cleanupOnFail"]
    assert 1 < release["maxHistory"] <= 10
    assert release["timeout"] == 600
    assert release["values"] == {"replicas": 2}
    assert (release["name"], release["namespace"]) == ("karpenter", "tools")


def test_what_comes_first_comes_first() -> None:
    found = recorded("karpenter")
    assert "Namespace::first" in found.before(found.one("Release"))


@pytest.mark.parametrize("name", sorted(charts()))
def test_a_chart_comes_from_where_its_pin_says(name: str) -> None:
    pin = charts()[name]
    release = recorded(name).inputs("Release")
    assert release["version"] == pin.version
    if pin.repository.startswith("oci://"):
        assert release["chart"] == f"{pin.repository}/{name}"
        assert "repositoryOpts" not in release
    else:
        assert release["chart"] == name
        assert release["repositoryOpts"] == {"repo": pin.repository}


def test_a_release_without_a_pin_is_refused() -> None:
    with pytest.raises(BadInput, match="karpenter"):
        recorded("karpentr")


def test_a_repository_is_not_named_for_charts_in_a_registry() -> None:
    assert set(ChartSite().source(charts()["karpenter"])) == {"chart", "version"}


MIRROR = "oci://registry.example.com/mirror"


def from_mirror(chart: str, **extra: Any) -> Mapping[str, Any]:
    def build(opts: pulumi.ResourceOptions) -> None:
        site = ChartSite(mirror=MIRROR, extra_values=extra)
        args = ChartArgs(
            chart=chart, namespace="tools", values={"image": {"tag": "v1"}, "replicas": 2}, site=site
        )
        Chart(chart, args, opts)

    return record_component(build).inputs("Release")


@pytest.mark.parametrize("name", sorted(charts()))
def test_a_mirror_has_every_chart_in_one_place(name: str) -> None:
    release = from_mirror(name)
    assert release["chart"] == f"{MIRROR}/charts/{name}"
    assert release["version"] == charts()[name].version
    assert "repositoryOpts" not in release


def test_images_come_from_the_mirror_too() -> None:
    values = from_mirror("cluster-autoscaler")["values"]
    assert values["image"] == {
        "repository": "registry.example.com/mirror/autoscaling/cluster-autoscaler",
        "tag": "v1",
    }
    assert from_mirror("kube-prometheus-stack")["values"]["global"] == {
        "imageRegistry": "registry.example.com/mirror"
    }


def test_extra_values_win_and_leave_the_rest() -> None:
    extra = {"cluster-autoscaler": {"image": {"tag": "v2"}, "replicas": 3, "new": [1]}, "velero": {"x": 1}}
    values = from_mirror("cluster-autoscaler", **extra)["values"]
    assert (values["image"]["tag"], values["replicas"], values["new"]) == ("v2", 3, [1])
    assert values["image"]["repository"].startswith("registry.example.com/")
    assert "x" not in values


def test_merging_is_that_of_helm() -> None:
    merge = merged({"a": {"b": 1, "c": 2}, "d": [1, 2], "e": 1}, {"a": {"c": 3}, "d": [3], "e": {"f": 1}})
    assert merge == {"a": {"b": 1, "c": 3}, "d": [3], "e": {"f": 1}}


@pytest.mark.parametrize("name", sorted(charts()))
def test_kinds_that_helm_does_not_upgrade_are_upgraded_by_somebody(name: str) -> None:
    pin, release = charts()[name], recorded(name).inputs("Release")
    in_folder = any(part.in_crds_folder for part in kinds.charts()[name])
    assert in_folder == (pin.crds is not None), "kinds.yaml and charts.yaml disagree"
    how, _, what = (pin.crds or "").partition(":")
    if how == "chart":
        assert any(part.kinds for part in kinds.charts()[what])
    if how == "catalog":
        ours = {one["metadata"]["name"] for one in definitions(what)}
        assert {kind.definition for part in kinds.charts()[name] for kind in part.kinds} <= ours
        found = recorded(name)
        before = found.before(found.one("Release"))
        assert {f"CustomResourceDefinition::{one}" for one in ours} <= before
    if how == "value":
        assert lookup.at(release["values"], what) is True
    assert release.get("skipCrds", False) == (how in ("catalog", "unused"))
    assert how in ("", "itself", "value", "chart", "catalog", "unused")


@pytest.mark.parametrize("name", sorted(charts()))
def test_what_a_mirror_changes_is_in_the_chart(name: str) -> None:
    pin = charts()[name]
    assert unknown_paths(name, {**pin.redirected(MIRROR), **pin.upgrading}) == []


@pytest.mark.parametrize("name", sorted(charts()))
def test_what_a_chart_needs_is_known(name: str) -> None:
    known = {*charts(), *kinds.projects()}
    assert set(charts()[name].needs) <= known - {name}


@pytest.mark.parametrize("name", sorted(charts()))
def test_images_are_whole_references(name: str) -> None:
    for image in charts()[name].images:
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/[a-z0-9./-]+:[\w.-]+", image), image


@pytest.mark.parametrize(
    ("image", "there"),
    [
        ("quay.io/jetstack/cert-manager:v1", "/jetstack/cert-manager:v1"),
        ("docker.io/istio", "/istio"),
        ("quay.io", ""),
        ("", ""),
        ("busybox:1.37", "/busybox:1.37"),
        ("rancher/local-path:v0.1", "/rancher/local-path:v0.1"),
        ("localhost:5000/a/b:1", "/a/b:1"),
    ],
)
def test_a_mirror_keeps_paths(image: str, there: str) -> None:
    assert in_mirror(image, f"{MIRROR}/") == f"registry.example.com/mirror{there}"
