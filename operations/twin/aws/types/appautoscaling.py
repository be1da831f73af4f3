"""Application Auto Scaling: what grows by itself, and when."""

from __future__ import annotations

import uuid
from typing import Any, Final

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Type
from operations.twin.aws.values import decapitalised

_WHAT: Final = {
    "ServiceNamespace": "$serviceNamespace",
    "ResourceId": "$resourceId",
    "ScalableDimension": "$scalableDimension",
}
_REGISTER: Final = Call(
    "register_scalable_target",
    {
        **_WHAT,
        "MinCapacity": "$minCapacity",
        "MaxCapacity": "$maxCapacity",
        "RoleARN": "$roleArn",
        "Tags": "$tags",
    },
)


def _what(operation: Operation) -> dict[str, str]:
    """The thing that a target or a policy is of, from its id."""
    parts = operation.id.split("|")
    return {"ServiceNamespace": parts[0], "ResourceId": parts[1], "ScalableDimension": parts[2]}


def _read_target(operation: Operation) -> Any:
    what = _what(operation)
    return operation.find(
        "describe_scalable_targets",
        "ScalableTargets[0]",
        {
            "ServiceNamespace": what["ServiceNamespace"],
            "ResourceIds": [what["ResourceId"]],
            "ScalableDimension": what["ScalableDimension"],
        },
    )


def _target_arn(operation: Operation, found: Any) -> str:
    given = found.get("ScalableTargetARN")
    place = "{partition}:application-autoscaling:{region}:{account}".format_map(operation.facts)
    return given or f"arn:{place}:scalable-target/{uuid.uuid5(uuid.NAMESPACE_URL, operation.id).hex}"


def _forget_target(operation: Operation) -> None:
    """Moto's words for what is gone already are not those of AWS (ObjectNotFoundException)."""
    if _read_target(operation):
        operation.call("deregister_scalable_target", _what(operation))


TARGET: Final = Type(
    type="aws:appautoscaling/target:Target",
    service="application-autoscaling",
    word="scalable-target",
    required=("maxCapacity", "minCapacity", "resourceId", "scalableDimension", "serviceNamespace"),
    optional=("roleArn",),
    taggable=True,
    create=_REGISTER,
    id="{serviceNamespace}|{resourceId}|{scalableDimension}",
    read=_read_target,
    outputs={
        "arn": _target_arn,
        "resourceId": "ResourceId",
        "serviceNamespace": "ServiceNamespace",
        "scalableDimension": "ScalableDimension",
        "minCapacity": "MinCapacity",
        "maxCapacity": "MaxCapacity",
        "roleArn": "RoleARN",
    },
    changes=(
        Change(inputs=("minCapacity", "maxCapacity", "roleArn", "tags"), step=_REGISTER, on_create=False),
    ),
    delete=_forget_target,
    replace=frozenset({"resourceId", "scalableDimension", "serviceNamespace"}),
    kept=frozenset({"roleArn"}),
)

_PUT: Final = Call(
    "put_scaling_policy",
    {
        **_WHAT,
        "PolicyName": "$name",
        "PolicyType": "$policyType",
        "TargetTrackingScalingPolicyConfiguration": "$targetTrackingScalingPolicyConfiguration",
    },
)


def _read_policy(operation: Operation) -> Any:
    name = operation.id.split("|")[3]
    return operation.find(
        "describe_scaling_policies", f"ScalingPolicies[?PolicyName=='{name}'] | [0]", _what(operation)
    )


def _forget_policy(operation: Operation) -> None:
    if _read_policy(operation):
        name = operation.id.split("|")[3]
        operation.call("delete_scaling_policy", {**_what(operation), "PolicyName": name})


POLICY: Final = Type(
    type="aws:appautoscaling/policy:Policy",
    service="application-autoscaling",
    word="scaling-policy",
    required=("name", "resourceId", "scalableDimension", "serviceNamespace"),
    optional=("policyType", "targetTrackingScalingPolicyConfiguration"),
    create=_PUT,
    id="{serviceNamespace}|{resourceId}|{scalableDimension}|{name}",
    read=_read_policy,
    outputs={
        "arn": "PolicyARN",
        "alarmArns": lambda _, found: [alarm["AlarmARN"] for alarm in found.get("Alarms") or ()],
        "name": "PolicyName",
        "policyType": "PolicyType",
        "resourceId": "ResourceId",
        "serviceNamespace": "ServiceNamespace",
        "scalableDimension": "ScalableDimension",
        "targetTrackingScalingPolicyConfiguration": lambda _, found: decapitalised(
            found.get("TargetTrackingScalingPolicyConfiguration")
        ),
    },
    changes=(
        Change(inputs=("policyType", "targetTrackingScalingPolicyConfiguration"), step=_PUT, on_create=False),
    ),
    delete=_forget_policy,
    replace=frozenset({"name", "resourceId", "scalableDimension", "serviceNamespace"}),
)
