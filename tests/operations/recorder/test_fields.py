from typing import Any

import pytest

from operations.recorder import fields
from operations.recorder.wire import UNKNOWN

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
POD = "kubernetes:core/v1:Pod"


def found(token: str, inputs: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in fields.check("it", token, inputs)]


def container(**more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "one"}, "spec": {"containers": [{"name": "one", "image": "one", **more}]}}


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (TEMPLATE, {"networkInterfaces": [{"deviceIndex": 0, "interfaceType": "efa-only"}]}),
        (TEMPLATE, {"networkInterfaces": UNKNOWN, "name": None, "tags": {"a": "b"}}),
        (TEMPLATE, {"blockDeviceMappings": [{"ebs": {"volumeSize": 100, "encrypted": "true"}}]}),
        ("aws:budgets/budget:Budget", {"budgetType": "COST", "timeUnit": "MONTHLY"}),
        (POD, container(ports=[{"containerPort": 80}], env=[{"name": "a", "value": "b"}])),
        (POD, container(livenessProbe={"httpGet": {"port": 80}})),
        (POD, container(livenessProbe={"httpGet": {"port": "http"}})),
        ("kubernetes:core/v1:ResourceQuota", {"spec": {"hard": {"requests.nvidia.com/gpu": "1"}}}),
        ("kubernetes:kueue.x-k8s.io/v1beta1:ClusterQueue", {"spec": {"what": "ever"}}),
    ],
)
def test_what_the_sdk_accepts_passes(token: str, inputs: dict[str, Any]) -> None:
    assert found(token, inputs) == []


NODES = {"clusterName": "a", "nodeRoleArn": "b", "subnetIds": []}


@pytest.mark.parametrize(
    ("token", "inputs", "path", "message"),
    [
        (TEMPLATE, {"imageID": "ami-1"}, ".imageID", "ami-1 is not a field here; did you mean imageId?"),
        (
            TEMPLATE,
            {"networkInterfaces": [{"deviceIndex": 0}, {"interface_type": "efa"}]},
            ".networkInterfaces[1].interface_type",
            "efa is not a field here; did you mean interfaceType?",
        ),
        (
            TEMPLATE,
            {"blockDeviceMappings": [{"ebs": {"volumeSize": "ten"}}]},
            ".blockDeviceMappings[0].ebs.volumeSize",
            "ten has the wrong type; write a whole number",
        ),
        (
            TEMPLATE,
            {"blockDeviceMappings": [{"ebs": {"encrypted": True}}]},
            ".blockDeviceMappings[0].ebs.encrypted",
            "true has the wrong type; write text",
        ),
        (TEMPLATE, {"metadataOptions": []}, ".metadataOptions", "[] has the wrong type; write an object"),
        (TEMPLATE, {"tags": {"a": 3}}, ".tags['a']", "3 has the wrong type; write text"),
        (TEMPLATE, {"tags": []}, ".tags", "[] has the wrong type; write a mapping"),
        (TEMPLATE, {"securityGroupNames": "a"}, ".securityGroupNames", "a has the wrong type; write a list"),
        (TEMPLATE, {"updateDefaultVersion": 1}, ".updateDefaultVersion", "write true or false"),
        (TEMPLATE, {"defaultVersion": True}, ".defaultVersion", "write a whole number"),
        (TEMPLATE, {"defaultVersion": 1.5}, ".defaultVersion", "write a whole number"),
        (
            NODE_GROUP,
            {**NODES, "scalingConfig": {"minSize": 0, "maxSize": 1}},
            ".scalingConfig.desiredSize",
            "is required and missing",
        ),
        (
            POD,
            container(command="sleep"),
            ".spec.containers[0].command",
            "sleep has the wrong type; write a list",
        ),
        (
            POD,
            container(imagepull="Always"),
            ".spec.containers[0].imagepull",
            "did you mean image or imagePullPolicy?",
        ),
        (POD, {"kind": "Deployment"}, ".kind", "Deployment has the wrong type; write 'Pod'"),
        ("aws:ec2/nonsense:Nonsense", {}, "", "is no resource type of an installed SDK"),
    ],
)
def test_what_it_does_not_know_is_named_by_its_path(
    token: str, inputs: dict[str, Any], path: str, message: str
) -> None:
    (only,) = found(token, inputs)
    assert only.startswith(f"it{path}: ")
    assert message in only


def test_all_mistakes_are_told_at_once() -> None:
    assert len(found(TEMPLATE, {"one": 1, "two": 2, "tags": {"a": 3, "b": 4}})) == 4


def test_of_alternatives_the_nearest_explains_what_is_wrong() -> None:
    # A bucket policy is text or a document; a document with a mistake in it is not called a wrong text.
    (only,) = found("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b", "policy": 3})
    assert only.startswith("it.policy: 3")


def test_a_providers_inputs_are_judged_as_they_were_written() -> None:
    inputs = {"allowedAccountIds": '["111122223333"]', "region": "eu-west-1", "version": "7"}
    plain = fields.unpacked("pulumi:providers:aws", inputs)
    assert plain == {"allowedAccountIds": ["111122223333"], "region": "eu-west-1"}
    assert found("pulumi:providers:aws", plain) == []
