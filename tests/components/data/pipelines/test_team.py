"""A team's part of pipelines: where artifacts go, and who may do what."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
import yaml

from components.data.pipelines import team_manifests as manifests
from components.data.pipelines.team import TeamPipelines, TeamPipelinesArgs
from components.data.pipelines.team_manifests import At
from infra import ceph
from tests.components.data.pipelines.support import space
from tests.components.support import SCOPE, Found, known, record_component

HOMES = ("fraud-exploration", "fraud-training", "fraud-serving")
S3 = At(prefix="teams/fraud/", host="s3.eu-west-1.amazonaws.com", region="eu-west-1")


def recorded(at: At | None = S3, **changes: Any) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = TeamPipelinesArgs(
            scope=SCOPE,
            team="fraud",
            space=space("fraud"),
            groups=("oidc:fraud", "mlcluster:fraud"),
            account="workload",
            at=at,
            bucket=known("a-raw"),
            **changes,
        )
        TeamPipelines("pipelines-fraud", args, opts)

    return record_component(build)


@pytest.fixture(scope="module")
def found() -> Found:
    return recorded()


def config(found: Found, name: str) -> dict[str, Any]:
    """The ConfigMaps of a name, by namespace."""
    return {
        one.inputs["metadata"]["namespace"]: one.inputs
        for one in found.all("ConfigMap")
        if one.inputs["metadata"]["name"] == name
    }


def bound(found: Found) -> dict[tuple[str, str], set[tuple[str, ...]]]:
    """Who is bound to what, by namespace and role."""
    return {
        (one.inputs["metadata"]["namespace"], one.inputs["roleRef"]["name"]): {
            (each["kind"], each.get("namespace", ""), each["name"]) for each in one.inputs["subjects"]
        }
        for one in found.all("RoleBinding")
    }


def test_artifacts_are_in_the_teams_part_of_the_lake(found: Found) -> None:
    there = config(found, "artifact-repositories")
    assert set(there) == set(HOMES)
    for one in there.values():
        (key,) = one["metadata"]["annotations"].values()
        s3 = yaml.safe_load(one["data"][key])["s3"]
        assert s3["keyFormat"].startswith("teams/fraud/artifacts/{{workflow.namespace}}/")
        assert (s3["bucket"], s3["region"], s3["insecure"]) == ("a-raw", "eu-west-1", False)
        assert s3["useSDKCreds"] is True
        assert not [one for one in s3 if "Secret" in one]


def test_on_ceph_pods_have_the_keys_of_their_namespace() -> None:
    at = manifests.at_endpoint("teams/fraud/", ceph.endpoint(tls=False))
    there = config(recorded(at), "artifact-repositories")
    s3 = yaml.safe_load(there["fraud-training"]["data"]["lake"])["s3"]
    assert (s3["endpoint"], s3["insecure"]) == ("rook-ceph-rgw-lake.rook-ceph.svc:80", True)
    assert s3["accessKeySecret"] == {"name": ceph.secret("fraud-training"), "key": "AccessKey"}
    assert "useSDKCreds" not in s3
    assert "region" not in s3
    assert manifests.at_endpoint("a/", ceph.endpoint(tls=True)).encrypted


def test_without_a_lake_there_are_none() -> None:
    assert config(recorded(None), "artifact-repositories") == {}


def test_every_team_has_a_semaphore_for_trainings(found: Found) -> None:
    assert {one["data"]["train"] for one in config(found, "semaphores").values()} == {"2"}
    given = config(recorded(semaphores={"train": 5, "big-reads": 1}), "semaphores")
    assert set(given) == set(HOMES)
    assert all(one["data"] == {"train": "5", "big-reads": "1"} for one in given.values())


def test_what_has_the_lake_may_only_tell_what_it_made(found: Found) -> None:
    for (_, role), who in bound(found).items():
        names = {name for kind, _, name in who if kind == "ServiceAccount"}
        assert ("workload" in names) == (role == manifests.RESULTS)


def test_what_makes_objects_does_so_at_home_and_deploys_where_models_are_at_work(found: Found) -> None:
    rights = bound(found)
    for home in HOMES:
        assert rights[home, manifests.OBJECTS] == {("ServiceAccount", home, "pipeline")}
    deploys = [where for where, role in rights if role == manifests.DEPLOY]
    assert deploys == ["fraud-serving"]
    makers = rights["fraud-serving", manifests.DEPLOY]
    assert makers == {("ServiceAccount", home, "pipeline") for home in HOMES}
    for one in found.all("ServiceAccount"):
        assert one.inputs["automountServiceAccountToken"] is False


def test_members_submit_in_their_own_namespaces_and_see_what_is_shared(found: Found) -> None:
    people = {("Group", "", "oidc:fraud"), ("Group", "", "mlcluster:fraud")}
    rights = bound(found)
    assert {where for where, role in rights if role == manifests.MEMBERS} == set(HOMES)
    assert all(rights[home, manifests.MEMBERS] == people for home in HOMES)
    (shared,) = found.all("ClusterRoleBinding")
    assert shared.inputs["roleRef"]["name"] == manifests.READERS
    (rule,) = manifests.roles()[manifests.READERS]
    assert (rule["resources"], rule["verbs"]) == (["clusterworkflowtemplates"], ["get", "list", "watch"])


def test_a_team_is_few_resources(found: Found) -> None:
    """They multiply: a hundred teams are in the state a hundred times."""
    assert len(found.resources) <= 26
