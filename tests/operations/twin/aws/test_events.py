"""Queues, the rules that send events to them, and instance profiles."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.twin.backend import UNKNOWN, Refused
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, Made, role, urn

QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
PROFILE = "aws:iam/instanceProfile:InstanceProfile"

SPOT = json.dumps({"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]})


def policy(sid: str) -> str:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def queue(bench: Bench, **given: Any) -> Made:
    return bench.make(
        QUEUE,
        name="interruptions",
        messageRetentionSeconds=300,
        sqsManagedSseEnabled=True,
        tags=TAGS,
        **given,
    )


def test_queues(bench: Bench) -> None:
    made = queue(bench)
    assert made["arn"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:interruptions"
    assert made["url"] == made.id
    assert made["name"] == "interruptions"
    assert made["messageRetentionSeconds"] == 300
    assert made["visibilityTimeoutSeconds"] == 30
    assert bench.diff(made, name="others") == (("name",), ("name",))
    made = bench.change(made, messageRetentionSeconds=600, sqsManagedSseEnabled=False)
    assert made["sqsManagedSseEnabled"] is False
    bench.drop(bench.change(made, tags={"Name": "new"}))


def test_a_queue_is_not_taken_for_a_new_one(bench: Bench) -> None:
    queue(bench)
    with pytest.raises(Refused, match="QueueAlreadyExists"):
        bench.make(QUEUE, "other", name="interruptions")


def test_policies_of_queues(bench: Bench) -> None:
    made = queue(bench)
    rights = bench.make(QUEUE_POLICY, queueUrl=made.id, policy=policy("One"))
    rights = bench.change(rights, policy=policy("Two"))
    assert json.loads(rights["policy"])["Statement"][0]["Sid"] == "Two"
    assert bench.diff(rights, queueUrl="https://x") == (("queueUrl",), ("queueUrl",))
    bench.drop(rights)
    assert bench.read(made) is not None
    with pytest.raises(Refused, match="NonExistentQueue"):
        bench.make(QUEUE_POLICY, "lost", queueUrl=f"{made.id}x", policy=policy("One"))


def test_rules_send_what_they_match_and_go_after_their_targets(bench: Bench) -> None:
    made = queue(bench)
    rule = bench.make(RULE, name="spot", eventPattern=SPOT, description="d", tags=TAGS)
    assert rule["arn"] == f"arn:aws:events:us-east-1:{ACCOUNT}:rule/spot"
    assert (rule["state"], rule["eventBusName"]) == ("ENABLED", "default")
    target = bench.make(TARGET, rule=rule.id, arn=made["arn"], targetId="queue")
    assert target.id == "spot-queue"
    target = bench.change(target, arn=f"{made['arn']}-other")
    assert bench.diff(target, targetId="x") == (("targetId",), ("targetId",))
    rule = bench.change(rule, description="e", state="DISABLED")
    rule = bench.change(rule, tags={"Name": "new"})
    with pytest.raises(Refused, match="has targets"):
        bench.drop(rule)
    bench.drop(target)
    bench.drop(rule)


def test_a_rule_is_not_taken_for_a_new_one(bench: Bench) -> None:
    bench.make(RULE, name="spot", eventPattern=SPOT)
    with pytest.raises(Refused, match="exists already"):
        bench.make(RULE, "other", name="spot", eventPattern=SPOT)


def test_a_target_needs_its_rule(bench: Bench) -> None:
    with pytest.raises(Refused, match="ResourceNotFoundException"):
        bench.make(TARGET, rule="nothing", arn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")


@pytest.mark.parametrize("given", [{}, {"eventPattern": "[]"}, {"eventPattern": "{"}])
def test_a_pattern_must_make_sense(bench: Bench, given: dict[str, str]) -> None:
    _, failures = bench.session.check(urn(RULE, "x"), RULE, {}, given, b"seed" * 8)
    assert [name for name, _ in failures] == ["eventPattern"]
    unknown = {"eventPattern": UNKNOWN}
    assert bench.session.check(urn(RULE, "x"), RULE, {}, unknown, b"seed" * 8)[1] == []


def test_a_profile_lends_a_role_and_goes_before_it(bench: Bench) -> None:
    node, other = role(bench, "node", "ec2.amazonaws.com"), role(bench, "other", "ec2.amazonaws.com")
    made = bench.make(PROFILE, name="nodes", role=node["name"], tags=TAGS)
    assert made["arn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/nodes"
    assert made["role"] == node["name"]
    with pytest.raises(Refused, match="DeleteConflict"):
        bench.drop(node)
    made = bench.change(made, role=other["name"])
    bench.drop(node)
    made = bench.change(made, tags={"Name": "new"})
    assert bench.diff(made, path="/x/") == (("path",), ("path",))
    bench.drop(made)
    bench.drop(other)


def test_all_of_them_are_listed(bench: Bench) -> None:
    made = queue(bench)
    rule = bench.make(RULE, name="spot", eventPattern=SPOT, tags=TAGS)
    bench.make(TARGET, rule=rule.id, arn=made["arn"])
    bench.make(PROFILE, name="nodes", tags=TAGS)
    found = [(item.service, item.type, item.environment) for item in bench.package.inventory()]
    assert found == [
        ("events", "rule", "dev"),
        ("iam", "instance-profile", "dev"),
        ("sqs", "queue", "dev"),
    ]
