"""Spark, really applied: what the API server makes of a job's few lines, and who may hand them in."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from operations.recorder import record
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.kubernetes.types import RELEASE, resolve
from operations.twin.kubernetes.values import as_given
from tests.acceptance.cluster import Person, present
from tests.acceptance.manifests import UPSTREAM
from tests.components.data.spark.support import merged
from tests.components.support import Found
from tests.stacks.test_platform import parsed
from tests.stacks.test_spark import PROFILES, STORAGE

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not UPSTREAM.is_dir(), reason=f"{UPSTREAM} is not there"),
]

JOBS = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/{}/sparkapplications"
LINES: dict[str, Any] = {
    "metadata": {"name": "clean"},
    "spec": {"mainApplicationFile": "s3a://a-raw/teams/fraud/jobs/clean.py"},
}


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    """All objects of Spark and of its teams' part, with the namespaces that they are in before them."""
    found = Found(record(parsed(storage=STORAGE, spark={"history": True, "profiles": PROFILES})))
    made: list[Manifest] = []
    for one in found.resources:
        if one.type.startswith("kubernetes:") and one.type != RELEASE and one.name.startswith("spark"):
            kind = resolve(one.type, one.inputs)
            made.append(
                {**copy.deepcopy(dict(one.inputs)), "apiVersion": kind.api_version, "kind": kind.kind}
            )
    spaces = {one["metadata"]["name"] for one in made if one["kind"] == "Namespace"}
    others = {one["metadata"].get("namespace") for one in made} - spaces - {None}
    bare = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(others)]
    return sorted([*bare, *made], key=lambda one: one["kind"] != "Namespace")


def profiles(objects: list[Manifest]) -> dict[str, Manifest]:
    """The profiles of the namespace to train, as people find them."""
    (config,) = [
        one
        for one in objects
        if one["kind"] == "ConfigMap"
        and one["metadata"] == {**one["metadata"], "name": "spark-profiles", "namespace": "fraud-training"}
    ]
    return {name: yaml.safe_load(text) for name, text in config["data"].items()}


def job(objects: list[Manifest], profile: str) -> Manifest:
    made: Manifest = merged(profiles(objects)[f"{profile}.yaml"], LINES)
    made["metadata"]["name"] = profile
    return made


@pytest.fixture(scope="module")
def there(client: Client, objects: list[Manifest]) -> Iterator[list[Manifest]]:
    jobs = [job(objects, profile) for profile in PROFILES]
    with present(client, [*objects, *jobs]) as applied:
        yield applied


def test_all_of_it_is_accepted_and_kept_as_given(
    client: Client, objects: list[Manifest], there: list[Manifest]
) -> None:
    assert {"Deployment", "ConfigMap", "RoleBinding", "SparkApplication"} <= {one["kind"] for one in there}
    for manifest in (*objects, *(job(objects, profile) for profile in PROFILES)):
        live = client.get(Ref.of(manifest))
        assert live is not None, manifest
        assert as_given(manifest, live) == manifest


def test_members_hand_in_jobs_and_others_do_not(
    plane: ControlPlane, objects: list[Manifest], there: list[Manifest]
) -> None:
    del there
    wanted = job(objects, "small")
    wanted["metadata"]["name"] = "by-hand"
    path = JOBS.format("fraud-training")
    status, _ = Person(plane.ensure, "oidc:search").ask("POST", path, wanted)
    assert status == 403
    member = Person(plane.ensure, "oidc:fraud")
    assert member.ask("POST", path, wanted)[0] == 201
    status, changed = member.ask("PATCH", f"{path}/by-hand", {"spec": {"executor": {"cores": 3}}})
    assert (status, changed["spec"]["executor"]["cores"]) == (200, 3)
    assert member.ask("DELETE", f"{path}/by-hand")[0] == 200


def test_a_profile_alone_is_no_job(
    plane: ControlPlane, objects: list[Manifest], there: list[Manifest]
) -> None:
    del there
    alone = merged(profiles(objects)["small.yaml"], {"metadata": {"name": "alone"}})
    status, answer = Person(plane.ensure, "oidc:fraud").ask("POST", JOBS.format("fraud-training"), alone)
    assert status == 422
    assert "mainApplicationFile" in answer["message"]
