"""Pools of Karpenter: what their nodes are, that they are those of managed pools, and how they end."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.nodes import group, start_up, template
from components.nodes import karpenter_manifests as manifests
from components.nodes.karpenter import Karpenter, KarpenterArgs
from components.nodes.karpenter_pool import KarpenterPool, KarpenterPoolArgs
from components.nodes.pool import NodePool, NodePoolArgs
from components.nodes.role import NodeRole, NodeRoleArgs
from infra.environment.pools import Pool
from infra.environment.pools.groups import groups
from tests.components.support import PLACE, SCOPE, ZONES, Found, cluster, network, record_component

CRDS = Path(__file__).parents[4] / "shared" / "upstream" / "karpenter" / "crds"
upstream = pytest.mark.skipif(not CRDS.is_dir(), reason=f"{CRDS} is not there")

CPU: dict[str, Any] = {"instances": ["r7i.8xlarge", "r6i.8xlarge"], "max": 40}
EFA: dict[str, Any] = {"instances": ["p4d.24xlarge"], "zone": "eu-west-1b", "max": 4}


def karpenters(**given: Any) -> Pool:
    return Pool.model_validate({**given, "scaling": "karpenter"})


def recorded(**given: Any) -> Found:
    """A pool that is Karpenter's or a managed one, by its own word, with all that it needs."""
    pool = Pool.model_validate(given)

    def build(opts: pulumi.ResourceOptions) -> None:
        role = NodeRole("nodes", NodeRoleArgs(scope=SCOPE, place=PLACE), opts)
        common: dict[str, Any] = {
            "scope": SCOPE,
            "name": "train",
            "pool": pool,
            "cluster": cluster(),
            "network": network(),
        }
        if pool.scaling == "managed":
            NodePool("train", NodePoolArgs(**common, role_arn=role.arn, after=(role,)), opts)
            return
        controller = Karpenter(
            "karpenter",
            KarpenterArgs(
                scope=SCOPE,
                place=PLACE,
                cluster=cluster(),
                node_role_arn=role.arn,
                site=manifests.Site(host_pools=["system"], hosts=2, overlays=pool.sharing is not None),
                after=(role,),
            ),
            opts,
        )
        args = KarpenterPoolArgs(**common, profile=controller.profile, after=controller.ready)
        KarpenterPool("train", args, opts)

    return record_component(build)


def spec(kind: str, **given: Any) -> dict[str, Any]:
    found = recorded(scaling="karpenter", **given)
    return dict(found.inputs(kind, f"train-{kind.lower()}")["spec"])


def node_class(pool: Pool, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"profile": "node", "subnets": ["subnet-1"], "groups": ["sg-1"], **changes}
    return manifests.node_class(pool, manifests.Surroundings(**given), {"Name": "it"})


def requirements(pool: dict[str, Any]) -> dict[str, list[str]]:
    return {one["key"]: one["values"] for one in pool["template"]["spec"]["requirements"]}


# --- what it says


def test_a_pool_is_what_its_section_says() -> None:
    pool = spec("NodePool", **CPU, capacity="spot", labels={"tier": "batch"}, taints=[{"key": "spot"}])
    assert requirements(pool) == {
        "node.kubernetes.io/instance-type": ["r7i.8xlarge", "r6i.8xlarge"],
        "kubernetes.io/arch": ["amd64"],
        "kubernetes.io/os": ["linux"],
        "topology.kubernetes.io/zone": list(ZONES),
        "karpenter.sh/capacity-type": ["spot"],
    }
    assert pool["template"]["metadata"]["labels"] == {"mlcluster.io/pool": "train", "tier": "batch"}
    assert pool["template"]["spec"]["taints"] == [{"key": "spot", "value": "true", "effect": "NoSchedule"}]
    assert pool["template"]["spec"]["nodeClassRef"]["name"] == "train"


def test_it_has_no_more_nodes_than_max_and_no_more_gpus() -> None:
    memory = f"{40 * 256 * 1024}Mi"
    assert spec("NodePool", **CPU)["limits"] == {"nodes": "40", "cpu": "1280", "memory": memory}
    assert spec("NodePool", **EFA)["limits"]["nvidia.com/gpu"] == "32"
    assert spec("NodePool", **EFA)["limits"]["nodes"] == "4"


