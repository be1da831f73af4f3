from __future__ import annotations

from typing import Any

from operations.deployed import ControlPlane, control_plane

CLUSTER = "aws:eks/cluster:Cluster"


def state(**outputs: Any) -> dict[str, Any]:
    made = {"name": "mlcluster-dev", "arn": "arn:it", "version": "1.34", **outputs}
    return {"resources": [{"type": "pulumi:pulumi:Stack"}, {"type": CLUSTER, "outputs": made}]}


def test_the_control_plane_is_found_with_its_version_and_protection() -> None:
    assert control_plane(state()) == ControlPlane("mlcluster-dev", "arn:it", "1.34", protected=False)
    there = control_plane(state(deletionProtection=True))
    assert there is not None
    assert there.protected


def test_there_is_none_where_there_is_no_stack_or_no_cluster_or_only_one_that_goes() -> None:
    assert control_plane(None) is None
    assert control_plane({}) is None
    assert control_plane({"resources": [{"type": CLUSTER}]}) is None
    going = state()
    going["resources"][1]["delete"] = True
    assert control_plane(going) is None
