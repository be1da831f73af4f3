from typing import Any

import pytest

from components.storage.block import BlockClasses, BlockClassesArgs, parameters
from infra.environment.storage import Storage
from infra.environment.storage.block import Block
from tests.components.support import SCOPE, Found, record_component


def recorded(**block: Any) -> Found:
    classes = Storage.model_validate({"block": block}).classes
    args = BlockClassesArgs(scope=SCOPE, classes=classes)
    return record_component(lambda opts: BlockClasses("block", args, opts))


def test_gp3_is_there_by_itself_and_the_one_default() -> None:
    (only,) = recorded().all("StorageClass")
    assert only.inputs["metadata"]["name"] == "gp3"
    assert only.inputs["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert only.inputs["provisioner"] == "ebs.csi.aws.com"
    assert only.inputs["volumeBindingMode"] == "WaitForFirstConsumer"
    assert only.inputs["allowVolumeExpansion"] is True
    assert only.inputs["reclaimPolicy"] == "Delete"


def test_of_several_classes_one_is_the_default() -> None:
    found = recorded(db={"type": "io2", "iops": 10000, "default": True, "reclaim": "retain"})
    defaults = {
        one.inputs["metadata"]["name"]: one.inputs["metadata"]["annotations"][
            "storageclass.kubernetes.io/is-default-class"
        ]
        for one in found.all("StorageClass")
    }
    assert defaults == {"gp3": "false", "db": "true"}
    assert found.inputs("StorageClass", "block-db")["reclaimPolicy"] == "Retain"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"type": "gp3", "encrypted": "true", "csi.storage.k8s.io/fstype": "ext4"}),
        (
            {"iops": 6000, "throughput": 500, "filesystem": "xfs"},
            {
                "type": "gp3",
                "encrypted": "true",
                "csi.storage.k8s.io/fstype": "xfs",
                "iops": "6000",
                "throughput": "500",
            },
        ),
        (
            {"type": "io2", "iops": 100000},
            {
                "type": "io2",
                "encrypted": "true",
                "csi.storage.k8s.io/fstype": "ext4",
                "iops": "100000",
                "blockExpress": "true",
            },
        ),
    ],
)
def test_volumes_are_encrypted_and_as_fast_as_asked(fields: dict[str, Any], expected: dict[str, str]) -> None:
    assert parameters(Block.model_validate(fields)) == expected
