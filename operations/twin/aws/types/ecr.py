"""ECR: repositories with their settings, and the caches of others' registries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws import rules
from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, retag, tag_list
from operations.twin.aws.values import decapitalised, tag_map


def _encryption(operation: Operation) -> dict[str, Any] | None:
    given = operation.inputs.get("encryptionConfigurations")
    return dict(given[0]) if given else None


def _key_exists(operation: Operation) -> None:
    """ECR makes a grant on the key when it makes the repository."""
    key = (_encryption(operation) or {}).get("kmsKey")
    path = {"KeyId": key}
    if key and operation.find("describe_key", "KeyMetadata.Enabled", path, service="kms") is not True:
        raise ApiError("KmsException", f"The KMS key {key} does not exist, or is not enabled, in the region.")


def _read_repository(operation: Operation) -> dict[str, Any] | None:
    path = {"repositoryNames": [operation.id]}
    found: dict[str, Any] | None = operation.find("describe_repositories", "repositories[0]", path)
    if found is None:
        return None
    tags = operation.find("list_tags_for_resource", "tags", {"resourceArn": found["repositoryArn"]})
    return {**found, "TagMap": tag_map(tags)}


def _arn(operation: Operation) -> str:
    place = operation.facts
    return f"arn:{place['partition']}:ecr:{operation.region}:{place['account']}:repository/{operation.id}"


def _list_of_one(name: str) -> Any:
    return lambda _, found: [found[name]] if found.get(name) else None


REPOSITORY = Type(
    type="aws:ecr/repository:Repository",
    service="ecr",
    word="repository",
    optional=(
        "name",
        "encryptionConfigurations",
        "forceDelete",
        "imageScanningConfiguration",
        "imageTagMutability",
        "imageTagMutabilityExclusionFilters",
    ),
    taggable=True,
    name=Name(prefix=None, limit=256, lower=True),
    defaults={"imageTagMutability": "MUTABLE"},
    guards=(_key_exists,),
    create=Call(
        "create_repository",
        {
            "repositoryName": "$name",
            "encryptionConfiguration": _encryption,
            "imageScanningConfiguration": "$imageScanningConfiguration",
            "imageTagMutability": "$imageTagMutability",
            "imageTagMutabilityExclusionFilters": "$imageTagMutabilityExclusionFilters",
            "tags": tag_list,
        },
    ),
    id="{name}",
    read=_read_repository,
    outputs={
        "arn": "repositoryArn",
        "name": "repositoryName",
        "registryId": "registryId",
        "repositoryUrl": "repositoryUri",
        "encryptionConfigurations": _list_of_one("encryptionConfiguration"),
        "imageScanningConfiguration": "imageScanningConfiguration",
        "imageTagMutability": "imageTagMutability",
        "imageTagMutabilityExclusionFilters": "imageTagMutabilityExclusionFilters",
        "tags": "TagMap",
    },
    changes=(
        Change(
            inputs=("imageTagMutability", "imageTagMutabilityExclusionFilters"),
            step=Call(
                "put_image_tag_mutability",
                {
                    "repositoryName": "$id",
                    "imageTagMutability": "$imageTagMutability",
                    "imageTagMutabilityExclusionFilters": "$imageTagMutabilityExclusionFilters",
                },
            ),
            on_create=False,
        ),
        Change(
            inputs=("imageScanningConfiguration",),
            step=Call(
                "put_image_scanning_configuration",
                {
                    "repositoryName": "$id",
                    "imageScanningConfiguration": '$imageScanningConfiguration || `{"scanOnPush": false}`',
                },
            ),
            on_create=False,
        ),
        retag(
            lambda operation, keys: operation.call(
                "untag_resource", {"resourceArn": _arn(operation), "tagKeys": keys}
            ),
            lambda operation, tags: operation.call(
                "tag_resource", {"resourceArn": _arn(operation), "tags": pairs(tags)}
            ),
        ),
    ),
    delete=Call("delete_repository", {"repositoryName": "$id", "force": "$forceDelete"}),
    replace=frozenset({"name", "encryptionConfigurations"}),
    kept=frozenset({"encryptionConfigurations", "imageScanningConfiguration"}),
)


def _setting(type_: str, word: str, put: Call, get: Call, delete: Call, output: str) -> Type:
    """A document of a repository's, put as a whole."""
    return Type(
        type=type_,
        service="ecr",
        word=word,
        required=("repository", "policy"),
        rules=(rules.policy("policy"),),
        create=put,
        id="{repository}",
        read=get,
        outputs={
            "repository": lambda operation, _: operation.id,
            "policy": output,
            "registryId": lambda operation, _: operation.facts["account"],
        },
        changes=(Change(inputs=("policy",), step=put, on_create=False),),
        delete=delete,
        replace=frozenset({"repository"}),
    )


LIFECYCLE_POLICY = _setting(
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "repository-lifecycle",
    Call("put_lifecycle_policy", {"repositoryName": "$repository", "lifecyclePolicyText": "$policy"}),
    Call("get_lifecycle_policy", {"repositoryName": "$id"}),
    Call("delete_lifecycle_policy", {"repositoryName": "$id"}),
    "lifecyclePolicyText",
)

