"""The guardrail of container images."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.labels import COMPONENT_TAG, ENVIRONMENT_TAG, OWNER_TAG
from infra.policies import judge
from infra.resources import RecordedResource

TAGS = dict.fromkeys((ENVIRONMENT_TAG, OWNER_TAG, COMPONENT_TAG), "x")
DENY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "ecr:*",
    "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
}
ENCRYPTED = {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": "arn:aws:kms:x"}]}


def policy(**changes: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{**DENY, **changes}]})


def images(document: str | None = None, protect: bool = False, **changes: Any) -> list[RecordedResource]:
    inputs = {
        "name": "a",
        "tags": TAGS,
        "imageTagMutability": "IMMUTABLE",
        "forceDelete": True,
        **ENCRYPTED,
        **changes,
    }
    repository = "aws:ecr/repository:Repository"
    setting = "aws:ecr/repositoryPolicy:RepositoryPolicy"
    said = {"repository": "a", "policy": document or policy()}
    return [
        RecordedResource(
            urn="urn::a", type=repository, name="a", inputs=inputs, protect=protect, retain_on_delete=protect
        ),
        RecordedResource(urn="urn::b", type=setting, name="b", inputs=said),
    ]


def template(**changes: Any) -> list[RecordedResource]:
    inputs = {"prefix": "a", "repositoryPolicy": policy(), **ENCRYPTED, **changes}
    type_ = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
    return [RecordedResource(urn="urn::t", type=type_, name="t", inputs=inputs)]


@pytest.mark.parametrize(
    "resources",
    [
        images(),
        images(imageTagMutability="IMMUTABLE_WITH_EXCLUSION"),
        images(forceDelete=False, protect=True),
        template(),
    ],
)
def test_closed_images_pass(resources: list[RecordedResource]) -> None:
    assert judge(resources) == ()


@pytest.mark.parametrize(
    "resources",
    [
        images(imageTagMutability="MUTABLE"),
        images(encryptionConfigurations=[{"encryptionType": "AES256"}]),
        images(encryptionConfigurations=None),
        images(forceDelete=False),
        images(policy(Effect="Allow")),
        images(policy(Action="ecr:BatchGetImage")),
        images(policy(Condition={})),
        images()[:1],
        template(repositoryPolicy=None),
        template(encryptionConfigurations=None),
    ],
)
def test_open_images_are_named(resources: list[RecordedResource]) -> None:
    violations = judge(resources)
    assert {one.rule for one in violations} == {"closed_images"}
    assert len(violations) == 1
