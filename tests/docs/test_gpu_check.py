"""The job that looks at the GPUs of a cordoned node can run there, and nobody beside it."""

from pathlib import Path

import yaml

from components.nodes.gpu_runtime import NAMESPACE
from components.scheduling import tolerates
from infra.environment.pools import GPU_TAINT, Taint

JOB = Path(__file__).parents[2] / "docs" / "how-to" / "examples" / "gpu-check.yaml"


def test_it_runs_on_a_cordoned_node_with_all_its_gpus() -> None:
    job = yaml.safe_load(JOB.read_text())
    spec = job["spec"]["template"]["spec"]
    assert job["metadata"]["namespace"] == NAMESPACE
    for taint in (GPU_TAINT, Taint(key="node.kubernetes.io/unschedulable", value="")):
        assert any(tolerates(one, taint) for one in spec["tolerations"])
    assert list(spec["nodeSelector"]) == ["kubernetes.io/hostname"]
    (container,) = spec["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 8
    assert job["spec"]["backoffLimit"] == 0  # what fails once is sick
