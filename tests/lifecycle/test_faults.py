"""What breaks while an environment lives, and how the next command goes on from there."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress

import psutil
import pytest

from operations.engine.events import Done, Event
from operations.twin.kubernetes.api import Manifest
from operations.twin.kubernetes.control_plane import COMPONENTS
from operations.twin.manager import Twin
from tests.lifecycle.conftest import Project

pytestmark = pytest.mark.engine

NAMESPACES = {
    f"{team}-{phase}" for team in ("fraud", "search") for phase in ("exploration", "training", "serving")
}


def changes(project: Project, what: str = "up") -> dict[str, int]:
    """What a run that must succeed did, by operation, resources that stayed the same left out."""
    result = project.run(what, "dev")
    assert (result.result, result.errors) == ("succeeded", ())
    return {op: count for op, count in result.changes.items() if op != "same"}


def kinds(project: Project) -> set[tuple[str, str]]:
    return {(item.service, item.type) for item in project.items()}


def kill(*processes: psutil.Process) -> None:
    """Kills all of them at once; the daemon may be quicker, which ends the others when it finds one dead."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=10)


def test_an_api_server_killed_in_the_middle_of_an_up_costs_no_more_than_another_up(project: Project) -> None:
    victims: list[int] = []

    def kill_after_the_first_namespace(event: Event) -> None:
        if not victims and isinstance(event, Done) and "core/v1:Namespace::" in event.urn:
            server = project.cluster().processes()["kube-apiserver"]
            victims.append(server.pid)
            server.kill()

    result = project.run("up", "dev", kill_after_the_first_namespace)
    assert len(victims) == 1, "the up came to namespaces, and met the fault"
    assert result.result != "cancelled"
    rest = changes(project)
    assert bool(rest) == (result.result == "failed"), "what the first left is done by the next, and no more"
    assert changes(project) == {}


def test_nothing_was_doubled(project: Project) -> None:
    there = Counter((item.service, item.type, item.id) for item in project.items())
    assert set(there.values()) == {1}
    objects = [item for item in project.items() if item.service == "kubernetes"]
    counts = Counter(item.type for item in objects)
    per_namespace = ("ResourceQuota", "LimitRange", "Role", "RoleBinding")
    assert set(NAMESPACES) <= {item.id for item in objects if item.type == "Namespace"}
    assert {kind: counts[kind] for kind in per_namespace} == dict.fromkeys(per_namespace, len(NAMESPACES))
    gpu_operators = 1  # its namespace is closed
    assert counts["NetworkPolicy"] == 3 * len(NAMESPACES) + gpu_operators
    assert counts["Node"] == 2


@pytest.mark.parametrize("victim", ["etcd", "kube-apiserver", "all"])
def test_a_control_plane_that_died_between_two_commands_is_started_again(
    project: Project, victim: str
) -> None:
    before = project.items()
    running = project.cluster().processes()
    kill(*(running[name] for name in (COMPONENTS if victim == "all" else (victim,))))
    assert changes(project) == {}
    assert project.items() == before
    assert set(project.cluster().processes()) == set(COMPONENTS)


def test_a_daemon_that_was_killed_is_replaced_and_takes_the_cluster_over(project: Project) -> None:
    before = project.items()
    old = psutil.Process(project.twin.start().pid)
    server = project.cluster().processes()["kube-apiserver"].pid
    kill(old)
    assert changes(project) == {}
    assert project.items() == before
    assert project.twin.start().pid != old.pid
    assert project.cluster().processes()["kube-apiserver"].pid == server


def test_a_machine_that_lost_its_power_comes_back_with_everything(project: Project) -> None:
    before = project.items()
    daemon = psutil.Process(project.twin.start().pid)
    kill(daemon, *project.cluster().processes().values())
    assert changes(project) == {}
    assert project.items() == before


def test_two_twins_keep_apart(project: Project) -> None:
    before = project.items()
    other = Twin("other")
    try:
        theirs = other.start()
        assert other.inventory() == ()
        assert not set(theirs.ports.values()) & set(project.twin.start().ports.values())
        ports = listening(other)
        assert len(ports) > len(theirs.ports), "the daemon's own, and the control plane's"
        assert not ports & listening(project.twin)
    finally:
        other.reset()
    assert project.items() == before
    assert changes(project) == {}


def listening(twin: Twin) -> set[int]:
    """The ports of a twin's daemon and control plane."""
    return {
        connection.laddr.port
        for process in processes(twin)
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def processes(twin: Twin) -> list[psutil.Process]:
    """Everything that was started with the twin's folder in its command."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(twin.folder) in word for word in process.info["cmdline"] or ())
    ]


def held_by(*finalizers: str) -> Manifest:
    """A ConfigMap in one of the namespaces, as somebody's controller would apply it."""
    metadata = {"name": "checkpoint", "namespace": "fraud-training", "finalizers": list(finalizers)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def test_a_namespace_that_does_not_go_is_told_and_the_rest_goes(project: Project) -> None:
    client = project.kubernetes()
    client.apply(held_by("acme.io/backup"), manager="acme")
    elsewhere = {("s3", "bucket"), ("budgets", "budget")}
    assert elsewhere <= kinds(project)
    began = time.monotonic()
    result, left = project.down("dev")
    assert time.monotonic() - began < 150, "it does not wait for ever"
    assert result.result == "failed"
    [error] = result.errors
    assert "::fraud-training: Namespace fraud-training does not go: " in error
    assert "ConfigMap fraud-training/checkpoint holds finalizer acme.io/backup" in error
    there = {value["metadata"]["name"] for value in client.list("v1", "Namespace")}
    assert there & NAMESPACES == {"fraud-training"}
    assert not elsewhere & kinds(project)
    assert {leftover.id for leftover in left} >= {"fraud-training", "mlcluster-dev"}, "and what it lives on"


def test_once_it_is_freed_the_next_down_finishes(project: Project) -> None:
    project.kubernetes().apply(held_by(), manager="acme")
    result, left = project.down("dev")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert project.items() == ()


def test_a_control_plane_that_cannot_start_is_told_with_the_command_to_run(project: Project) -> None:
    project.twin.stop()
    [database] = project.twin.folder.glob("etcd/**/db")
    database.write_bytes(b"not a database" * 1000)
    began = time.monotonic()
    result = project.run("up", "dev")
    assert time.monotonic() - began < 90, "nobody waits for it for ever"
    assert result.result == "failed"
    assert any("mlcluster twin reset dev" in error for error in result.errors)
    project.twin.reset()
    assert project.items() == ()
