from typing import Any

from components.storage.mounts import LakeMount, LakeMountArgs
from infra.environment.storage.mounts import Mount
from tests.components.storage.support import check_pairs, spaces, volumes
from tests.components.support import SCOPE, Found, lake, record_component


def recorded(**fields: Any) -> Found:
    mount = Mount.model_validate({"path": "datasets/images", **fields})
    args = LakeMountArgs(
        scope=SCOPE,
        region="eu-west-1",
        name="images",
        mount=mount,
        lake=lake(),
        teams=spaces("fraud", "search"),
    )
    return record_component(lambda opts: LakeMount("mount-images", args, opts))


def test_each_namespace_has_the_mount_and_reads_with_its_own_rights() -> None:
    found = recorded()
    check_pairs(found)
    made = volumes(found)
    assert len(made) == 6
    csi = made["fraud-training/images"]["csi"]
    assert csi["driver"] == "s3.csi.aws.com"
    assert csi["volumeAttributes"] == {
        "bucketName": "a-curated",
        "authenticationSource": "pod",
        "stsRegion": "eu-west-1",
    }


def test_mounts_are_read_only_unless_said_otherwise() -> None:
    volume = volumes(recorded())["fraud-serving/images"]
    assert volume["accessModes"] == ["ReadOnlyMany"]
    assert volume["mountOptions"] == [
        "region eu-west-1",
        "allow-other",
        "read-only",
        "prefix datasets/images/",
    ]
    volume = volumes(recorded(writable=True))["fraud-serving/images"]
    assert volume["accessModes"] == ["ReadWriteMany"]
    assert {"allow-delete", "allow-overwrite"} <= set(volume["mountOptions"])
    assert "read-only" not in volume["mountOptions"]


def test_a_whole_zone_has_no_prefix() -> None:
    volume = volumes(recorded(path="models"))["fraud-serving/images"]
    assert volume["csi"]["volumeAttributes"]["bucketName"] == "a-models"
    assert not any(option.startswith("prefix") for option in volume["mountOptions"])


def test_what_is_read_again_can_be_kept_on_the_node() -> None:
    attributes = volumes(recorded(cache="200GiB"))["fraud-serving/images"]["csi"]["volumeAttributes"]
    assert (attributes["cache"], attributes["cacheEmptyDirSizeLimit"]) == ("emptyDir", "200Gi")
