import asyncio
import threading
from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime import settings
from pulumi_kubernetes.core import v1 as core

from infra.resources import RecordedResource
from operations.recorder import Recording, RecordingError, record_program

PREFIX = "urn:pulumi:test::mlcluster::"
STACK = f"{PREFIX}pulumi:pulumi:Stack::mlcluster-test"
PROVIDER = f"{PREFIX}pulumi:providers:aws::aws"


class Box(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:test:Box", name, {}, opts)


def cloud(depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
    provider = aws.Provider("aws", region="eu-west-1", allowed_account_ids=["111122223333"])
    return pulumi.ResourceOptions(providers=[provider], depends_on=depends_on)


def small_program() -> None:
    box = Box("box", cloud())
    child = pulumi.ResourceOptions(parent=box)
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=child)
    gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id, opts=child)
    aws.ec2.Subnet(
        "subnet",
        vpc_id=vpc.id,
        cidr_block="10.0.0.0/24",
        opts=pulumi.ResourceOptions(
            parent=box, depends_on=[gateway], protect=True, retain_on_delete=True, ignore_changes=["tags"]
        ),
    )
    pulumi.export("vpc", vpc.arn)
    pulumi.export("password", pulumi.Output.secret("hunter2"))


def by_name(recording: Recording, name: str) -> RecordedResource:
    (found,) = (resource for resource in recording.resources if resource.name == name)
    return found


def test_it_keeps_what_the_engine_would_be_asked_for() -> None:
    recording = record_program(small_program)
    subnet = by_name(recording, "subnet")
    assert subnet.urn == f"{PREFIX}mlcluster:test:Box$aws:ec2/subnet:Subnet::subnet"
    assert subnet.type == "aws:ec2/subnet:Subnet"
    assert subnet.parent == f"{PREFIX}mlcluster:test:Box::box"
    assert subnet.dependencies == (
        f"{PREFIX}mlcluster:test:Box$aws:ec2/internetGateway:InternetGateway::gateway",
        f"{PREFIX}mlcluster:test:Box$aws:ec2/vpc:Vpc::vpc",
        PROVIDER,
    )
    assert subnet.protect
    assert subnet.retain_on_delete
    assert subnet.custom
    assert recording.options[subnet.urn].ignore_changes == ("tags",)
    assert recording.options[subnet.urn].provider == PROVIDER


def test_components_hang_below_the_stack_and_are_no_custom_resources() -> None:
    recording = record_program(small_program)
    box, stack = by_name(recording, "box"), by_name(recording, "mlcluster-test")
    assert (box.parent, box.custom, box.dependencies) == (STACK, False, ())
    assert (stack.urn, stack.parent) == (STACK, None)


def test_outputs_are_shaped_like_those_of_aws_and_secrets_are_masked() -> None:
    recording = record_program(small_program)
    vpc = recording.outputs["vpc"]
    assert vpc.startswith("arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-")
    assert len(vpc.rpartition("-")[2]) == 17
    assert recording.outputs["password"] == "[secret]"


def test_in_a_preview_what_does_not_exist_yet_is_unknown() -> None:
    recording = record_program(small_program, preview=True)
    subnet = by_name(recording, "subnet")
    assert recording.outputs["vpc"] == "[unknown]"
    assert subnet.inputs["vpcId"] == "[unknown]"
    assert subnet.inputs["cidrBlock"] == "10.0.0.0/24"


def test_the_same_program_is_always_recorded_alike() -> None:
    assert record_program(small_program) == record_program(small_program)


def test_secret_inputs_are_masked_and_stay_secret_downstream() -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(provider=kubernetes.Provider("kubernetes", context="here"))
        password = {"key": pulumi.Output.secret("hunter2")}
        secret = core.Secret("one", metadata={"name": "one"}, string_data=password, opts=opts)
        core.ConfigMap("two", metadata={"name": "two"}, data={"copy": secret.string_data["key"]}, opts=opts)
        pulumi.export("all", secret.string_data)

    recording = record_program(program)
    assert "hunter2" not in repr(recording)
    assert by_name(recording, "two").inputs["data"] == {"copy": "[secret]"}
    assert recording.outputs["all"] == "[secret]"


def problems_of(program: Callable[[], None]) -> str:
    with pytest.raises(RecordingError) as caught:
        record_program(program)
    return str(caught.value)


def test_two_resources_of_one_urn_are_refused() -> None:
    def program() -> None:
        opts = cloud()
        for _ in range(2):
            aws.ec2.Vpc("twin", cidr_block="10.0.0.0/16", opts=opts)

    assert f"{PREFIX}aws:ec2/vpc:Vpc::twin: twin names two resources of one type" in problems_of(program)


def program_of_the_default_provider() -> None:
    aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")


def test_a_resource_of_the_default_provider_is_refused() -> None:
    assert "has no explicit provider" in problems_of(program_of_the_default_provider)


def test_a_dependency_that_is_not_there_is_refused() -> None:
    ghost = f"{PREFIX}aws:ec2/vpc:Vpc::ghost"

    def program() -> None:
        opts = cloud(depends_on=[pulumi.resource.DependencyResource(ghost)])
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)

    assert f"{ghost} is a parent or dependency that does not exist" in problems_of(program)


def test_asking_the_cloud_is_refused() -> None:
    def program() -> None:
        provider = aws.Provider("aws", region="eu-west-1")
        aws.get_availability_zones_output(opts=pulumi.InvokeOutputOptions(provider=provider))

    with pytest.raises(Exception, match="a recording has no cloud to ask"):
        record_program(program)


def test_errors_of_the_program_come_out_as_they_are() -> None:
    def program() -> None:
        aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=cloud())
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        record_program(program)


def test_errors_in_what_follows_from_outputs_come_out_too() -> None:
    def program() -> None:
        vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=cloud())
        vpc.id.apply(int)

    with pytest.raises(ValueError, match="invalid literal"):
        record_program(program)


def test_nothing_outlives_a_recording() -> None:
    before = threading.active_count()
    with pytest.raises(RecordingError):
        record_program(program_of_the_default_provider, stack="other")
    record_program(small_program, stack="yet-another")
    assert pulumi.get_stack() == "stack"  # the SDK's own default
    assert settings.get_root_resource() is None
    assert settings.get_monitor() is None
    assert threading.active_count() == before


def test_it_works_within_a_running_event_loop() -> None:
    async def inside() -> Recording:
        return record_program(small_program)

    assert asyncio.run(inside()) == record_program(small_program)


def test_warnings_of_the_sdk_are_kept() -> None:
    assert record_program(lambda: pulumi.log.warn("old-fashioned")).warnings == ("old-fashioned",)


def test_outputs_of_other_stacks_are_read_from_references() -> None:
    def program() -> None:
        other = pulumi.StackReference("data", f"{pulumi.get_organization()}/{pulumi.get_project()}/prod-data")
        pulumi.export("copied", other.require_output("lake")["raw"])

    recording = record_program(program, references={"prod-data": {"lake": {"raw": "a-bucket"}}})
    assert recording.outputs == {"copied": "a-bucket"}
    assert by_name(recording, "data").inputs == {"name": "organization/mlcluster/prod-data"}


def test_a_stack_without_recorded_outputs_is_refused() -> None:
    def program() -> None:
        pulumi.StackReference("data", "organization/mlcluster/prod-data")

    assert "prod-data has no recorded outputs" in problems_of(program)
