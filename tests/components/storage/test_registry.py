"""Container images: our own, and copies of others'."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from components.storage.registry import ContainerRegistry, ContainerRegistryArgs, FirstPulls, FirstPullsArgs
from infra.environment.storage.registry import Registry
from tests.components.support import PLACE, SCOPE, Found, record_component, statements

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ecr-pullthroughcache/hub-AbCdEf"
EVERYTHING: dict[str, Any] = {
    "repositories": ["base", "training/llm"],
    "pull_through": {"quay": {}, "docker-hub": {"credentials": SECRET}},
}


def recorded(**settings: Any) -> Found:
    registry = Registry.model_validate({**EVERYTHING, **settings})
    args = ContainerRegistryArgs(scope=SCOPE, place=PLACE, registry=registry)
    return record_component(lambda opts: ContainerRegistry("registry", args, opts))


def test_repositories_carry_the_environments_name_and_are_encrypted_with_one_key() -> None:
    found = recorded()
    assert found.inputs("Key")["enableKeyRotation"] is True
    repositories = found.all("Repository")
    assert {one.inputs["name"] for one in repositories} == {
        "mlcluster/test/base",
        "mlcluster/test/training/llm",
    }
    for one in repositories:
        (encryption,) = one.inputs["encryptionConfigurations"]
        assert encryption["encryptionType"] == "KMS"
        assert encryption["kmsKey"].startswith("arn:aws:kms:eu-west-1:")
        assert one.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert one.inputs["imageTagMutability"] == "IMMUTABLE"


def test_the_accounts_own_settings_are_left_alone() -> None:
    types = {one.type.rpartition(":")[2] for one in recorded().resources}
    assert not types & {
        "RegistryScanningConfiguration",
        "RegistryPolicy",
        "ReplicationConfiguration",
        "AccountSetting",
    }


def test_some_tags_may_move() -> None:
    one = recorded(mutable_tags=["cache-*"]).one("Repository", "registry-base")
    assert one.inputs["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert one.inputs["imageTagMutabilityExclusionFilters"] == [
        {"filter": "cache-*", "filterType": "WILDCARD"}
    ]


def test_images_without_a_tag_go_and_only_the_latest_stay() -> None:
    found = recorded(expire_untagged="3d", keep_images=7).inputs("LifecyclePolicy", "registry-base")
    untagged, rest = json.loads(found["policy"])["rules"]
    assert (untagged["rulePriority"], rest["rulePriority"]) == (1, 2)
    assert untagged["selection"]["countNumber"] == 3
    assert rest["selection"] == {
        "tagStatus": "tagged",
        "tagPatternList": ["*"],
        "countType": "imageCountMoreThan",
        "countNumber": 7,
    }


def test_only_this_accounts_nodes_pull_and_nobody_else_does_anything() -> None:
    found = recorded()
    for one in found.all("RepositoryPolicy"):
        pull, others = statements(one.inputs["policy"])
        assert pull["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
        assert pull["Condition"] == {
            "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/mlcluster-*"}
        }
        assert "ecr:PutImage" not in pull["Action"]
        assert (others["Effect"], others["Principal"], others["Action"]) == ("Deny", "*", "ecr:*")
        assert others["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": "111122223333"}


def test_what_others_publish_is_copied_on_the_first_pull_by_a_template_that_comes_first() -> None:
    found = recorded(expire_cached="30d")
    for name, url in {"quay": "quay.io", "docker-hub": "registry-1.docker.io"}.items():
        rule = found.one("PullThroughCacheRule", f"registry-{name}")
        template = found.one("RepositoryCreationTemplate", f"registry-{name}")
        assert rule.inputs["upstreamRegistryUrl"] == url
        assert rule.inputs["ecrRepositoryPrefix"] == template.inputs["prefix"] == f"test/{name}"
        assert template.urn in rule.dependencies
        assert template.inputs["appliedFors"] == ["PULL_THROUGH_CACHE"]
        assert template.inputs["resourceTags"]["mlcluster:environment"] == "test"
        (old,) = json.loads(template.inputs["lifecyclePolicy"])["rules"]
        assert old["selection"]["countNumber"] == 30
        assert found.one("Role").urn in template.dependencies
    assert found.inputs("PullThroughCacheRule", "registry-docker-hub")["credentialArn"] == SECRET
    assert "credentialArn" not in found.inputs("PullThroughCacheRule", "registry-quay")


def test_ecr_makes_repositories_of_copies_in_a_role_that_may_do_just_that() -> None:
    found = recorded()
    make, encrypt = statements(found.inputs("RolePolicy", "registry-caches")["policy"])
    assert make["Resource"] == "arn:aws:ecr:eu-west-1:111122223333:repository/test/*"
    assert encrypt["Resource"].startswith("arn:aws:kms:")
    assert "ecr.amazonaws.com" in found.inputs("Role")["assumeRolePolicy"]


def test_without_upstreams_there_is_no_role() -> None:
    found = recorded(pull_through={})
    for kind in ("Role", "RolePolicy", "PullThroughCacheRule", "RepositoryCreationTemplate"):
        assert found.all(kind) == []


def test_the_handle_tells_where_images_are() -> None:
    seen: dict[str, Any] = {}

    def build(opts: pulumi.ResourceOptions) -> None:
        registry = Registry.model_validate(EVERYTHING)
        made = ContainerRegistry(
            "registry", ContainerRegistryArgs(scope=SCOPE, place=PLACE, registry=registry), opts
        )
        made.handle.repositories.apply(seen.update)
        made.handle.mirrors.apply(seen.update)

    record_component(build)
    host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    assert seen == {
        "base": f"{host}/mlcluster/test/base",
        "training/llm": f"{host}/mlcluster/test/training/llm",
        "quay.io": f"{host}/test/quay",
        "docker.io": f"{host}/test/docker-hub",
    }


def test_images_that_are_kept_are_protected_and_stay() -> None:
    found = recorded()
    assert all(
        one.protect and one.retain_on_delete for kind in ("Repository", "Key") for one in found.all(kind)
    )
    given_up = recorded(keep="destroy")
    assert all(one.inputs["forceDelete"] for one in given_up.all("Repository"))
    assert not any(one.protect or one.retain_on_delete for one in given_up.resources)


def test_nodes_may_have_ecr_fetch_what_it_lacks() -> None:
    role = pulumi.Output.from_input("arn:aws:iam::111122223333:role/mlcluster-test-node")
    args = FirstPullsArgs(scope=SCOPE, place=PLACE, keeper="test-data", role_arn=role)
    found = record_component(lambda opts: FirstPulls("first-pulls", args, opts))
    one = found.one("RolePolicy")
    assert one.inputs["role"] == "mlcluster-test-node"
    (right,) = statements(one.inputs["policy"])
    assert right["Resource"] == "arn:aws:ecr:eu-west-1:111122223333:repository/test-data/*"
    assert right["Action"] == ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"]
