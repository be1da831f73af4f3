"""Kubernetes versions and pinned add-ons."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from infra.catalog import versions
from infra.catalog.versions import KubernetesVersion
from infra.problems import BadInput

ALWAYS = {"vpc-cni", "coredns", "kube-proxy", "aws-ebs-csi-driver", "eks-pod-identity-agent"}
ADDONS = ALWAYS | {
    "aws-efs-csi-driver",
    "aws-fsx-csi-driver",
    "aws-mountpoint-s3-csi-driver",
    "snapshot-controller",
    "eks-node-monitoring-agent",
}


@pytest.mark.parametrize("version", versions.versions().values(), ids=lambda version: version.name)
def test_every_version_is_whole(version: KubernetesVersion) -> None:
    assert set(version.addons) == ADDONS
    for addon in version.addons.values():
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", addon.version)
        assert addon.source
    # EKS gives twelve months of extended support after standard support.
    assert timedelta(days=365) <= version.extended_until - version.standard_until <= timedelta(days=366)
    assert version.support(versions.as_of()) != "ended"


@pytest.mark.parametrize("version", versions.versions().values(), ids=lambda version: version.name)
def test_kube_proxy_has_the_minor_version_of_its_cluster(version: KubernetesVersion) -> None:
    assert version.addons["kube-proxy"].version.startswith(f"v{version.name}.")


def test_support_changes_on_the_days_that_aws_says() -> None:
    version = versions.version("1.35")
    day = timedelta(days=1)
    assert version.support(version.standard_until - day) == "standard"
    assert version.support(version.standard_until) == "extended"
    assert version.support(version.extended_until) == "extended"
    assert version.support(version.extended_until + day) == "ended"


def test_estimates_say_why() -> None:
    guessed = [addon for v in versions.versions().values() for addon in v.addons.values() if addon.estimate]
    assert guessed
    assert all("not on this one" in addon.source for addon in guessed)


@pytest.mark.parametrize("name", ["1.29", "1.3", "", "latest"])
def test_other_versions_are_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(BadInput, match=r"write one of 1\.36, 1\.35"):
        versions.version(name)
