"""4,096 GPUs: the environment on the twin, and on it the job that docs/how-to/examples shows."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from operations.twin.kubernetes import binaries
from operations.twin.kubernetes.api import Manifest, Ref
from tests.lifecycle.conftest import ROOT, Project, project_on

pytestmark = pytest.mark.engine

JOB = (ROOT / "docs" / "how-to" / "examples" / "gpu-job.yaml").read_text()
HOME = "foundation-training"
POOLS = {"train": 512, "system": 3, "serve": 2}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with project_on("hyperscale", tmp_path_factory.mktemp("project")) as opened:
        yield opened


@pytest.fixture
def job(project: Project, tmp_path: Path) -> Callable[..., None]:
    """Applies the job of the how-to with some texts replaced, as a data scientist would."""

    def apply(replaced: Mapping[str, str]) -> None:
        text = JOB
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "gpu-job.yaml"
        file.write_text(text)
        command = [str(binaries.folder() / "kubectl"), f"--kubeconfig={project.cluster().kubeconfig}"]
        subprocess.run([*command, "apply", "-f", str(file)], check=True, capture_output=True)

    return apply


def until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"it did not come about within {seconds} s"
        time.sleep(0.5)


def pods(project: Project, name: str) -> list[Manifest]:
    found = project.kubernetes().list("v1", "Pod", HOME)
    return [pod for pod in found if pod["metadata"]["labels"]["batch.kubernetes.io/job-name"] == name]


def phases(project: Project, name: str) -> Counter[str]:
    return Counter(pod["status"]["phase"] for pod in pods(project, name))


def nodes(project: Project, pool: str) -> list[Manifest]:
    """A pool's nodes on which pods can run."""
    found = project.kubernetes().list("v1", "Node")
    return [
        node for node in found if node["metadata"]["labels"]["mlcluster.io/pool"] == pool and usable(node)
    ]


def usable(node: Manifest) -> bool:
    ready = [one["status"] for one in node["status"].get("conditions", ()) if one["type"] == "Ready"]
    taints = [taint["key"] for taint in node["spec"].get("taints", ())]
    return ready == ["True"] and not any(key.startswith("node.kubernetes.io/") for key in taints)


def test_up_makes_every_node(project: Project) -> None:
    for env in ("hyperscale-data", "hyperscale"):
        result = project.run("up", env)
        assert (result.result, result.errors) == ("succeeded", ())
    assert len(project.kubernetes().list("v1", "Node")) == sum(POOLS.values())
    assert {pool: len(nodes(project, pool)) for pool in POOLS} == POOLS, "up ends when they can be used"


def test_the_training_nodes_are_those_of_the_environments_file(project: Project) -> None:
    training = nodes(project, "train")
    for node in training:
        offered = node["status"]["allocatable"]
        assert (offered["nvidia.com/gpu"], offered["vpc.amazonaws.com/efa"]) == ("8", "4")
        assert node["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
        labels = node["metadata"]["labels"]
        assert labels["topology.kubernetes.io/zone"] == "us-east-1a"
        assert labels["node.kubernetes.io/instance-type"] == "p4d.24xlarge"
    assert len({node["spec"]["providerID"] for node in training}) == 512


def test_a_job_on_4096_gpus_is_placed_whole_and_completes(project: Project, job: Callable[..., None]) -> None:
    job({"60s": "90s"})  # so that the first ones are still there when the last one starts
    until(lambda: phases(project, "pretrain") == {"Running": 512}, 90)
    names = [node["metadata"]["name"] for node in nodes(project, "train")]
    assert sorted(pod["spec"]["nodeName"] for pod in pods(project, "pretrain")) == sorted(names)
    until(lambda: phases(project, "pretrain") == {"Succeeded": 512}, 150)


def test_one_pod_more_is_one_too_many(project: Project, job: Callable[..., None]) -> None:
    # Kubernetes' quota controller reckons anew what is used after pods ended, from a view that may be older
    # than what was let in meanwhile: https://github.com/kubernetes/kubernetes/issues/123434
    until(lambda: is_free(project) and stays(lambda: is_free(project), 5), 120)
    more = {"completions: 512": "completions: 513", "parallelism: 512": "parallelism: 513"}
    job({"pretrain": "larger", "60s": "1h", **more})
    until(lambda: phases(project, "larger")["Running"] == 512, 90)
    until(lambda: bool(refusals(project)), 30)
    assert "exceeded quota: team" in refusals(project)[0]
    assert phases(project, "larger") == {"Running": 512}
    assert len({pod["spec"]["nodeName"] for pod in pods(project, "larger")}) == 512


def is_free(project: Project) -> bool:
    """Whether the namespace's quota says that no GPU of it is used."""
    quota = project.kubernetes().get(Ref("v1", "ResourceQuota", "team", HOME))
    assert quota is not None
    return bool(quota["status"]["used"]["requests.nvidia.com/gpu"] == "0")


def stays(true: Callable[[], bool], seconds: float) -> bool:
    """Whether something remains so for a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not true():
            return False
        time.sleep(0.5)
    return True


def refusals(project: Project) -> list[str]:
    """What the API server said to pods that it did not let in."""
    events = project.kubernetes().list("v1", "Event", HOME)
    return [event["message"] for event in events if event["reason"] == "FailedCreate"]


def test_down_leaves_nothing_but_the_data(project: Project) -> None:
    result, left = project.down("hyperscale")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert {item.environment for item in project.items()} == {"hyperscale-data"}
