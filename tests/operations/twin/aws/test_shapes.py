from __future__ import annotations

from typing import Any

import pytest
from botocore.model import Shape
from botocore.session import get_session

from operations.twin.aws.shapes import fit, violations


def shape(service: str, operation: str) -> Shape:
    found = get_session().get_service_model(service).operation_model(operation).input_shape
    assert found is not None
    return found


def test_members_are_found_by_letter_case_and_scalars_are_turned() -> None:
    given = {
        "launchTemplateName": "x",
        "launchTemplateData": {
            "blockDeviceMappings": [{"ebs": {"volumeSize": "100", "encrypted": "true"}}],
            "metadataOptions": [{"httpTokens": "required"}],
            "monitoring": {"enabled": True},
        },
    }
    assert fit(given, shape("ec2", "CreateLaunchTemplate")) == {
        "LaunchTemplateName": "x",
        "LaunchTemplateData": {
            "BlockDeviceMappings": [{"Ebs": {"VolumeSize": 100, "Encrypted": True}}],
            "MetadataOptions": {"HttpTokens": "required"},
            "Monitoring": {"Enabled": True},
        },
    }


def test_what_the_model_does_not_have_stays_to_be_refused() -> None:
    assert fit({"bogus": 1, "name": 5}, shape("eks", "DescribeCluster")) == {"bogus": 1, "name": "5"}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"nodegroupName": "x", "capacityType": "SPOT"}, []),
        ({"capacityType": "CHEAP"}, ["capacityType: 'CHEAP' is not one of ON_DEMAND, SPOT, CAPACITY_BLOCK"]),
        (
            {"scalingConfig": {"maxSize": 0}},
            ["scalingConfig.maxSize: 0 is below the least that AWS takes, 1"],
        ),
        (
            {"taints": [{"key": "k" * 64}]},
            ["taints[0].key: 64 characters is above the most that AWS takes, 63"],
        ),
        ({"labels": {"a": "v" * 64}}, ["labels.a: 64 characters is above the most that AWS takes, 63"]),
    ],
)
def test_the_models_constraints_are_judged(given: dict[str, Any], found: list[str]) -> None:
    assert list(violations(given, shape("eks", "CreateNodegroup"))) == found
