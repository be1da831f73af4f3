"""IAM: roles and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws import rules
from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, tag_list
from operations.twin.aws.values import text_of_document


def _forget_policies(operation: Operation) -> None:
    """Detaches everything, as `forceDetachPolicies` asks for, so that the role can go."""
    if not operation.inputs.get("forceDetachPolicies"):
        return
    role = {"RoleName": operation.id}
    path = "AttachedPolicies[].PolicyArn"
    for arn in operation.find("list_attached_role_policies", path, role) or ():
        operation.call("detach_role_policy", {**role, "PolicyArn": arn})
    for name in operation.find("list_role_policies", "PolicyNames", role) or ():
        operation.call("delete_role_policy", {**role, "PolicyName": name})


def _boundary(operation: Operation) -> None:
    arn = operation.inputs.get("permissionsBoundary")
    if arn is None:
        operation.call("delete_role_permissions_boundary", {"RoleName": operation.id})
    else:
        arguments = {"RoleName": operation.id, "PermissionsBoundary": arn}
        operation.call("put_role_permissions_boundary", arguments)


ROLE = Type(
    type="aws:iam/role:Role",
    service="iam",
    word="role",
    required=("assumeRolePolicy",),
    optional=(
        "name",
        "namePrefix",
        "path",
        "description",
        "maxSessionDuration",
        "permissionsBoundary",
        "forceDetachPolicies",
    ),
    regional=False,
    taggable=True,
    name=Name(limit=64),
    rules=(rules.policy("assumeRolePolicy"),),
    defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
    create=Call(
        "create_role",
        {
            "RoleName": "$name",
            "Path": "$path",
            "AssumeRolePolicyDocument": "$assumeRolePolicy",
            "Description": "$description",
            "MaxSessionDuration": "$maxSessionDuration",
            "PermissionsBoundary": "$permissionsBoundary",
            "Tags": tag_list,
        },
    ),
    id="Role.RoleName",
    read=Call("get_role", {"RoleName": "$id"}),
    found="Role",
    outputs={
        "arn": "Arn",
        "name": "RoleName",
        "path": "Path",
        "description": "Description",
        "maxSessionDuration": "MaxSessionDuration",
        "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn",
        "assumeRolePolicy": lambda _, found: text_of_document(found["AssumeRolePolicyDocument"]),
        "createDate": lambda _, found: found["CreateDate"].isoformat(),
        "uniqueId": "RoleId",
        "tags": read_tags,
    },
    changes=(
        Change(
            inputs=("assumeRolePolicy",),
            step=Call(
                "update_assume_role_policy", {"RoleName": "$id", "PolicyDocument": "$assumeRolePolicy"}
            ),
            on_create=False,
        ),
        Change(
            inputs=("description", "maxSessionDuration"),
            step=Call(
                "update_role",
                {
                    "RoleName": "$id",
                    "Description": "$description",
                    "MaxSessionDuration": "$maxSessionDuration",
                },
            ),
            on_create=False,
        ),
        Change(inputs=("permissionsBoundary",), step=_boundary, on_create=False),
        retag(
            lambda operation, keys: operation.call("untag_role", {"RoleName": operation.id, "TagKeys": keys}),
            lambda operation, tags: operation.call(
                "tag_role", {"RoleName": operation.id, "Tags": pairs(tags)}
            ),
        ),
    ),
    delete_guards=(_forget_policies,),
    delete=Call("delete_role", {"RoleName": "$id"}),
    replace=frozenset({"name", "namePrefix", "path"}),
)

_PUT_POLICY = Call(
    "put_role_policy", {"RoleName": "$role", "PolicyName": "$name", "PolicyDocument": "$policy"}
)


def _read_role_policy(operation: Operation) -> Mapping[str, Any] | None:
    role, _, name = operation.id.partition(":")
    found: dict[str, Any] = operation.call("get_role_policy", {"RoleName": role, "PolicyName": name})
    return found


def _role_policy_call(method: str) -> Any:
    def step(operation: Operation) -> None:
        role, _, name = operation.id.partition(":")
        operation.call(method, {"RoleName": role, "PolicyName": name})

    return step


ROLE_POLICY = Type(
    type="aws:iam/rolePolicy:RolePolicy",
    service="iam",
    word="role-policy",
    required=("role", "policy"),
    optional=("name", "namePrefix"),
    regional=False,
    name=Name(limit=128),
    rules=(rules.policy("policy"),),
    create=_PUT_POLICY,
    id="{role}:{name}",
    read=_read_role_policy,
    outputs={
        "role": "RoleName",
        "name": "PolicyName",
        "policy": lambda _, found: text_of_document(found["PolicyDocument"]),
    },
    changes=(Change(inputs=("policy",), step=_PUT_POLICY, on_create=False),),
    delete=_role_policy_call("delete_role_policy"),
    replace=frozenset({"role", "name", "namePrefix"}),
)


def _attach(operation: Operation) -> None:
    """Refuses a policy that does not exist; moto takes any ARN that looks like one of AWS."""
    arn, role = operation.inputs["policyArn"], operation.inputs["role"]
    if operation.find("get_policy", "Policy.Arn", {"PolicyArn": arn}) is None:
        raise ApiError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    operation.call("attach_role_policy", {"RoleName": role, "PolicyArn": arn})


def _read_attachment(operation: Operation) -> dict[str, str] | None:
    role, _, arn = operation.id.partition("/")
    path = f"AttachedPolicies[?PolicyArn=='{arn}'] | [0]"
    found = operation.find("list_attached_role_policies", path, {"RoleName": role})
    return found and {"role": role, "policyArn": arn}


def _detach(operation: Operation) -> None:
    role, _, arn = operation.id.partition("/")
    operation.call("detach_role_policy", {"RoleName": role, "PolicyArn": arn})


ROLE_POLICY_ATTACHMENT = Type(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    service="iam",
    word="role-policy-attachment",
    required=("role", "policyArn"),
    regional=False,
    create=_attach,
    id="{role}/{policyArn}",
    read=_read_attachment,
    outputs={"role": "role", "policyArn": "policyArn"},
    delete=_detach,
    replace=frozenset({"role", "policyArn"}),
)
