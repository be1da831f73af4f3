"""The real engine on a real twin, with a program of its own."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pulumi
import pytest
from pulumi import automation as auto

from operations.engine import backend, ladder
from operations.engine.command import Command
from operations.progress import Silent
from operations.twin.aws.cloud import access_key
from operations.twin.manager import Twin

pytestmark = pytest.mark.engine

ACCOUNT = "111122223333"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TAGS = {"mlcluster:environment": "dev"}


@dataclass
class Stage:
    """A stack on a twin, and the settings that its program follows."""

    twin: Twin
    stack: auto.Stack
    wish: dict[str, Any] = field(default_factory=dict)

    def env(self) -> None:
        """Follows the twin to its ports, which change when it is started again."""
        self.stack.workspace.env_vars = {**self.stack.workspace.env_vars, **self.twin.start().env}

    def up(self) -> dict[str, int]:
        self.env()
        return {op: n for op, n in (self.stack.up().summary.resource_changes or {}).items() if op != "same"}

    def preview(self) -> dict[str, int]:
        self.env()
        return {str(op): n for op, n in self.stack.preview().change_summary.items() if op != "same"}

    def refresh(self) -> dict[str, int]:
        self.env()
        return {
            op: n for op, n in (self.stack.refresh().summary.resource_changes or {}).items() if op != "same"
        }

    def aws(self, service: str) -> Any:
        settings = self.twin.start().aws_environment(ACCOUNT)
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=settings["AWS_ENDPOINT_URL"],
            aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key="any",
        )


def program(wish: dict[str, Any]) -> None:
    import pulumi_aws as aws

    allowed = wish.get("allowed", [ACCOUNT])
    provider = aws.Provider(
        "aws", region="us-east-1", allowed_account_ids=allowed, access_key=wish.get("key")
    )
    far = aws.Provider("far", region="eu-west-1", allowed_account_ids=[ACCOUNT])
    group = pulumi.ComponentResource(
        "mlcluster:test:Group", "group", {}, pulumi.ResourceOptions(providers={"aws": provider})
    )
    opts = pulumi.ResourceOptions(parent=group)
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags=wish.get("tags", TAGS), opts=opts)
    zones = aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=provider)).names[:2]
    subnets = [
        aws.ec2.Subnet(
            z, vpc_id=vpc.id, cidr_block=f"10.0.{n}.0/24", availability_zone=z, tags=TAGS, opts=opts
        )
        for n, z in enumerate(zones)
    ]
    services = ["eks.amazonaws.com", "ec2.amazonaws.com"]
    statement = {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = aws.iam.Role("role", assume_role_policy=policy, tags=TAGS, opts=opts)
    cluster = aws.eks.Cluster(
        "cluster",
        name=wish.get("cluster", "dev"),
        role_arn=role.arn,
        version="1.34",
        vpc_config={"subnet_ids": [subnet.id for subnet in subnets]},
        tags=TAGS,
        opts=opts,
    )
    template = aws.ec2.LaunchTemplate(
        "template",
        block_device_mappings=[{"device_name": "/dev/xvda", "ebs": {"volume_size": wish.get("disk", 100)}}],
        tags=TAGS,
        opts=opts,
    )
    aws.eks.NodeGroup(
        "nodes",
        cluster_name=cluster.name,
        node_role_arn=role.arn,
        subnet_ids=[subnet.id for subnet in subnets],
        scaling_config={"min_size": 0, "max_size": 3, "desired_size": 0},
        instance_types=[wish.get("instance", "m7i.large")],
        node_group_name_prefix="mlcluster-dev-",
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        tags=TAGS,
        opts=opts,
    )
    bucket = aws.s3.Bucket("lake", tags=TAGS, opts=pulumi.ResourceOptions(provider=far))
    pulumi.export("region", bucket.bucket_region)
    pulumi.export("group", cluster.vpc_config.cluster_security_group_id)
    pulumi.export("role", role.arn)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    twin = Twin("stage", tmp_path_factory.mktemp("twins") / "stage")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLCLUSTER_TWIN_KUBERNETES", "memory")  # nothing of it is used here
        twin.start()
    place = backend.of_twin(twin.folder, twin.start().env, checkpoints=False)
    project = auto.ProjectSettings("twin-test", "python", backend=auto.ProjectBackend(place.url))
    options = auto.LocalWorkspaceOptions(
        project_settings=project,
        pulumi_command=Command(ladder.find(Silent())),
        env_vars=place.variables,
    )
    wish: dict[str, Any] = {}
    stack = auto.create_or_select_stack("dev", "twin-test", lambda: program(wish), opts=options)
    try:
        yield Stage(twin, stack, wish)
    finally:
        twin.reset()


COUNT = 12
"""Resources of the program: the stack, two providers, a component and what is in them."""


def test_a_preview_changes_nothing(stage: Stage) -> None:
    assert stage.preview() == {"create": COUNT}
    assert stage.twin.inventory() == ()


def test_up_creates_and_another_up_changes_nothing(stage: Stage) -> None:
    assert stage.up() == {"create": COUNT}
    outputs = {name: output.value for name, output in stage.stack.outputs().items()}
    assert outputs["region"] == "eu-west-1", "the second provider's own"
    assert outputs["group"].startswith("sg-")
    assert outputs["role"].startswith(f"arn:aws:iam::{ACCOUNT}:role/role-")
    assert stage.up() == {}
    assert stage.refresh() == {}


def test_updates_are_previewed_and_done_in_place(stage: Stage) -> None:
    stage.wish |= {"tags": {**TAGS, "new": "1"}, "disk": 200}
    expected = {"update": 3}  # the template's new version reaches the node group
    assert stage.preview() == expected
    assert stage.up() == expected
    assert stage.up() == {}
    vpc = stage.aws("ec2").describe_vpcs(Filters=[{"Name": "tag:new", "Values": ["1"]}])["Vpcs"]
    assert len(vpc) == 1


def test_what_cannot_be_changed_is_replaced(stage: Stage) -> None:
    stage.wish["instance"] = "m7i.xlarge"
    assert stage.preview() == {"replace": 1}
    assert stage.up() == {"replace": 1}
    stage.wish["cluster"] = "dev2"
    assert stage.up() == {"replace": 2}
    assert stage.aws("eks").list_clusters()["clusters"] == ["dev2"]
    assert stage.up() == {}


def test_drift_is_seen_and_put_right(stage: Stage) -> None:
    eks, ec2 = stage.aws("eks"), stage.aws("ec2")
    (nodes,) = eks.list_nodegroups(clusterName="dev2")["nodegroups"]
    eks.delete_nodegroup(clusterName="dev2", nodegroupName=nodes)
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:new", "Values": ["1"]}])["Vpcs"]
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "strange", "Value": "1"}])
    assert stage.refresh() == {"delete": 1, "update": 1}
    assert stage.up() == {"create": 1, "update": 1}
    assert stage.up() == {}
    tags = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["Tags"]
    assert "strange" not in {tag["Key"] for tag in tags}


@pytest.mark.parametrize("partly", [False, True])
def test_a_create_that_fails_is_finished_by_the_next_up(stage: Stage, partly: bool) -> None:
    stage.wish["instance"] = "m7i.2xlarge" if partly else "m7i.4xlarge"
    stage.twin.fail(NODE_GROUP, "InsufficientInstanceCapacity", message="none left", partly=partly)
    with pytest.raises(auto.CommandError, match="InsufficientInstanceCapacity: none left") as caught:
        stage.up()
    assert "Traceback" not in str(caught.value)
    assert stage.up() == ({"update": 1} if partly else {"replace": 1})
    assert stage.up() == {}
    assert len(stage.aws("eks").list_nodegroups(clusterName="dev2")["nodegroups"]) == 1


def test_a_killed_twin_is_where_it_was(stage: Stage) -> None:
    stage.twin.save()
    before = stage.twin.inventory()
    os.kill(stage.twin.start().pid, signal.SIGKILL)
    assert stage.up() == {}
    assert stage.twin.inventory() == before


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"key": access_key("999999999999")}, "AWS account ID not allowed: 999999999999"),
        ({"instance": "m99.large"}, "instance types do not exist: [m99.large]"),
    ],
)
def test_what_aws_would_refuse_is_refused(stage: Stage, wish: dict[str, Any], message: str) -> None:
    before = dict(stage.wish)
    stage.wish |= wish
    try:
        with pytest.raises(auto.CommandError, match=re.escape(message)) as caught:
            stage.up()
        assert "Traceback" not in str(caught.value)
    finally:
        stage.wish.clear()
        stage.wish |= before


def test_destroy_leaves_nothing(stage: Stage) -> None:
    stage.env()
    done = stage.stack.destroy().summary.resource_changes
    assert done == {"delete": COUNT}
    assert stage.twin.inventory() == ()
