"""Secrets: who may read which, and what comes first."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from components.cluster import edge_policies
from components.cluster import external_secrets_manifests as manifests
from components.cluster.external_secrets import (
    AtSecretsManager,
    ExternalSecrets,
    ExternalSecretsArgs,
    TeamSecrets,
    TeamSecretsArgs,
    reader_arn,
)
from infra.labels import MANAGED_BY_LABEL, TEAM_LABEL
from tests.components.chart_values import unknown_paths
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import PLACE, SCOPE, Found, cluster, record_component, statements

HOMES = ("fraud-exploration", "fraud-training", "fraud-serving")


def recorded(*, on_aws: bool = True) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        keeper = AtSecretsManager(place=PLACE, cluster=cluster()) if on_aws else None
        made = ExternalSecrets(
            "external-secrets", ExternalSecretsArgs(scope=SCOPE, aws=keeper, replicas=2), opts
        )
        team = TeamSecretsArgs(
            scope=SCOPE,
            team="fraud",
            namespaces=HOMES,
            groups=("oidc:fraud",),
            home=SCOPE.environment,
            place=PLACE if on_aws else None,
            after=made.ready,
        )
        TeamSecrets("secrets-fraud", team, opts)
        pulumi.export("store", made.store)

    return record_component(build)


def provider(store: Any) -> dict[str, Any]:
    return dict(store["spec"]["provider"]["aws"])


@needs_upstream
def test_external_secrets_own_definitions_have_nothing_against_it() -> None:
    found = recorded()
    made = [*found.all("ClusterSecretStore"), *found.all("SecretStore")]
    assert len(made) == 4
    for one in made:
        assert complaints(one.inputs) == []
    store = made[0].inputs
    assert complaints({**store, "spec": {"provider": {"aws": {"service": "Secrets"}}}})


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_chart_has_the_values(replicas: int) -> None:
    assert unknown_paths("external-secrets", manifests.values(replicas)) == []
    assert unknown_paths("external-secrets", {"crds": {"create": True}}) == ["crds.create"]


def test_kinds_that_nobody_uses_are_neither_made_nor_watched() -> None:
    values = manifests.values(1)
    made = {key.removeprefix("create") for key in values["crds"]}
    watched = {key.removeprefix("process") for key in values if key.startswith("process")}
    assert made == watched
    assert not {"ExternalSecret", "SecretStore", "ClusterSecretStore"} & made


def test_its_pods_may_read_no_secret_by_themselves() -> None:
    found = recorded()
    (own,) = statements(found.inputs("RolePolicy", "external-secrets")["policy"])
    reader = found.inputs("Role", "external-secrets-reader")
    assert own["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert own["Resource"] == reader_arn(PLACE, SCOPE.environment)
    assert own["Resource"].endswith(f":role/{reader['name']}")
    assert reader["name"] == "mlcluster-test-secrets-reader"


def test_the_role_that_reads_is_lent_to_it_alone_for_a_folder_that_is_named() -> None:
    (trust,) = statements(edge_policies.lend("arn:aws:iam::111122223333:role/mlcluster-test-secrets"))
    assert trust["Principal"] == {"AWS": "arn:aws:iam::111122223333:role/mlcluster-test-secrets"}
    assert trust["Condition"] == {"StringLike": {"aws:RequestTag/mlcluster-secrets": ["platform", "teams/*"]}}


def test_a_session_reads_its_folder_of_the_environment_and_no_other() -> None:
    (read,) = statements(edge_policies.read(PLACE, "test"))
    assert read["Resource"] == (
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
        "mlcluster/test/${aws:PrincipalTag/mlcluster-secrets}/*"
    )
    assert read["Action"] == ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]


def test_each_store_says_its_folder() -> None:
    found = recorded()
    platform = provider(found.inputs("ClusterSecretStore"))
    assert platform["sessionTags"] == [{"key": "mlcluster-secrets", "value": "platform"}]
    for home in HOMES:
        store = found.inputs("SecretStore", f"secrets-fraud-{home}")
        assert store["metadata"]["namespace"] == home
        assert provider(store)["sessionTags"] == [{"key": "mlcluster-secrets", "value": "teams/fraud"}]
        assert provider(store)["role"] == platform["role"] == reader_arn(PLACE, "test")


def test_the_platforms_secrets_are_not_for_teams() -> None:
    (condition,) = recorded().inputs("ClusterSecretStore")["spec"]["conditions"]
    selector = condition["namespaceSelector"]
    assert selector["matchLabels"] == {MANAGED_BY_LABEL: "mlcluster"}
    assert selector["matchExpressions"] == [{"key": TEAM_LABEL, "operator": "DoesNotExist"}]


def test_members_use_stores_and_make_none() -> None:
    found = recorded()
    rules = found.inputs("ClusterRole")["rules"]
    writing = {kind for one in rules if "create" in one["verbs"] for kind in one["resources"]}
    assert writing == {"externalsecrets", "passwords"}
    bindings = found.all("RoleBinding")
    assert {one.inputs["metadata"]["namespace"] for one in bindings} == set(HOMES)
    for one in bindings:
        assert [subject["name"] for subject in one.inputs["subjects"]] == ["oidc:fraud"]
        assert one.inputs["roleRef"]["name"] == found.inputs("ClusterRole")["metadata"]["name"]
    rbac = manifests.values(1)["rbac"]
    assert (rbac["aggregateToEdit"], rbac["aggregateToAdmin"]) == (False, False)


def test_rights_go_last_and_stores_first() -> None:
    found = recorded()
    release = found.before(found.one("Release"))
    assert {
        "PodIdentityAssociation::external-secrets",
        "Role::external-secrets-reader",
        "RolePolicy::external-secrets-reader",
        "Namespace::external-secrets",
    } <= release
    for kind in ("ClusterSecretStore", "SecretStore"):
        for one in found.all(kind):
            assert "Release::external-secrets" in found.before(one)


def test_its_pods_run_under_the_account_that_has_its_rights() -> None:
    found = recorded()
    association = found.inputs("PodIdentityAssociation")
    release = found.inputs("Release")
    assert (association["namespace"], association["serviceAccount"]) == (
        release["namespace"],
        release["values"]["serviceAccount"]["name"],
    )


def test_without_aws_there_are_passwords_alone() -> None:
    found = recorded(on_aws=False)
    assert found.recording.outputs.get("store") is None
    assert not [*found.all("ClusterSecretStore"), *found.all("SecretStore"), *found.all("Role")]
    assert len(found.all("RoleBinding")) == 3


def test_no_secret_passes_through_the_program() -> None:
    found = recorded()
    assert not found.all("Secret")
    assert "secretRef" not in json.dumps([dict(one.inputs) for one in found.resources], default=str)


@pytest.mark.parametrize("part", [None, "webhook", "certController"])
def test_every_part_is_placed_and_sized(part: str | None) -> None:
    values = manifests.values(2) if part is None else manifests.values(2)[part]
    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"]["enabled"] is True
    assert values["topologySpreadConstraints"]
    assert values["resources"]["limits"]["memory"]
    assert manifests.values(2)["leaderElect"] is True
