"""Whatever runs in a cluster has its images from the mirror, where there is one."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
import yaml

from components.mirror import redirect, redirected
from operations.recorder import record_program
from tests.components.support import Found

MIRROR = "oci://registry.example.com/mirror"


class Thing(pulumi.ComponentResource):
    """A component that knows nothing of mirrors."""

    def __init__(self, opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:index:Thing", "thing", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        containers = [{"name": "a", "image": pulumi.Output.from_input("quay.io/a/b:1")}]
        kubernetes.core.v1.Pod("pod", metadata={"name": "pod"}, spec={"containers": containers}, opts=child)
        kubernetes.apiextensions.CustomResource(
            "ceph",
            api_version="ceph.rook.io/v1",
            kind="CephCluster",
            metadata={"name": "ceph", "namespace": "default"},
            spec={"cephVersion": {"image": "quay.io/ceph/ceph:v20", "allowUnsupported": False}},
            opts=child,
        )
        self.register_outputs({})


def test_components_hand_the_mirror_down() -> None:
    def program() -> None:
        reach = kubernetes.Provider("kubernetes", context="test")
        Thing(pulumi.ResourceOptions(providers=[reach], transformations=[redirect(MIRROR)]))

    found = Found(record_program(program))
    (container,) = found.inputs("Pod")["spec"]["containers"]
    assert container["image"] == "registry.example.com/mirror/a/b:1"
    version = found.inputs("CephCluster")["spec"]["cephVersion"]
    assert version == {"image": "registry.example.com/mirror/ceph/ceph:v20", "allowUnsupported": False}


@pytest.mark.parametrize(
    "value",
    [
        {"image": "pilot"},
        {"image": "https://example.com/logo:1"},
        {"image": "registry.example.com/mirror/a:1"},
        {"source": "quay.io/a/b:1"},
        {"image": {"repository": "quay.io/a/b"}},
        {"image": True},
    ],
)
def test_what_is_no_reference_to_an_image_elsewhere_stays(value: dict[str, Any]) -> None:
    assert redirected(value, MIRROR) == value


def test_images_are_found_in_the_text_of_values_and_lists() -> None:
    given = {"initContainers": [{"image": "docker.io/velero/plugin:v1", "name": "plugin"}]}
    changed = {
        "initContainers": [{"image": "registry.example.com/mirror/velero/plugin:v1", "name": "plugin"}]
    }
    assert redirected(given, MIRROR) == changed


def test_manifests_in_config_maps_have_their_images_from_it_too() -> None:
    data = {
        "job.yaml": "spec: {image: docker.io/a/b:1, cores: 2}",
        "plain.yaml": "a:   [1]",
        "odd.yaml": "a: b: c",
    }
    found = redirected({"data": {**data, "text": "image: docker.io/a/b:1"}}, MIRROR)["data"]
    assert yaml.safe_load(found.pop("job.yaml")) == {
        "spec": {"image": "registry.example.com/mirror/a/b:1", "cores": 2}
    }
    assert found == {"plain.yaml": "a:   [1]", "odd.yaml": "a: b: c", "text": "image: docker.io/a/b:1"}
