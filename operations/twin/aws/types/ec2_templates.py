"""EC2: launch templates. Every change of their data makes a new version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Type
from operations.twin.aws.types.tags import EC2_TAGS, pairs, read_tags, specifications
from operations.twin.aws.values import decapitalised, tag_map

_DATA = {
    "blockDeviceMappings": "BlockDeviceMappings",
    "capacityReservationSpecification": "CapacityReservationSpecification",
    "disableApiTermination": "DisableApiTermination",
    "ebsOptimized": "EbsOptimized",
    "iamInstanceProfile": "IamInstanceProfile",
    "imageId": "ImageId",
    "instanceMarketOptions": "InstanceMarketOptions",
    "instanceType": "InstanceType",
    "keyName": "KeyName",
    "metadataOptions": "MetadataOptions",
    "monitoring": "Monitoring",
    "networkInterfaces": "NetworkInterfaces",
    "placement": "Placement",
    "userData": "UserData",
    "vpcSecurityGroupIds": "SecurityGroupIds",
}
"""Inputs that differ from EC2's data in letter case only; `tagSpecifications` is the rest of the data."""

_SPELLED = {"securityGroups": "Groups", "ipv4Addresses": "PrivateIpAddresses"}
"""Members of network interfaces that the SDK calls differently."""


def _data(operation: Operation) -> dict[str, Any]:
    inputs = operation.inputs
    data = {aws: inputs[name] for name, aws in _DATA.items() if name in inputs}
    if "networkInterfaces" in inputs:
        data["NetworkInterfaces"] = [_interface(item) for item in inputs["networkInterfaces"]]
    if "tagSpecifications" in inputs:
        data["TagSpecifications"] = [
            {"ResourceType": item["resourceType"], "Tags": pairs(item["tags"])}
            for item in inputs["tagSpecifications"]
        ]
    return data


def _interface(interface: Mapping[str, Any]) -> dict[str, Any]:
    return {_SPELLED.get(name, name): value for name, value in interface.items()}


def _read(operation: Operation) -> dict[str, Any] | None:
    template: dict[str, Any] | None = operation.find(
        "describe_launch_templates", "LaunchTemplates[0]", {"LaunchTemplateIds": [operation.id]}
    )
    if template is None:
        return None
    arguments = {"LaunchTemplateId": operation.id, "Versions": ["$Latest"]}
    latest = operation.find("describe_launch_template_versions", "LaunchTemplateVersions[0]", arguments)
    return {**template, "Latest": latest, "Data": latest["LaunchTemplateData"]}


def _interfaces(_: Operation, found: Mapping[str, Any]) -> Any:
    back = {aws.lower(): name for name, aws in _SPELLED.items()}
    interfaces = decapitalised(found["Data"].get("NetworkInterfaces"))
    return interfaces and [
        {back.get(name.lower(), name): value for name, value in item.items()} for item in interfaces
    ]


def _tag_specifications(_: Operation, found: Mapping[str, Any]) -> Any:
    """Those of what the template makes; moto lists the template's own tags among them."""
    specified = found["Data"].get("TagSpecifications") or []
    return [
        {"resourceType": item["ResourceType"], "tags": tag_map(item["Tags"])}
        for item in specified
        if item["ResourceType"] != "launch-template"
    ] or None


def _datum(aws: str) -> Any:
    return lambda _, found: decapitalised(found["Data"].get(aws))


def _new_version(operation: Operation) -> None:
    version = operation.call(
        "create_launch_template_version",
        {
            "LaunchTemplateId": operation.id,
            "LaunchTemplateData": _data(operation),
            "VersionDescription": operation.inputs.get("description"),
        },
    )["LaunchTemplateVersion"]["VersionNumber"]
    if operation.inputs.get("updateDefaultVersion"):
        _set_default(operation, version)


def _set_default(operation: Operation, version: int | str) -> None:
    operation.call(
        "modify_launch_template", {"LaunchTemplateId": operation.id, "DefaultVersion": str(version)}
    )


def _change_default(operation: Operation) -> None:
    if "defaultVersion" in operation.inputs:
        _set_default(operation, operation.inputs["defaultVersion"])
    elif operation.inputs.get("updateDefaultVersion") and operation.old:
        _set_default(operation, operation.old["latestVersion"])


LAUNCH_TEMPLATE = Type(
    type="aws:ec2/launchTemplate:LaunchTemplate",
    service="ec2",
    word="launch-template",
    optional=(
        "name",
        "namePrefix",
        "description",
        "defaultVersion",
        "updateDefaultVersion",
        "tagSpecifications",
        *_DATA,
    ),
    taggable=True,
    name=Name(limit=128),
    create=Call(
        "create_launch_template",
        {
            "LaunchTemplateName": "$name",
            "LaunchTemplateData": _data,
            "VersionDescription": "$description",
            "TagSpecifications": specifications("launch-template"),
        },
    ),
    id="LaunchTemplate.LaunchTemplateId",
    read=_read,
    outputs={
        "arn": "arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
        "name": "LaunchTemplateName",
        "description": "Latest.VersionDescription",
        "defaultVersion": "DefaultVersionNumber",
        "latestVersion": "LatestVersionNumber",
        **{name: _datum(aws) for name, aws in _DATA.items()},
        "networkInterfaces": _interfaces,
        "tagSpecifications": _tag_specifications,
        "tags": read_tags,
    },
    changes=(
        Change(inputs=("defaultVersion", "updateDefaultVersion"), step=_change_default, on_create=False),
        Change(inputs=("description", "tagSpecifications", *_DATA), step=_new_version, on_create=False),
        EC2_TAGS,
    ),
    delete=Call("delete_launch_template", {"LaunchTemplateId": "$id"}),
    replace=frozenset({"name", "namePrefix"}),
    kept=frozenset({"defaultVersion"}),
    volatile=("latestVersion", "defaultVersion"),
)
