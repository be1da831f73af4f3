"""Logs of a network's traffic."""

from __future__ import annotations

import json
from typing import Any

from tests.components.network.test_vpc import recorded
from tests.components.support import PLACE, Found, statements


def logged(**more: object) -> Found:
    return recorded(flow_logs=more)


def test_no_logs_unless_they_are_asked_for() -> None:
    assert recorded().all("FlowLog") == []


def test_logs_go_to_an_encrypted_log_group_with_an_end() -> None:
    found = logged(retention="14d", traffic="reject", every="1m")
    group, logs = found.inputs("LogGroup"), found.one("FlowLog")
    assert (group["name"], group["retentionInDays"]) == ("/mlcluster/mlcluster-test/flow-logs", 14)
    assert group["kmsKeyId"]
    assert (logs.inputs["trafficType"], logs.inputs["maxAggregationInterval"]) == ("REJECT", 60)
    assert logs.inputs["logDestinationType"] == "cloud-watch-logs"
    assert {"RolePolicy::network-flow-logs", "Vpc::network"} <= found.before(logs)


def test_their_role_is_the_services_alone_and_writes_to_one_group() -> None:
    found = logged()
    (trust,) = statements(found.inputs("Role")["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": PLACE.account}
    write, list_ = statements(found.inputs("RolePolicy")["policy"])
    arn = PLACE.arn("logs", "log-group:/mlcluster/mlcluster-test/flow-logs")
    assert write["Resource"] == [arn, f"{arn}:*"]
    assert list_["Action"] == "logs:DescribeLogGroups"


def test_the_key_serves_this_log_group_and_deliveries_for_this_account() -> None:
    _, group, deliveries = statements(logged().inputs("Key")["policy"])
    assert group["Condition"]["ArnEquals"] == {
        "kms:EncryptionContext:aws:logs:arn": PLACE.arn(
            "logs", "log-group:/mlcluster/mlcluster-test/flow-logs"
        )
    }
    assert deliveries["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert deliveries["Condition"]["StringEquals"] == {"aws:SourceAccount": PLACE.account}


def test_logs_go_to_a_closed_bucket_that_forgets() -> None:
    found = logged(to="s3", retention="90d")
    bucket, logs = found.inputs("Bucket"), found.inputs("FlowLog")
    assert bucket["bucket"] == f"mlcluster-test-flowlogs-{PLACE.account}-{PLACE.region}"
    assert bucket["forceDestroy"] is True
    assert logs["logDestinationType"] == "s3"
    assert logs["destinationOptions"] == {"fileFormat": "parquet", "perHourPartition": True}
    assert "iamRoleArn" not in logs
    (rule,) = found.inputs("BucketLifecycleConfiguration")["rules"]
    assert rule["expiration"] == {"days": 90}
    assert found.all("LogGroup") == found.all("Role") == []


def test_only_deliveries_for_this_account_are_written_to_the_bucket() -> None:
    found = logged(to="s3")
    policy: dict[str, Any] = json.loads(found.inputs("BucketPolicy")["policy"])
    write, look, deny = policy["Statement"]
    name = found.inputs("Bucket")["bucket"]
    assert write["Resource"] == f"arn:aws:s3:::{name}/AWSLogs/{PLACE.account}/*"
    for allowed in (write, look):
        assert allowed["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        assert allowed["Condition"]["StringEquals"]["aws:SourceAccount"] == PLACE.account
        assert allowed["Condition"]["ArnLike"] == {"aws:SourceArn": PLACE.arn("logs", "*")}
    assert deny["Effect"] == "Deny"


def test_nothing_is_delivered_before_the_bucket_is_closed() -> None:
    found = logged(to="s3")
    before = found.before(found.one("FlowLog"))
    for kind in ("BucketPolicy", "BucketPublicAccessBlock", "BucketServerSideEncryptionConfiguration"):
        assert f"{kind}::network-flow-logs" in before
