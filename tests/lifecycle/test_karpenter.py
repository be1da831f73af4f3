"""A pool that moves to Karpenter by one word, makes a node for a pod that waits, and goes with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from operations.twin.kubernetes.api import Ref
from tests.lifecycle.conftest import ROOT, Project, project_on

_KINDS: Final = ROOT.parent / "shared" / "upstream" / "karpenter" / "crds"

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not _KINDS.is_dir(), reason=f"{_KINDS}, which Karpenter's kinds are from, is not there"
    ),
]

WORD: Final = ", scaling: karpenter"
POOL: Final = "train: {instances: [p4d.24xlarge], zone: us-east-1a, placement: cluster, max: 2"
FILE: Final = f"""\
config:
  aws:region: us-east-1
  mlcluster:environment:
    owner: somebody
    account: "111122223333"
    network: {{cidr: 10.20.0.0/16, zones: 2}}
    cluster: {{version: "1.35", oidc: {{issuer: "https://login.example.com", client_id: kubernetes}}}}
    pools:
      system: {{instances: [m7i.xlarge], min: 2, max: 2}}
      {POOL}}}
    teams:
      fraud: {{members: ["oidc:fraud"], gpus: 8, cpu: 32, memory: 256GiB}}
"""
WAITING: Final = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "waiting", "namespace": "default"},
    "spec": {
        "nodeSelector": {"mlcluster.io/pool": "train"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "containers": [
            {
                "name": "it",
                "image": "it",
                "resources": {"limits": {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "4"}},
            }
        ],
    },
}
_PATIENCE_S: Final = 300.0
"""How long a pod may wait on a busy machine; on an idle one it takes seconds."""


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("karpenter")
    with project_on("dev", root) as project:
        for path in (root / "stacks").glob("Pulumi.*.yaml"):
            path.unlink()
        (root / "stacks" / "Pulumi.dev.yaml").write_text(FILE)
        yield project


def succeeded(project: Project, what: str = "up") -> dict[str, int]:
    result = project.run(what, "dev")
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}


def made(project: Project) -> set[tuple[str, str]]:
    return {(item.service, item.type) for item in project.items()}


def test_it_begins_as_a_managed_pool(moving: Project) -> None:
    succeeded(moving)
    assert ("sqs", "queue") not in made(moving)


def test_it_moves_by_one_word(moving: Project) -> None:
    moving.edit("dev", POOL, POOL + WORD)
    assert set(succeeded(moving)) == {"create", "delete"}
    assert {("sqs", "queue"), ("events", "rule"), ("iam", "instance-profile")} <= made(moving)
    assert [one["metadata"]["name"] for one in moving.kubernetes().list("karpenter.sh/v1", "NodePool")] == [
        "train"
    ]
    assert succeeded(moving) == {}


def test_a_pod_that_waits_gets_a_node_of_the_pool(moving: Project) -> None:
    cluster = moving.kubernetes()
    cluster.apply(WAITING, manager="test", force=True)
    ref, until = Ref("v1", "Pod", "waiting", "default"), time.monotonic() + _PATIENCE_S
    pod: Any = None
    while time.monotonic() < until and (pod or {}).get("status", {}).get("phase") != "Running":
        time.sleep(1)
        pod = cluster.get(ref)
    assert pod["status"]["phase"] == "Running"
    node = cluster.get(Ref("v1", "Node", pod["spec"]["nodeName"]))
    assert node is not None
    assert node["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "p4d.24xlarge"
    assert node["metadata"]["labels"]["karpenter.sh/nodepool"] == "train"
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"


def test_down_drains_the_node_and_leaves_nothing(moving: Project) -> None:
    result, left = moving.down("dev")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert moving.items() == ()
