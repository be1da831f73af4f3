"""Who enters a cluster, who its controllers are, and which add-ons follow from what it has."""

from __future__ import annotations

from typing import Any

import pytest

from operations.recorder import record
from tests.components.support import Found
from tests.stacks.test_platform import SETTINGS, parsed

ROLE = "arn:aws:iam::111122223333:role/fraud-scientist"
LOGIN = {"issuer": "https://login.example.com", "client_id": "kubernetes"}


def with_cluster(**more: Any) -> Found:
    return Found(record(parsed(cluster={**SETTINGS["cluster"], **more})))


def test_the_people_of_a_provider_wait_for_the_cluster_and_nothing_waits_for_them() -> None:
    found = with_cluster(oidc=LOGIN)
    assert "Cluster::cluster" in found.before(found.one("IdentityProviderConfig"))
    provider = found.one("IdentityProviderConfig").urn
    assert [one for one in found.resources if one.custom and provider in one.dependencies] == []


def test_without_a_provider_or_principals_there_is_neither() -> None:
    alone = {name: value for name, value in SETTINGS["cluster"].items() if name != "oidc"}
    found = Found(record(parsed(cluster=alone, teams={})))
    assert found.all("IdentityProviderConfig") == []
    assert found.names("AccessEntry") == ["cluster-111122223333-role-admin"]


def test_members_by_iam_have_an_entry_and_the_rights_of_their_team() -> None:
    teams = {"fraud": {**SETTINGS["teams"]["fraud"], "members": ["oidc:fraud", ROLE]}}
    found = Found(record(parsed(teams=teams)))
    entry = found.inputs("AccessEntry", "members-111122223333-role-fraud-scientist")
    assert entry["kubernetesGroups"] == ["mlcluster:fraud"]
    subjects = found.inputs("RoleBinding", "fraud-training")["subjects"]
    assert [one["name"] for one in subjects] == ["oidc:fraud", "mlcluster:fraud"]


def test_controllers_have_their_rights_in_every_cluster_and_names_only_in_given_zones() -> None:
    assert "controllers-balancers" in with_cluster().names("PodIdentityAssociation")
    assert "controllers-names" not in with_cluster().names("PodIdentityAssociation")
    named = with_cluster(hosted_zones=["Z1"])
    assert "hostedzone/Z1" in named.inputs("RolePolicy", "controllers-names")["policy"]


@pytest.mark.parametrize("protect", [True, False])
def test_eks_protects_what_the_file_protects(protect: bool) -> None:
    found = Found(record(parsed(lifetime={"protect": protect})))
    assert found.inputs("Cluster")["deletionProtection"] is protect


def test_addons_follow_from_what_an_environment_has() -> None:
    pools = {**SETTINGS["pools"], "system": {**SETTINGS["pools"]["system"], "repair": {}}}
    storage = {**SETTINGS["storage"], "snapshots": {}, "shared": {"home": {}}}
    plain = {one.inputs["addonName"] for one in Found(record(parsed())).all("Addon")}
    more = {
        one.inputs["addonName"] for one in Found(record(parsed(pools=pools, storage=storage))).all("Addon")
    }
    assert more - plain == {"eks-node-monitoring-agent", "snapshot-controller", "aws-efs-csi-driver"}
