"""On the twin's EKS, and on one that takes its time."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from operations.deployed import ControlPlane
from operations.guards import Failure
from operations.protection import lift

ARN = "arn:aws:eks:us-east-1:123456789012:cluster/mlcluster-dev"
IT = ControlPlane("mlcluster-dev", ARN, "1.35", protected=True)


@pytest.fixture
def client() -> Any:
    return boto3.client(
        "eks", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )


def found(**more: Any) -> dict[str, Any]:
    return {"cluster": {"name": "mlcluster-dev", "arn": ARN, "deletionProtection": True, **more}}


def update(status: str) -> dict[str, Any]:
    return {"update": {"id": "1", "status": status}}


def test_eks_is_waited_for(client: Any) -> None:
    slept: list[float] = []
    with Stubber(client) as stub:
        stub.add_response("describe_cluster", found(), {"name": "mlcluster-dev"})
        wanted = {"name": "mlcluster-dev", "deletionProtection": False}
        stub.add_response("update_cluster_config", update("InProgress"), wanted)
        stub.add_response("describe_update", update("InProgress"))
        stub.add_response("describe_update", update("Successful"))
        lift(IT, client, slept.append)
        stub.assert_no_pending_responses()
    assert len(slept) == 2


def test_what_is_not_protected_or_gone_is_left_alone(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response("describe_cluster", found(deletionProtection=False))
        lift(IT, client)
        stub.add_client_error("describe_cluster", "ResourceNotFoundException")
        lift(IT, client)


def test_the_cluster_of_another_account_is_not_touched(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_response("describe_cluster", found(arn=ARN.replace("123456789012", "999999999999")))
        with pytest.raises(Failure, match="lead to another cluster of its name"):
            lift(IT, client)


@pytest.mark.parametrize("fails", ["refused", "failed", "for ever"])
def test_what_does_not_work_is_told(client: Any, fails: str) -> None:
    with Stubber(client) as stub:
        stub.add_response("describe_cluster", found())
        if fails == "refused":
            stub.add_client_error("update_cluster_config", "AccessDeniedException", "not you")
        else:
            status = "Failed" if fails == "failed" else "InProgress"
            stub.add_response("update_cluster_config", update(status))
            for _ in range(0 if fails == "failed" else 120):
                stub.add_response("describe_update", update(status))
        with pytest.raises(Failure, match="deletion protection of mlcluster-dev cannot be taken back"):
            lift(IT, client, lambda _: None)


def test_the_error_of_botocore_is_kept(client: Any) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("describe_cluster", "AccessDeniedException", "not you")
        with pytest.raises(Failure, match="not you") as caught:
            lift(IT, client)
    assert isinstance(caught.value.__cause__, ClientError)
