"""NodeClaims of Karpenter's, and the nodes that they become; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from infra.catalog.instances import shape
from operations.twin.kubernetes import nodes, scheduling
from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.karpenter import EFA, MARKET, TYPE, ZONE, Launch, Offer

VERSION: Final = "karpenter.sh/v1"
_MACHINE: Final = "mlcluster.io/machine"
"""The annotation on a claim of what its machine has, and what pods get of that."""


def claim_of(launch: Launch, offer: Offer, suffix: str) -> Manifest:
    """Returns the NodeClaim of a machine to be made, as its NodePool's template says."""
    pool, template = launch.pool, launch.pool["spec"]["template"]
    name = pool["metadata"]["name"]
    spec = {key: value for key, value in template["spec"].items() if key != "requirements"}
    fixed = (TYPE, ZONE, MARKET)
    others = [
        {key: value for key, value in one.items() if key != "minValues"}
        for one in template["spec"].get("requirements") or ()
        if one["key"] not in fixed
    ]
    owner = {
        "apiVersion": pool["apiVersion"], "kind": "NodePool", "name": name, "uid": pool["metadata"]["uid"],
        "blockOwnerDeletion": True,
    }  # fmt: skip
    return {
        "apiVersion": VERSION,
        "kind": "NodeClaim",
        "metadata": {
            "name": f"{name}-{suffix}",
            "labels": {**offer.labels, _class_label(spec): spec["nodeClassRef"]["name"]},
            "annotations": {
                **((template.get("metadata") or {}).get("annotations") or {}),
                _MACHINE: json.dumps(_machine(launch, offer), sort_keys=True),
            },
            "ownerReferences": [owner],
        },
        "spec": {
            **spec,
            "requirements": [
                *others, *({"key": key, "operator": "In", "values": [offer.labels[key]]} for key in fixed)
            ],
            "resources": {
                "requests": {key: scheduling.text(amount) for key, amount in sorted(launch.requests.items())}
            },
        },
    }  # fmt: skip


def _class_label(spec: Mapping[str, Any]) -> str:
    reference = spec["nodeClassRef"]
    return f"{reference['group']}/{str(reference['kind']).lower()}"


def _machine(launch: Launch, offer: Offer) -> dict[str, dict[str, str]]:
    without = {EFA} if offer.efa_on_request and EFA not in launch.requests else set()
    both = {"capacity": offer.capacity, "allocatable": offer.allocatable}
    return {
        name: {key: scheduling.text(amount) for key, amount in sorted(sizes.items()) if key not in without}
        for name, sizes in both.items()
    }


def node_of(claim: Manifest, version: str) -> Manifest:
    """Returns the node that a NodeClaim becomes."""
    metadata, spec = claim["metadata"], claim["spec"]
    name, labels = metadata["name"], metadata["labels"]
    tainted = list(spec.get("taints") or ())
    instance = hashlib.sha256(name.encode()).hexdigest()[:17]
    own = {
        "kubernetes.io/hostname": name,
        "karpenter.sh/registered": "true",
        "karpenter.sh/initialized": "true",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, **own}, "annotations": {nodes.SIMULATED: "fake"}},
        "spec": {
            "providerID": f"aws:///{labels[ZONE]}/i-{instance}",
            **({"taints": tainted} if tainted else {}),
        },
        "status": nodes.status(
            **json.loads(metadata["annotations"][_MACHINE]), found=shape(labels[TYPE]), version=version
        ),
    }


def capacity(claim: Manifest) -> dict[str, int]:
    """What a claim's machine has, as limits count it."""
    return scheduling.amounts(json.loads(claim["metadata"]["annotations"][_MACHINE])["capacity"])
