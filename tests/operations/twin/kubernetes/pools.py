"""NodePools and pods for the tests of the autoscaler."""

from __future__ import annotations

from typing import Any

from operations.twin.kubernetes.api import Manifest
from tests.operations.twin.kubernetes.manifests import thing

ZONES = ("us-east-1a", "us-east-1b")
CLASS = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"}


def where(key: str, *values: str, operator: str = "In") -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def pool(
    name: str = "spark",
    *requirements: dict[str, Any],
    labels: dict[str, str] | None = None,
    taints: list[dict[str, str]] | None = None,
    after: str = "0s",
    **spec: Any,
) -> Manifest:
    template = {
        "metadata": {"labels": labels or {}},
        "spec": {
            "nodeClassRef": CLASS,
            "requirements": list(requirements),
            **({"taints": taints} if taints else {}),
        },
    }
    disruption = {
        "consolidateAfter": after, "consolidationPolicy": "WhenEmpty", "budgets": [{"nodes": "100%"}]
    }  # fmt: skip
    return thing(
        "NodePool",
        name,
        version="karpenter.sh/v1",
        metadata={"uid": f"uid-{name}"},
        spec={"disruption": disruption, "template": template, **spec},
    )


def pod(name: str = "one", owner: str = "", bound: str = "", **spec: Any) -> Manifest:
    """A pod that the scheduler found no node for, or that is on one."""
    asked = {"resources": {"requests": spec.pop("requests", {"cpu": "1"})}}
    owners = [{"apiVersion": "batch/v1", "kind": "Job", "name": owner, "uid": owner}] if owner else []
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]
    status = {"phase": "Running"} if bound else {"phase": "Pending", "conditions": conditions}
    return thing(
        "Pod",
        name,
        "default",
        metadata={"uid": f"uid-{name}", "ownerReferences": owners},
        spec={
            "containers": [{"name": "main", "image": "x", **asked}],
            **({"nodeName": bound} if bound else {}),
            **spec,
        },
        status=status,
    )