REPOSITORY_POLICY = _setting(
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "repository-policy",
    Call("set_repository_policy", {"repositoryName": "$repository", "policyText": "$policy"}),
    Call("get_repository_policy", {"repositoryName": "$id"}),
    Call("delete_repository_policy", {"repositoryName": "$id"}),
    "policyText",
)

PULL_THROUGH_CACHE_RULE = Type(
    type="aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
    service="ecr",
    word="pull-through-cache-rule",
    required=("ecrRepositoryPrefix", "upstreamRegistryUrl"),
    optional=("credentialArn", "customRoleArn", "upstreamRepositoryPrefix"),
    create=Call(
        "create_pull_through_cache_rule",
        {
            "ecrRepositoryPrefix": "$ecrRepositoryPrefix",
            "upstreamRegistryUrl": "$upstreamRegistryUrl",
            "credentialArn": "$credentialArn",
            "customRoleArn": "$customRoleArn",
            "upstreamRepositoryPrefix": "$upstreamRepositoryPrefix",
        },
    ),
    id="{ecrRepositoryPrefix}",
    read=Call("describe_pull_through_cache_rules", {"ecrRepositoryPrefixes": ["$id"]}),
    found="pullThroughCacheRules[0]",
    outputs={
        "ecrRepositoryPrefix": "ecrRepositoryPrefix",
        "upstreamRegistryUrl": "upstreamRegistryUrl",
        "credentialArn": "credentialArn",
        "customRoleArn": "customRoleArn",
        "upstreamRepositoryPrefix": "upstreamRepositoryPrefix",
        "registryId": "registryId",
    },
    changes=(
        Change(
            inputs=("credentialArn", "customRoleArn"),
            step=Call(
                "update_pull_through_cache_rule",
                {
                    "ecrRepositoryPrefix": "$id",
                    "credentialArn": "$credentialArn",
                    "customRoleArn": "$customRoleArn",
                },
            ),
            on_create=False,
        ),
    ),
    delete=Call("delete_pull_through_cache_rule", {"ecrRepositoryPrefix": "$id"}),
    replace=frozenset({"ecrRepositoryPrefix", "upstreamRegistryUrl", "upstreamRepositoryPrefix"}),
    kept=frozenset({"upstreamRepositoryPrefix"}),
)

_TEMPLATE = {
    "description": "$description",
    "appliedFor": "$appliedFors",
    "customRoleArn": "$customRoleArn",
    "encryptionConfiguration": _encryption,
    "imageTagMutability": "$imageTagMutability",
    "imageTagMutabilityExclusionFilters": "$imageTagMutabilityExclusionFilters",
    "lifecyclePolicy": "$lifecyclePolicy",
    "repositoryPolicy": "$repositoryPolicy",
    "resourceTags": lambda operation: pairs(operation.inputs.get("resourceTags")),
}


def _template_tags(_: Operation, found: Mapping[str, Any]) -> dict[str, str] | None:
    return tag_map(found.get("resourceTags")) or None


REPOSITORY_CREATION_TEMPLATE = Type(
    type="aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
    service="ecr",
    word="repository-creation-template",
    required=("appliedFors", "prefix"),
    optional=(
        "customRoleArn",
        "description",
        "encryptionConfigurations",
        "imageTagMutability",
        "imageTagMutabilityExclusionFilters",
        "lifecyclePolicy",
        "repositoryPolicy",
        "resourceTags",
    ),
    defaults={"imageTagMutability": "MUTABLE"},
    rules=(rules.policy("lifecyclePolicy"), rules.policy("repositoryPolicy")),
    create=Call("create_repository_creation_template", {"prefix": "$prefix", **_TEMPLATE}),
    id="{prefix}",
    read=Call("describe_repository_creation_templates", {"prefixes": ["$id"]}),
    found="repositoryCreationTemplates[0]",
    outputs={
        "prefix": "prefix",
        "description": "description",
        "appliedFors": "appliedFor",
        "customRoleArn": "customRoleArn",
        "encryptionConfigurations": _list_of_one("encryptionConfiguration"),
        "imageTagMutability": "imageTagMutability",
        "imageTagMutabilityExclusionFilters": lambda _, found: decapitalised(
            found.get("imageTagMutabilityExclusionFilters")
        ),
        "lifecyclePolicy": "lifecyclePolicy",
        "repositoryPolicy": "repositoryPolicy",
        "resourceTags": _template_tags,
        "registryId": lambda operation, _: operation.facts["account"],
    },
    changes=(
        Change(
            inputs=(
                "appliedFors",
                "customRoleArn",
                "description",
                "encryptionConfigurations",
                "imageTagMutability",
                "imageTagMutabilityExclusionFilters",
                "lifecyclePolicy",
                "repositoryPolicy",
                "resourceTags",
            ),
            step=Call("update_repository_creation_template", {"prefix": "$id", **_TEMPLATE}),
            on_create=False,
        ),
    ),
    delete=Call("delete_repository_creation_template", {"prefix": "$id"}),
    replace=frozenset({"prefix"}),
    kept=frozenset({"encryptionConfigurations"}),
)
