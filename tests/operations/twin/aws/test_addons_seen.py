"""What the Kubernetes side sees of add-ons."""

from __future__ import annotations

from operations.twin.aws.package import AwsPackage
from tests.operations.twin.aws.bench import Bench, cluster, network

TYPE = "aws:eks/addon:Addon"


def test_add_ons_are_seen_as_long_as_they_are_there(bench: Bench, package: AwsPackage) -> None:
    assert package.addons() == ()
    made = cluster(bench, network(bench))
    snapshots = bench.make(TYPE, "snapshots", clusterName="dev", addonName="snapshot-controller")
    bench.make(TYPE, "names", clusterName="dev", addonName="coredns")
    assert package.addons() == ("coredns", "snapshot-controller")
    bench.drop(snapshots)
    assert package.addons() == ("coredns",)
    bench.drop(made)
    assert package.addons() == ()
