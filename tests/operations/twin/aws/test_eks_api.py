"""Where clusters answer: at the control plane that the Kubernetes side has, if it has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.twin.aws.package import AwsPackage
from operations.twin.backend import ApiServer, Refused
from tests.operations.twin.aws.bench import Bench, cluster, network, role

HERE = ApiServer("https://127.0.0.1:6443", "Q0E=")
THERE = ApiServer("https://127.0.0.1:6444", "Q0E=")


def seen(package: AwsPackage) -> list[ApiServer]:
    return [ApiServer(found.endpoint, found.certificate_authority) for found in package.clusters()]


def test_a_cluster_answers_at_the_control_plane(bench: Bench) -> None:
    bench.package.serve_clusters(lambda: HERE)
    made = cluster(bench, network(bench))
    assert (made["endpoint"], made["certificateAuthority"]) == (HERE.endpoint, {"data": "Q0E="})
    assert seen(bench.package) == [HERE]


def test_a_control_plane_that_moved_is_followed(bench: Bench, tmp_path: Path) -> None:
    bench.package.serve_clusters(lambda: HERE)
    cluster(bench, network(bench))
    bench.package.save()
    bench.package.close()
    again = AwsPackage(tmp_path)
    try:
        assert seen(again) == [HERE], "as it was, while nobody knows better"
        again.serve_clusters(lambda: THERE)
        again.warm_up()
        assert seen(again) == [THERE]
        again.save()
    finally:
        again.close()
    third = AwsPackage(tmp_path)
    assert seen(third) == [THERE], "and kept"
    third.close()


def test_a_control_plane_that_does_not_start_leaves_no_half_made_cluster(bench: Bench) -> None:
    def fails() -> ApiServer:
        raise Refused("the control plane does not start")

    at, own = network(bench), role(bench, "control-plane", "eks.amazonaws.com")["arn"]
    bench.package.serve_clusters(fails)
    with pytest.raises(Refused, match="does not start"):
        cluster(bench, at, roleArn=own)
    assert seen(bench.package) == []
    bench.package.serve_clusters(lambda: HERE)
    cluster(bench, at, roleArn=own)
    assert seen(bench.package) == [HERE]