@pytest.mark.parametrize(
    ("capacity", "type_", "ids"),
    [
        ("on-demand", "on-demand", None),
        ("spot", "spot", None),
        ({"reservation": "cr-0123456789abcdef0"}, "reserved", "cr-0123456789abcdef0"),
        (
            {"block": "cr-0123456789abcdef0", "ends": "2027-01-15T11:30:00Z"},
            "reserved",
            "cr-0123456789abcdef0",
        ),
    ],
)
def test_nodes_are_bought_as_the_pool_says(capacity: Any, type_: str, ids: str | None) -> None:
    pool = karpenters(**EFA, capacity=capacity)
    assert requirements(manifests.node_pool("train", pool, ZONES))["karpenter.sh/capacity-type"] == [type_]
    terms = node_class(pool).get("capacityReservationSelectorTerms")
    assert terms == (None if ids is None else [{"id": ids}])


def test_nodes_start_where_the_pool_is() -> None:
    assert spec("EC2NodeClass", **EFA)["subnetSelectorTerms"] == [{"id": "subnet-private-eu-west-1b"}]
    assert requirements(spec("NodePool", **EFA))["topology.kubernetes.io/zone"] == ["eu-west-1b"]
    assert len(spec("EC2NodeClass", **CPU)["subnetSelectorTerms"]) == 3


def test_nodes_guard_their_metadata() -> None:
    options = spec("EC2NodeClass", **CPU)["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)


def test_disruption_is_gentle_unless_it_is_told_otherwise() -> None:
    plain = spec("NodePool", **CPU)
    assert plain["disruption"] == {
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "consolidateAfter": "5m",
        "budgets": [{"nodes": "10%"}],
    }
    assert plain["template"]["spec"]["expireAfter"] == "Never"
    wanted = {
        "consolidate": "empty",
        "after": "90s",
        "budgets": [{"nodes": 0, "schedule": "0 9 * * 1-5", "lasts": "8h"}, {"nodes": "20%"}],
    }
    told = spec("NodePool", **CPU, disruption=wanted, expire_after="30d")
    assert told["disruption"] == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "90s",
        "budgets": [{"nodes": "0", "schedule": "0 9 * * 1-5", "duration": "8h"}, {"nodes": "20%"}],
    }
    assert told["template"]["spec"]["expireAfter"] == "720h"


@pytest.mark.parametrize(
    ("image", "alias"),
    [
        ({}, "al2023@latest"),
        ({"release": "1.35.2-20260720"}, "al2023@v20260720"),
        ({"family": "bottlerocket"}, "bottlerocket@latest"),
        ({"family": "bottlerocket", "release": "1.44.0-a1b2c3d4"}, "bottlerocket@v1.44.0"),
    ],
)
def test_images_are_those_of_the_release(image: dict[str, str], alias: str) -> None:
    assert node_class(karpenters(**CPU, image=image))["amiSelectorTerms"] == [{"alias": alias}]


def test_pods_that_have_addresses_in_blocks_may_be_many() -> None:
    assert "kubelet" not in node_class(karpenters(**CPU))
    assert node_class(karpenters(**CPU), blocks=True)["kubelet"] == {"maxPods": 250}
    small = karpenters(instances=["m7i.large", "r7i.8xlarge"])
    assert node_class(small, blocks=True)["kubelet"] == {"maxPods": 110}


def test_shares_of_gpus_are_told_to_karpenter_and_count_in_limits() -> None:
    shared = recorded(scaling="karpenter", instances=["g6.12xlarge"], max=3, sharing={"time_slices": 4})
    overlay = shared.inputs("NodeOverlay", "train-nodeoverlay")["spec"]
    assert overlay["capacity"] == {"nvidia.com/gpu": "16"}
    assert overlay["requirements"] == [
        {"key": "karpenter.sh/nodepool", "operator": "In", "values": ["train"]}
    ]
    assert shared.inputs("NodePool", "train-nodepool")["spec"]["limits"]["nvidia.com/gpu"] == "48"
    cut = manifests.node_overlay("train", karpenters(**EFA, sharing={"mig": "1g.5gb"}))
    assert cut is not None
    assert cut["capacity"] == {"nvidia.com/gpu": "0", "nvidia.com/mig-1g.5gb": "56"}
    assert manifests.node_overlay("train", karpenters(**EFA)) is None


def test_an_empty_value_of_a_taint_is_left_out() -> None:
    pool = manifests.node_pool("train", karpenters(**CPU, taints=[{"key": "a", "value": ""}]), ZONES)
    assert pool["template"]["spec"]["taints"] == [{"key": "a", "effect": "NoSchedule"}]


def test_a_placement_group_is_the_pools_own() -> None:
    found = recorded(scaling="karpenter", **EFA, placement="cluster")
    together = found.one("PlacementGroup")
    chosen = found.one("EC2NodeClass", "train-ec2nodeclass")
    assert chosen.inputs["spec"]["placementGroupSelector"] == {"name": together.inputs["name"]}
    assert together.urn in chosen.dependencies


# --- one word apart


