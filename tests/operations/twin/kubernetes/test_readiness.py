"""When objects count as ready."""

from __future__ import annotations

from typing import Any

import pytest

from operations.twin.kubernetes import readiness
from operations.twin.kubernetes.api import Api, Ref
from tests.operations.twin.kubernetes.manifests import deployment, thing


def judged(api: Api, manifest: dict[str, Any]) -> str | None:
    check = readiness.check_of(api, manifest)
    assert check is not None
    return check(manifest)


def seen(kind: str, version: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    metadata = {"generation": 2}
    return thing(kind, "a", "default", version=version, spec=spec, status=status, metadata=metadata)


def conditions(**states: str) -> dict[str, Any]:
    return {"conditions": [{"type": type_, "status": status} for type_, status in states.items()]}


FULL = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}


@pytest.fixture
def controlled(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(api, "has_controllers", True)
    return api


@pytest.mark.parametrize(
    ("kind", "version", "spec", "status", "lacks"),
    [
        ("Deployment", "apps/v1", {"replicas": 3}, FULL, None),
        ("Deployment", "apps/v1", {"replicas": 3}, {**FULL, "availableReplicas": 2}, "2 of 3"),
        ("Deployment", "apps/v1", {"replicas": 3}, {**FULL, "observedGeneration": 1}, "3 of 3"),
        ("Deployment", "apps/v1", {"replicas": 3}, {**FULL, "replicas": 4}, "3 of 3"),
        ("Deployment", "apps/v1", {"replicas": 0}, {"observedGeneration": 2}, None),
        ("StatefulSet", "apps/v1", {"replicas": 1},
         {"observedGeneration": 2, "readyReplicas": 1, "currentRevision": "b", "updateRevision": "b"}, None),
        ("StatefulSet", "apps/v1", {"replicas": 1},
         {"observedGeneration": 2, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "b"},
         "1 of 1"),
        ("DaemonSet", "apps/v1", {},
         {"observedGeneration": 2, "desiredNumberScheduled": 2, "numberReady": 1,
          "updatedNumberScheduled": 2},
         "1 of 2"),
        ("Job", "batch/v1", {}, conditions(Complete="True"), None),
        ("Job", "batch/v1", {}, conditions(Failed="True"), "failed"),
        ("Job", "batch/v1", {}, {"active": 4}, "4 are active"),
        ("Pod", "v1", {}, {"phase": "Running", **conditions(Ready="True")}, None),
        ("Pod", "v1", {}, {"phase": "Succeeded"}, None),
        ("Pod", "v1", {}, {"phase": "Pending"}, "Pending"),
        ("PersistentVolumeClaim", "v1", {}, {"phase": "Bound"}, None),
        ("PersistentVolumeClaim", "v1", {}, {"phase": "Pending"}, "Pending"),
        ("ResourceQuota", "v1", {"hard": {"cpu": "1000m"}}, {"hard": {"cpu": "1"}}, None),
        ("ResourceQuota", "v1", {"hard": {"cpu": "2"}}, {}, "quota controller"),
        ("Service", "v1", {"type": "LoadBalancer"}, {}, "no load balancer"),
        ("Service", "v1", {"type": "ClusterIP"}, {}, None),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1", {},
         conditions(Established="True", NamesAccepted="True"), None),
        ("CustomResourceDefinition", "apiextensions.k8s.io/v1", {}, conditions(NamesAccepted="True"),
         "not established"),
    ],
)  # fmt: skip
def test_readiness(
    controlled: Api, kind: str, version: str, spec: Any, status: Any, lacks: str | None
) -> None:
    problem = judged(controlled, seen(kind, version, spec, status))
    assert (lacks is None) == (problem is None)
    assert lacks is None or (problem is not None and lacks in problem)


def test_a_claim_that_binds_on_first_use_may_be_pending(controlled: Api) -> None:
    storage_class = thing(
        "StorageClass", "gp3", version="storage.k8s.io/v1", provisioner="ebs.csi.aws.com",
        volumeBindingMode="WaitForFirstConsumer",
    )  # fmt: skip
    controlled.apply(storage_class, manager="me")
    claim = seen("PersistentVolumeClaim", "v1", {"storageClassName": "gp3"}, {"phase": "Pending"})
    assert judged(controlled, claim) is None


def test_nothing_is_awaited_of_controllers_that_are_not_there(api: Api) -> None:
    assert readiness.check_of(api, deployment("a")) is None
    assert readiness.check_of(api, thing("NodePool", "a", version="karpenter.sh/v1")) is None


def test_waiting_can_be_skipped(controlled: Api) -> None:
    assert readiness.check_of(controlled, deployment("a", annotations={readiness.SKIP: "true"})) is None


def test_blockers_name_object_and_finalizer(api: Api) -> None:
    home = api.apply(thing("Namespace", "team"), manager="me")
    api.apply(thing("ConfigMap", "a", "team", metadata={"finalizers": ["x.io/y"]}), manager="me")
    api.delete(Ref.of(home))
    (hold,) = readiness.blockers(api, Ref.of(home))
    assert str(hold) == "ConfigMap team/a holds finalizer x.io/y"
    assert hold.is_a_strangers
    assert not readiness.Hold(hold.ref, "kubernetes.io/pvc-protection").is_a_strangers
    assert readiness.blockers(api, Ref("v1", "Namespace", "none")) == ()
