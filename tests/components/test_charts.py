"""Charts are installed at their pins, and clean up after themselves when it goes wrong."""

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from components.charts import Chart, ChartArgs, source
from infra.catalog.charts import charts
from infra.problems import BadInput
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
    assert set(source(charts()["karpenter"])) == {"chart", "version"}