@st.composite
def pools(draw: st.DrawFn) -> dict[str, Any]:
    """Descriptions that both kinds of pools take."""
    kinds = [
        ["m7i.large"],
        ["r7i.8xlarge", "r6i.8xlarge"],
        ["g6.12xlarge"],
        ["p4d.24xlarge"],
        ["c7g.4xlarge"],
    ]
    instances = draw(st.sampled_from([*kinds, ["p5.48xlarge"], ["p6-b300.48xlarge"], ["i4i.8xlarge"]]))
    zone = draw(st.sampled_from([None, "eu-west-1a"]))
    word = st.text("abcdefghij", min_size=1, max_size=8)
    taint = st.fixed_dictionaries(
        {
            "key": word,
            "value": word | st.just(""),
            "effect": st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
        }
    )
    bought: list[Any] = ["on-demand", "spot"]
    if len(instances) == 1:
        bought.append({"reservation": "cr-0123456789abcdef0"})
    given = {
        "instances": instances,
        "zone": zone,
        "max": draw(st.integers(1, 400)),
        "capacity": draw(st.sampled_from(bought)),
        "disk": f"{draw(st.integers(20, 16000))}GiB",
        "labels": draw(st.dictionaries(word, word, max_size=3)),
        "image": draw(st.sampled_from([{}, {"family": "bottlerocket"}, {"release": "1.35.2-20260720"}])),
    }
    if draw(st.booleans()):
        given["taints"] = draw(st.lists(taint, max_size=3))
    return given


@settings(deadline=None)
@given(pools())
def test_a_pool_moves_to_karpenter_by_one_word(described: dict[str, Any]) -> None:
    managed, moved = Pool.model_validate(described), karpenters(**described)
    part = groups(managed, ZONES)[0]
    group_of = group.settings(managed, part)
    pool, made_of = manifests.node_pool("train", moved, ZONES), node_class(moved)

    assert requirements(pool)["node.kubernetes.io/instance-type"] == list(group_of["instance_types"])
    kinds = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}
    assert [
        (one["key"], one.get("value", ""), one["effect"]) for one in pool["template"]["spec"]["taints"]
    ] == [(one["key"], one["value"], kinds[one["effect"]]) for one in group_of["taints"]]
    assert pool["limits"]["nodes"] == str(managed.max)
    assert pool["limits"].get("nvidia.com/gpu", "0") == str(managed.gpus)

    disks = template.disks(managed)
    assert [one["deviceName"] for one in made_of["blockDeviceMappings"]] == [
        one["device_name"] for one in disks
    ]
    assert made_of["blockDeviceMappings"][-1]["ebs"]["volumeSize"] == f"{disks[-1]['ebs']['volume_size']}Gi"
    assert all(one["ebs"]["encrypted"] for one in made_of["blockDeviceMappings"])
    assert ("instanceStorePolicy" in made_of) == start_up.local_disks(managed)
    assert made_of.get("userData", "") == start_up.plain(managed, with_disks=False)
    if not start_up.local_disks(managed):
        assert made_of.get("userData", "") == start_up.plain(managed)

    cards = [
        (one["network_card_index"], one["device_index"], one["interface_type"])
        for one in (template.network_interfaces(managed, "sg", "sg") if managed.efa_interfaces else [])
    ]
    assert cards == [
        (one["networkCardIndex"], one["deviceIndex"], one["interfaceType"])
        for one in made_of.get("networkInterfaces", [])
    ]


