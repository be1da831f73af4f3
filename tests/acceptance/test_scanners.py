"""Security scanners that others wrote have nothing against what we declare but what is excepted."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from infra.resources import RecordedResource
from operations.gobuild import BuildFailed
from operations.golang import GoMissing
from operations.recorder import Recording
from operations.scan import checkov, render, scanning, triage
from operations.scan.findings import CHECKOV, KUBE_SCORE
from operations.scan.scanning import Result
from operations.scan.triage import Verdict
from tests.stacks.golden import recorded

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", autouse=True)
def _scanners() -> None:
    try:
        scanning.ensure()
    except (checkov.ScannerMissing, GoMissing, BuildFailed) as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    ours = {name: recorded(name) for name in render.ours()}
    extra = render.recordings(render.extra())
    return scanning.scan(tmp_path_factory.mktemp("scan"), {**ours, **extra})


@pytest.fixture(scope="module")
def verdict(result: Result) -> Verdict:
    return triage.judge(result.findings, triage.read())


def test_no_finding_is_open(result: Result, verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():  # counts are for whoever reads CI's log
        sys.stdout.writelines(f"\n{line}" for line in scanning.summary(result, verdict))
    assert [str(one) for one in verdict.open] == []


def test_every_exception_excepts_something(verdict: Verdict) -> None:
    assert verdict.unused == ()


def test_the_scanners_saw_what_there_is(result: Result) -> None:
    checks = {(one.scanner, one.environment): one.checks for one in result.reports}
    for name in (*render.ours(), *render.extra()):
        assert checks[CHECKOV, name] > 30
        if not name.endswith("-data"):
            assert checks[KUBE_SCORE, name] > 10
    assert checks[CHECKOV, "everything"] > 500


def planted(token: str, **inputs: Any) -> RecordedResource:
    return RecordedResource(
        urn=f"urn:pulumi:bad::mlcluster::{token}::open", type=token, name="open", inputs=inputs
    )


BAD = (
    planted("aws:s3/bucket:Bucket", bucket="open"),
    planted(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        securityGroupId="sg-1",
        cidrIpv4="0.0.0.0/0",
        ipProtocol="tcp",
        fromPort=22,
        toPort=22,
    ),
    planted(
        "aws:eks/cluster:Cluster",
        name="open",
        roleArn="arn:aws:iam::111122223333:role/a",
        vpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"], "subnetIds": ["s"]},
    ),
    planted(
        "aws:iam/rolePolicy:RolePolicy",
        role="a",
        policy=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        ),
    ),
    planted(
        "aws:ec2/launchTemplate:LaunchTemplate",
        name="open",
        metadataOptions={"httpTokens": "optional", "httpEndpoint": "enabled"},
    ),
    planted("aws:kms/key:Key", description="a key"),
    planted(
        "kubernetes:apps/v1:Deployment",
        metadata={"name": "open", "namespace": "default"},
        spec={
            "replicas": 1,
            "selector": {"matchLabels": {"app": "open"}},
            "template": {
                "metadata": {"labels": {"app": "open"}},
                "spec": {
                    "hostPID": True,
                    "containers": [
                        {"name": "a", "image": "nginx:latest", "securityContext": {"privileged": True}}
                    ],
                },
            },
        },
    ),
)
"""What nobody should ask for."""


def test_what_is_wrong_is_found(tmp_path_factory: pytest.TempPathFactory) -> None:
    bad = Recording(resources=BAD, outputs={}, options={})
    found = scanning.scan(tmp_path_factory.mktemp("bad"), {"bad": bad}).findings
    said = {(one.check, one.resource) for one in found}
    assert {
        ("CKV2_AWS_6", "aws_s3_bucket.open"),  # no public access block
        ("CKV_AWS_24", "aws_vpc_security_group_ingress_rule.open"),  # SSH from everywhere
        ("CKV_AWS_38", "aws_eks_cluster.open"),  # an API for everybody
        ("CKV_AWS_58", "aws_eks_cluster.open"),  # Secrets that are not encrypted
        ("CKV_AWS_63", "aws_iam_role_policy.open"),  # every action
        ("CKV_AWS_79", "aws_launch_template.open"),  # metadata without tokens
        ("CKV_AWS_7", "aws_kms_key.open"),  # a key that does not rotate
        ("CKV_K8S_16", "Deployment.default.open"),  # privileged
        ("CKV_K8S_17", "Deployment.default.open"),  # among the node's processes
        ("container-security-context-privileged", "Deployment.default.open"),
        ("container-image-tag", "Deployment.default.open"),
    } <= said
