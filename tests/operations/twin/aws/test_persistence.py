from __future__ import annotations

import threading
from pathlib import Path

import pytest

from operations.twin.aws import persistence
from operations.twin.aws.faults import Fault
from operations.twin.aws.package import AwsPackage
from operations.twin.snapshot import Damaged
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, cluster, network, node_group, role


def test_everything_comes_back_with_its_id(bench: Bench, tmp_path: Path) -> None:
    at = network(bench)
    one = cluster(bench, at)
    identity = role(bench, "pods", "pods.eks.amazonaws.com")
    policy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    pod = {"clusterName": "dev", "namespace": "a", "serviceAccount": "b", "roleArn": identity["arn"]}
    everything = [
        at.vpc,
        *at.subnets,
        one,
        node_group(bench, at, one),
        identity,
        bench.make("aws:eks/addon:Addon", clusterName="dev", addonName="vpc-cni"),
        bench.make("aws:eks/podIdentityAssociation:PodIdentityAssociation", **pod),
        bench.make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", role=identity.id, policyArn=policy),
        bench.make("aws:kms/key:Key", enableKeyRotation=True, rotationPeriodInDays=100, tags=TAGS),
        bench.make("aws:s3/bucket:Bucket", bucket="mlcluster-dev-raw"),
        bench.make("aws:cloudwatch/logGroup:LogGroup", tags=TAGS),
    ]
    bench.package.fail(Fault(type="aws:kms/key:Key", code="LimitExceeded"))
    before = bench.package.inventory()
    bench.package.save()
    bench.package.close()
    again = AwsPackage(tmp_path)
    session = again.session()
    session.configure({"region": "us-east-1", "allowedAccountIds": f'["{ACCOUNT}"]'})
    assert again.inventory() == before
    for made in everything:
        assert session.read(made.type, made.id, made.inputs, made.state) == (made.inputs, made.state)
    assert again.faults.waiting()[0]["code"] == "LimitExceeded"
    cloud = again.cloud(ACCOUNT)
    attached = cloud.call("iam", "us-east-1", "get_policy", {"PolicyArn": policy})
    assert attached["Policy"]["AttachmentCount"] == 1
    key = next(made for made in everything if made.type == "aws:kms/key:Key")
    told = {"KeyId": key.id, "Plaintext": b"secret"}
    sealed = cloud.call("kms", "us-east-1", "encrypt", told)["CiphertextBlob"]
    assert cloud.call("kms", "us-east-1", "decrypt", {"CiphertextBlob": sealed})["Plaintext"] == b"secret"


def test_private_keys_are_kept(bench: Bench, tmp_path: Path) -> None:
    cloud = bench.package.cloud(ACCOUNT)
    made = cloud.call("kms", "us-east-1", "create_key", {"KeyUsage": "SIGN_VERIFY", "KeySpec": "RSA_2048"})
    key = {"KeyId": made["KeyMetadata"]["KeyId"]}
    public = cloud.call("kms", "us-east-1", "get_public_key", key)["PublicKey"]
    bench.package.touch()
    bench.package.save()
    again = AwsPackage(tmp_path)
    assert again.cloud(ACCOUNT).call("kms", "us-east-1", "get_public_key", key)["PublicKey"] == public


def test_the_policies_of_aws_are_not_in_the_file(bench: Bench, tmp_path: Path) -> None:
    role(bench, "one", "ec2.amazonaws.com")
    bench.package.save()
    assert (tmp_path / "aws.snapshot").stat().st_size < 1_000_000, "24 MB of policies otherwise"


def test_saving_what_did_not_change_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.make("aws:kms/key:Key")
    bench.package.save()
    file = tmp_path / "aws.snapshot"
    first = file.stat()
    bench.package.save()
    assert file.stat().st_ino == first.st_ino
    bench.make("aws:kms/key:Key", "two")
    bench.package.save()
    assert file.stat().st_ino != first.st_ino
    assert file.stat().st_mode & 0o077 == 0


def test_what_cannot_be_kept_does_not_take_the_rest_along(
    bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = bench.make("aws:kms/key:Key")
    cloud = bench.package.cloud(ACCOUNT)
    cloud.call("sqs", "us-east-1", "create_queue", {"QueueName": "q"})
    from moto.sqs.models import sqs_backends

    sqs_backends[ACCOUNT]["us-east-1"].unkeepable = threading.Lock()
    bench.package.save()
    assert "sqs cannot be kept" in caplog.text
    again = AwsPackage(tmp_path)
    session = again.session()
    session.configure({"region": "us-east-1"})
    assert session.read(key.type, key.id, key.inputs, key.state) is not None


def test_an_unreadable_file_is_refused_with_a_way_out(bench: Bench, tmp_path: Path) -> None:
    from operations.twin import snapshot

    snapshot.write(tmp_path / "aws.snapshot", b"not a pickle", persistence.versions())
    with pytest.raises(Damaged, match=f"cannot be read: .*mlcluster twin reset {tmp_path.name}"):
        AwsPackage(tmp_path)
