"""IAM: instance profiles, by which instances have a role."""

from __future__ import annotations

from typing import Any, Final

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import pairs, read_tags, retag, tag_list


def _give_role(operation: Operation) -> None:
    """Puts the one role that a profile may have in the place of the one that it had."""
    _take_role(operation)
    role = operation.inputs.get("role")
    if role:
        operation.call(
            "add_role_to_instance_profile", {"InstanceProfileName": operation.id, "RoleName": role}
        )


def _take_role(operation: Operation) -> None:
    """A profile with a role in it cannot be deleted: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteInstanceProfile.html."""
    profile = {"InstanceProfileName": operation.id}
    for role in operation.find("get_instance_profile", "InstanceProfile.Roles[].RoleName", profile) or ():
        operation.call("remove_role_from_instance_profile", {**profile, "RoleName": role})


def _retagging(method: str, **more: Any) -> Any:
    return lambda operation, value: operation.call(
        method, {"InstanceProfileName": operation.id, **{key: make(value) for key, make in more.items()}}
    )


INSTANCE_PROFILE: Final = Type(
    type="aws:iam/instanceProfile:InstanceProfile",
    service="iam",
    word="instance-profile",
    optional=("name", "namePrefix", "path", "role"),
    regional=False,
    taggable=True,
    name=Name(limit=128),
    defaults={"path": "/"},
    create=Call(
        "create_instance_profile", {"InstanceProfileName": "$name", "Path": "$path", "Tags": tag_list}
    ),
    id="{name}",
    read=Call("get_instance_profile", {"InstanceProfileName": "$id"}),
    found="InstanceProfile",
    outputs={
        "arn": "Arn",
        "name": "InstanceProfileName",
        "path": "Path",
        "role": "Roles[0].RoleName",
        "createDate": lambda _, found: found["CreateDate"].isoformat(),
        "uniqueId": "InstanceProfileId",
        "tags": read_tags,
    },
    changes=(
        Change(inputs=("role",), step=_give_role),
        retag(
            _retagging("untag_instance_profile", TagKeys=lambda keys: keys),
            _retagging("tag_instance_profile", Tags=pairs),
        ),
    ),
    delete_guards=(_take_role,),
    delete=Call("delete_instance_profile", {"InstanceProfileName": "$id"}),
    replace=frozenset({"name", "namePrefix", "path"}),
)