@pytest.mark.parametrize(
    "described", [CPU, EFA, {"instances": ["g6.12xlarge"], "sharing": {"time_slices": 4}}]
)
def test_labels_tags_metadata_and_groups_are_the_same_either_way(described: dict[str, Any]) -> None:
    managed, moved = recorded(**described), recorded(**described, scaling="karpenter")
    launch = managed.inputs("LaunchTemplate")
    made_of = moved.inputs("EC2NodeClass", "train-ec2nodeclass")["spec"]
    pool = moved.inputs("NodePool", "train-nodepool")["spec"]
    labels = managed.all("NodeGroup")[0].inputs["labels"]
    only_the_autoscaler_reads = {"k8s.amazonaws.com/accelerator"}
    assert pool["template"]["metadata"]["labels"] == {
        key: value for key, value in labels.items() if key not in only_the_autoscaler_reads
    }
    for tagged in launch["tagSpecifications"]:
        assert made_of["tags"] == tagged["tags"]
    same = ("httpEndpoint", "httpTokens", "httpPutResponseHopLimit")
    assert {key: made_of["metadataOptions"][key] for key in same} == {
        key: launch["metadataOptions"][key] for key in same
    }
    ours = {one["id"] for one in made_of["securityGroupSelectorTerms"]}
    theirs = {one for card in launch.get("networkInterfaces", ()) for one in card["securityGroups"]}
    assert "sg-cluster" in ours
    assert len(ours) == len(theirs or {"sg-cluster"})  # the ids of ours are made up anew by each recording
    for kind in ("SecurityGroup", "SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        assert managed.names(kind) == moved.names(kind)


def test_both_groups_can_stand_while_a_pool_moves() -> None:
    described = {**EFA, "placement": "cluster"}
    managed, moved = recorded(**described), recorded(**described, scaling="karpenter")
    for kind in ("SecurityGroup", "PlacementGroup"):
        assert managed.inputs(kind)["name"] != moved.inputs(kind)["name"]


# --- how it ends


@pytest.mark.parametrize("described", [CPU, EFA])
def test_nodes_go_before_their_class_that_before_the_controller_and_that_before_its_rights(
    described: dict[str, Any],
) -> None:
    found = recorded(scaling="karpenter", **described)
    pool = found.before(found.one("NodePool"))
    made_of = found.before(found.one("EC2NodeClass"))
    controller = found.before(found.one("Release", "karpenter"))
    assert "EC2NodeClass::train-ec2nodeclass" in pool
    assert "Release::karpenter" in made_of
    assert {
        "Release::karpenter-crd",
        "PodIdentityAssociation::karpenter",
        "RolePolicy::karpenter",
    } <= controller
    assert "Queue::karpenter-interruptions" in controller
    # What nodes need outlives all of them.
    assert {"Role::nodes", "InstanceProfile::karpenter"} <= controller
    assert "RolePolicyAttachment::nodes-AmazonEKS_CNI_Policy" in controller


def test_what_lets_efa_through_outlives_the_nodes() -> None:
    found = recorded(scaling="karpenter", **EFA)
    before = found.before(found.one("EC2NodeClass"))
    assert {"SecurityGroup::train-fabric", "SecurityGroupEgressRule::train-fabric"} <= before


def test_pulumi_waits_until_the_last_node_is_gone() -> None:
    pool = recorded(scaling="karpenter", **CPU).inputs("NodePool")
    assert pool["metadata"]["annotations"] == {"pulumi.com/deletionPropagationPolicy": "foreground"}


# --- what the real definitions say


def definitions() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(CRDS.glob("*.yaml")):
        found = yaml.safe_load(path.read_text())
        yield found["spec"]["names"]["kind"], found


def strict(schema: Any) -> Any:
    """A structural schema in which a field that is not there is wrong, as the API server has it."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: strict(value) for key, value in schema.items() if key != "format"}
    if "properties" in inner and "additionalProperties" not in inner:
        inner["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return {"anyOf": [{"type": "integer"}, inner]} if schema.get("x-kubernetes-int-or-string") else inner


@cache
def judge(kind: str) -> jsonschema.Draft202012Validator:
    """What judges the specification of a kind."""
    found = dict(definitions())[kind]
    (version,) = [one for one in found["spec"]["versions"] if one["served"]]
    assert manifests.VERSIONS[kind] == f"{found['spec']['group']}/{version['name']}"
    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return jsonschema.Draft202012Validator(strict(schema))


def refused(kind: str, given: Any) -> list[str]:
    return [one.message for one in judge(kind).iter_errors(given)]


@upstream
@settings(deadline=None, max_examples=30)
@given(pools())
def test_the_definitions_take_every_pool(described: dict[str, Any]) -> None:
    pool = karpenters(**described)
    assert refused("NodePool", manifests.node_pool("train", pool, ZONES)) == []
    assert refused("EC2NodeClass", node_class(pool)) == []


@upstream
def test_the_definitions_take_what_is_seldom_asked_for() -> None:
    wanted = {"budgets": [{"nodes": 0, "schedule": "0 9 * * 1-5", "lasts": "8h"}]}
    pool = karpenters(**EFA, placement="cluster", disruption=wanted, expire_after="30d", sharing={"mps": 4})
    assert refused("NodePool", manifests.node_pool("train", pool, ZONES)) == []
    assert refused("EC2NodeClass", node_class(pool, placement="together", blocks=True)) == []
    assert refused("NodeOverlay", manifests.node_overlay("train", pool)) == []


@upstream
def test_the_definitions_do_not_take_just_anything() -> None:
    pool = karpenters(**CPU)
    wrong = manifests.node_pool("train", pool, ZONES)
    wrong["template"]["spec"]["expireafter"] = "Never"
    assert refused("NodePool", wrong)
    assert refused("EC2NodeClass", {**node_class(pool), "instanceStorePolicy": "RAID1"})
