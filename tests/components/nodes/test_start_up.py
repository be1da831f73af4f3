import base64
import tomllib
from email import message_from_string
from email.message import Message

import pytest
import yaml

from components.nodes import start_up
from infra.addressing import PodAddresses
from infra.environment.pools import Pool


def pool(instance: str, **fields: object) -> Pool:
    return Pool.model_validate({"instances": [instance], **fields})


def parts(user_data: str | None) -> dict[str, str]:
    """Text of the parts of a MIME document by their content type."""
    message = message_from_string(base64.b64decode(user_data or "").decode())
    assert message.is_multipart()
    found = [part for part in message.get_payload() if isinstance(part, Message)]
    return {part.get_content_type(): str(part.get_payload()) for part in found}


def settings(pool: Pool) -> dict[str, object]:
    found: dict[str, object] = tomllib.loads(start_up.plain(pool))["settings"]
    return found


BOTTLEROCKET = {"image": {"family": "bottlerocket"}}


def test_local_disks_are_used_where_there_are_some() -> None:
    (text,) = parts(start_up.user_data(pool("p4d.24xlarge"))).values()
    config = yaml.safe_load(text)
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    assert config["spec"] == {"instance": {"localStorage": {"strategy": "RAID0"}}}


@pytest.mark.parametrize("fields", [{}, BOTTLEROCKET])
def test_there_is_nothing_to_say_of_a_plain_node(fields: dict[str, object]) -> None:
    assert start_up.user_data(pool("m7i.large", **fields)) is None


def test_huge_pages_are_set_aside_before_the_kubelet_starts_and_kept() -> None:
    found = parts(start_up.user_data(pool("p5.48xlarge", huge_pages="10GiB")))
    script = found["text/x-shellscript"]
    assert script.startswith("#!/bin/bash\n")
    assert "'vm.nr_hugepages = 5120' > /etc/sysctl.d/" in script
    assert "application/node.eks.aws" in found


def test_bottlerocket_is_told_in_toml() -> None:
    found = settings(pool("p5.48xlarge", huge_pages="10GiB", **BOTTLEROCKET))
    assert found["kernel"] == {"sysctl": {"vm.nr_hugepages": "5120"}}
    (command,) = found["bootstrap-commands"].values()  # type: ignore[attr-defined]
    init, bind = command["commands"]
    assert init == ["apiclient", "ephemeral-storage", "init"]
    assert bind[:4] == ["apiclient", "ephemeral-storage", "bind", "--dirs"]
    assert "/var/lib/containerd" in bind
    assert (command["mode"], command["essential"]) == ("always", True)


def test_bottlerocket_lets_pods_without_root_at_neuron_devices() -> None:
    assert settings(pool("inf2.xlarge", **BOTTLEROCKET)) == {
        "kubernetes": {"device-ownership-from-security-context": True}
    }


@pytest.mark.parametrize(("sharing", "way"), [({"time_slices": 4}, "time-slicing"), ({"mps": 4}, "mps")])
def test_bottlerockets_own_device_plugin_shares_gpus(sharing: dict[str, int], way: str) -> None:
    found = settings(pool("g6.xlarge", sharing=sharing, **BOTTLEROCKET))
    assert found["kubelet-device-plugins"] == {
        "nvidia": {"device-sharing-strategy": way, way: {"replicas": 4, "rename-by-default": False}}
    }


def test_somebody_else_may_set_up_local_disks() -> None:
    assert start_up.plain(pool("p4d.24xlarge"), with_disks=False) == ""


APART = PodAddresses(apart=True)


@pytest.mark.parametrize(
    ("instance", "fields", "how", "expected"),
    [
        ("m7i.large", {}, PodAddresses(), None),
        ("m7i.large", {}, PodAddresses(blocks=True), None),
        ("m7i.large", {}, APART, 20),  # two of three interfaces, nine addresses each, and two on the host
        ("m7i.large", {}, PodAddresses(apart=True, blocks=True), None),  # 110, as EKS says
        ("p5.48xlarge", {"zone": "us-east-1a"}, PodAddresses(), 51),  # an EFA has one of two interfaces
        ("p5.48xlarge", {"zone": "us-east-1a", "efa": False}, PodAddresses(), None),
        ("p5.48xlarge", {}, PodAddresses(), None),
        ("p6-b300.48xlarge", {"zone": "us-east-1a"}, PodAddresses(), None),  # a card without an EFA
        ("p4d.24xlarge", {"zone": "us-east-1a"}, PodAddresses(), None),  # 250 either way
    ],
)
def test_kubelets_are_told_how_many_pods_have_addresses_where_eks_would_be_wrong(
    instance: str, fields: dict[str, object], how: PodAddresses, expected: int | None
) -> None:
    assert start_up.pods_to_tell(pool(instance, **fields), how) == expected


def test_of_alternatives_the_smallest_counts() -> None:
    both = Pool.model_validate({"instances": ["m7i.xlarge", "m7i.large"]})
    assert start_up.pods_to_tell(both, APART) == start_up.pods_to_tell(pool("m7i.large"), APART)


def test_the_number_of_pods_is_in_a_file_that_counts_more_than_user_data() -> None:
    script = parts(start_up.user_data(pool("m7i.large"), APART))["text/x-shellscript"]
    target, _, rest = script.partition("cat > ")[2].partition(" << 'END'\n")
    assert target.startswith("/etc/eks/nodeadm.d/")
    assert target.endswith(".yaml")
    config = yaml.safe_load(rest.partition("\nEND\n")[0])
    assert (config["apiVersion"], config["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    assert config["spec"] == {"kubelet": {"config": {"maxPods": 20}}}


def test_bottlerocket_is_told_in_its_settings() -> None:
    told = base64.b64decode(start_up.user_data(pool("inf2.xlarge", **BOTTLEROCKET), APART) or "").decode()
    assert tomllib.loads(told)["settings"]["kubernetes"] == {
        "max-pods": 44,
        "device-ownership-from-security-context": True,
    }
