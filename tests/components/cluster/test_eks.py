import json
from typing import Any

import pulumi
import pytest

from components.cluster import policies
from components.cluster.eks import EksCluster, EksClusterArgs, cluster_name, support_type
from components.cluster.identity_provider import IdentityProvider, IdentityProviderArgs
from components.cluster.kubeconfig import kubeconfig
from infra.catalog import versions
from infra.environment.cluster import Cluster
from infra.environment.oidc import Oidc
from tests.components.support import PLACE, SCOPE, Found, cluster, network, record_component, statements

ADMIN = "arn:aws:iam::111122223333:role/platform/admin"


def recorded(**settings: Any) -> Found:
    section = Cluster.model_validate({"version": "1.35", **settings})

    def build(opts: pulumi.ResourceOptions) -> None:
        made = EksCluster(
            "cluster", EksClusterArgs(scope=SCOPE, place=PLACE, cluster=section, network=network()), opts
        )
        pulumi.export("kubeconfig", made.handle.kubeconfig)
        pulumi.export("access", len(made.access))

    return record_component(build)


def test_the_api_is_closed_to_the_internet_unless_ranges_are_given() -> None:
    closed, opened = (
        one.inputs("Cluster")["vpcConfig"] for one in (recorded(), recorded(api_access=["203.0.113.0/24"]))
    )
    assert (closed["endpointPrivateAccess"], closed["endpointPublicAccess"]) == (True, False)
    assert "publicAccessCidrs" not in closed
    assert (opened["endpointPrivateAccess"], opened["endpointPublicAccess"]) == (True, True)
    assert opened["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_the_control_plane_lives_in_subnets_without_a_way_out() -> None:
    assert recorded().inputs("Cluster")["vpcConfig"]["subnetIds"] == [
        "subnet-intra-eu-west-1a",
        "subnet-intra-eu-west-1b",
        "subnet-intra-eu-west-1c",
    ]


def test_people_enter_by_access_entries_only() -> None:
    found = recorded(admins=[ADMIN])
    access = found.inputs("Cluster")["accessConfig"]
    assert access == {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert found.inputs("AccessEntry")["principalArn"] == ADMIN
    policy = found.inputs("AccessPolicyAssociation")
    assert policy["principalArn"] == ADMIN
    assert policy["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert policy["accessScope"] == {"type": "cluster"}
    assert found.recording.outputs["access"] == 2


def test_without_admins_the_creator_is_one_and_a_later_change_does_not_replace_the_cluster() -> None:
    found = recorded()
    assert found.inputs("Cluster")["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is True
    assert found.options("Cluster").ignore_changes == (
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
    )


def test_admins_of_one_name_in_two_accounts_are_told_apart() -> None:
    admins = [ADMIN, ADMIN.replace("111122223333", "444455556666"), ADMIN.replace("role/", "user/")]
    assert len(recorded(admins=admins).all("AccessEntry")) == 3


def test_secrets_are_encrypted_with_a_rotated_key_of_its_own() -> None:
    found = recorded()
    key = found.inputs("Key")
    assert key["enableKeyRotation"] is True
    assert found.inputs("Cluster")["encryptionConfig"]["resources"] == ["secrets"]
    assert found.inputs("Cluster")["encryptionConfig"]["provider"]["keyArn"].startswith(
        "arn:aws:kms:eu-west-1"
    )
    assert found.inputs("Alias")["name"] == "alias/mlcluster-test-cluster"


def test_all_logs_go_to_a_group_that_comes_first_and_forgets() -> None:
    found = recorded(log_retention="7d")
    cluster = found.one("Cluster")
    assert cluster.inputs["enabledClusterLogTypes"] == [
        "api",
        "audit",
        "authenticator",
        "controllerManager",
        "scheduler",
    ]
    assert found.inputs("LogGroup")["name"] == "/aws/eks/mlcluster-test/cluster"
    assert found.inputs("LogGroup")["retentionInDays"] == 7
    assert found.one("LogGroup").urn in cluster.dependencies


def test_the_role_can_act_before_the_cluster_exists_and_as_long_as_it_does() -> None:
    found = recorded()
    assert found.one("RolePolicyAttachment").urn in found.one("Cluster").dependencies
    assert (
        found.inputs("RolePolicyAttachment")["policyArn"] == "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    )
    (trust,) = statements(found.inputs("Role")["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "eks.amazonaws.com"}


def test_nothing_comes_by_itself_neither_addons_nor_extended_support() -> None:
    cluster = recorded().inputs("Cluster")
    assert cluster["bootstrapSelfManagedAddons"] is False
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert (cluster["name"], cluster["version"]) == ("mlcluster-test", "1.35")


def test_only_the_clusters_own_log_group_may_use_the_key_by_way_of_logs() -> None:
    account, logs = statements(policies.key_policy(PLACE, "a-cluster"))
    assert account["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    group = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/a-cluster/cluster"
    assert logs["Condition"]["ArnEquals"] == {"kms:EncryptionContext:aws:logs:arn": group}


def test_the_kubeconfig_holds_no_credentials_but_is_a_secret() -> None:
    assert recorded().recording.outputs["kubeconfig"] == "[secret]"
    config = json.loads(kubeconfig(name="it", region="eu-west-1", endpoint="https://it", certificate="abc"))
    (user,), (context,), (cluster,) = config["users"], config["contexts"], config["clusters"]
    assert config["current-context"] == context["name"]
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
    assert cluster["cluster"] == {"server": "https://it", "certificate-authority-data": "abc"}
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    assert user["user"]["exec"]["args"] == [
        *("--region", "eu-west-1", "eks", "get-token", "--cluster-name", "it", "--output", "json")
    ]


def test_the_name_of_a_cluster_is_within_what_eks_allows() -> None:
    assert len(cluster_name("e" * 200)) <= 100


@pytest.mark.parametrize("version", sorted(versions.versions()))
def test_a_version_past_its_standard_support_asks_for_the_extended_one(version: str) -> None:
    standard = versions.version(version).standard_until > versions.as_of()
    assert support_type(version) == ("STANDARD" if standard else "EXTENDED")


def test_a_zone_in_trouble_can_be_left_unless_it_is_unwanted() -> None:
    assert recorded().inputs("Cluster")["zonalShiftConfig"] == {"enabled": True}
    assert recorded(zonal_shift=False).inputs("Cluster")["zonalShiftConfig"] == {"enabled": False}


@pytest.mark.parametrize("protect", [True, False])
def test_eks_protects_what_the_file_protects(protect: bool) -> None:
    section = Cluster.model_validate({"version": "1.35"})

    def build(opts: pulumi.ResourceOptions) -> None:
        args = EksClusterArgs(scope=SCOPE, place=PLACE, cluster=section, network=network(), protect=protect)
        EksCluster("cluster", args, opts)

    assert record_component(build).inputs("Cluster")["deletionProtection"] is protect


def test_the_people_of_a_provider_come_with_its_prefix() -> None:
    oidc = Oidc.model_validate({"issuer": "https://login.example.com", "client_id": "kubernetes"})

    def build(opts: pulumi.ResourceOptions) -> None:
        IdentityProvider("people", IdentityProviderArgs(scope=SCOPE, cluster=cluster(), oidc=oidc), opts)

    found = record_component(build)
    assert found.inputs("IdentityProviderConfig")["oidc"] == {
        "identityProviderConfigName": "mlcluster-test",
        "issuerUrl": "https://login.example.com",
        "clientId": "kubernetes",
        "groupsClaim": "groups",
        "groupsPrefix": "oidc:",
        "usernameClaim": "sub",
        "usernamePrefix": "oidc:",
    }
    assert found.options("IdentityProviderConfig").delete_before_replace
