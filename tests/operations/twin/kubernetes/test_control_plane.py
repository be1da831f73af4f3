"""The real control plane: started, broken, restarted, and used by sessions."""

from __future__ import annotations

import base64
import socket
import stat
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from operations import folders
from operations.twin import kubernetes
from operations.twin.backend import Refused
from operations.twin.kubernetes import binaries, nodes, volumes
from operations.twin.kubernetes.api import ApiError, Ref
from operations.twin.kubernetes.backend import Session
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import COMPONENTS, ControlPlane
from tests.operations.twin.kubernetes.conftest import Aws, group
from tests.operations.twin.kubernetes.manifests import deployment, thing

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        bool(binaries.missing()), reason="`mlcluster twin build` has not built the control plane"
    ),
]

URN = "urn:pulumi:dev::mlcluster::kubernetes:core/v1:ConfigMap::settings"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    opened = ControlPlane(tmp_path_factory.mktemp("twin"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _watchful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.twin.kubernetes.control_plane._LOOK_AGAIN_S", 0)


@pytest.fixture
def client(plane: ControlPlane) -> Client:
    return Client(plane.ensure, lambda: None)


@pytest.fixture
def session(client: Client) -> Session:
    return Session(client, patience=5)


@pytest.fixture
def home(client: Client) -> Iterator[str]:
    """A namespace for one test."""
    name = f"test-{uuid.uuid4()}"
    client.apply(thing("Namespace", name), manager="test")
    yield name
    client.delete(Ref("v1", "Namespace", name))


def kubectl(plane: ControlPlane, *arguments: str) -> str:
    return run_kubectl(plane.kubeconfig, *arguments)


def run_kubectl(kubeconfig: Path, *arguments: str) -> str:
    command = [str(binaries.folder() / "kubectl"), f"--kubeconfig={kubeconfig}", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout


def test_it_runs_and_listens_on_the_loopback_only(plane: ControlPlane) -> None:
    plane.ensure()
    running = plane.processes()
    assert set(running) == set(COMPONENTS)
    addresses = {
        connection.laddr.ip
        for process in running.values()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_it_says_its_version(plane: ControlPlane, client: Client) -> None:
    plane.ensure()
    assert f"v{binaries.KUBERNETES}" in kubectl(plane, "version")


def test_the_kubeconfig_is_private_and_stands_alone(plane: ControlPlane, tmp_path: Path) -> None:
    plane.ensure()
    assert stat.S_IMODE(plane.kubeconfig.stat().st_mode) == 0o600
    copy = tmp_path / "kubeconfig"
    copy.write_text(plane.kubeconfig.read_text())
    assert run_kubectl(copy, "auth", "can-i", "*", "*").strip() == "yes"
    assert base64.b64decode(yaml.safe_load(copy.read_text())["users"][0]["user"]["client-key-data"])


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_killed_part_is_noticed_and_nothing_is_lost(
    plane: ControlPlane, client: Client, component: str
) -> None:
    name = f"kept-{component}"
    client.apply(thing("ConfigMap", name, data={"k": "v"}), manager="test")
    victim = plane.processes()[component]
    victim.kill()
    victim.wait(10)
    live = client.get(Ref("v1", "ConfigMap", name, "default"))
    assert live is not None
    assert live["data"] == {"k": "v"}
    assert set(plane.processes()) == set(COMPONENTS)
    client.delete(Ref.of(live))


def test_stopped_and_started_it_is_the_same_cluster(plane: ControlPlane, client: Client) -> None:
    before = client.apply(thing("ConfigMap", "kept", data={"k": "v"}), manager="test")
    server = plane.ensure().server
    plane.stop()
    assert plane.processes() == {}
    after = client.get(Ref.of(before))
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert plane.ensure().server == server, "the port is kept, and with it a kubeconfig that was handed out"


def test_another_process_takes_a_running_one_over(plane: ControlPlane) -> None:
    plane.ensure()
    before = {name: process.pid for name, process in plane.processes().items()}
    other = ControlPlane(plane.kubeconfig.parent)
    assert other.ensure() == plane.ensure()
    assert {name: process.pid for name, process in plane.processes().items()} == before


def test_a_port_that_was_taken_meanwhile_is_not_insisted_on(plane: ControlPlane, client: Client) -> None:
    port = int(plane.ensure().server.rpartition(":")[2])
    plane.stop()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", port))
        thief.listen()
        assert not plane.ensure().server.endswith(f":{port}")
        assert client.get(Ref("v1", "Namespace", "default")) is not None


def test_two_twins_keep_apart(plane: ControlPlane, client: Client, tmp_path: Path) -> None:
    other = ControlPlane(tmp_path / "other")
    try:
        client.apply(thing("ConfigMap", "mine"), manager="test")
        ref = Ref("v1", "ConfigMap", "mine", "default")
        assert Client(other.ensure, other.close).everything() == (), "a new cluster holds nothing of a user"
        assert not {p.pid for p in plane.processes().values()} & {p.pid for p in other.processes().values()}
    finally:
        other.close()
    assert other.processes() == {}
    assert client.get(ref) is not None
    client.delete(ref)


def test_what_is_closed_stays_closed(tmp_path: Path) -> None:
    closed = ControlPlane(tmp_path)
    closed.close()
    with pytest.raises(Refused, match="is being stopped"):
        closed.ensure()


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "etcd").write_text("not a folder")
    broken = ControlPlane(tmp_path)
    with pytest.raises((Refused, OSError)):
        broken.ensure()
    assert broken.processes() == {}


def test_a_misspelt_field_is_refused_even_in_a_preview(session: Session, home: str) -> None:
    manifest = deployment("a", home)
    manifest["spec"]["template"]["spec"]["contianers"] = []
    with pytest.raises(Refused, match="contianers"):
        session.preview(URN, "kubernetes:apps/v1:Deployment", manifest)
    with pytest.raises(Refused, match="contianers"):
        session.create(URN, "kubernetes:apps/v1:Deployment", manifest, 0)


def test_a_preview_changes_nothing(session: Session, client: Client, home: str) -> None:
    seen = session.preview(URN, "kubernetes:core/v1:ConfigMap", thing("ConfigMap", "a", home))
    assert seen["metadata"]["name"] == "a"
    assert client.get(Ref("v1", "ConfigMap", "a", home)) is None


def test_sessions_create_update_refresh_and_delete(session: Session, client: Client, home: str) -> None:
    type_ = "kubernetes:core/v1:ResourceQuota"
    inputs = thing("ResourceQuota", "q", home, spec={"hard": {"requests.cpu": "1000m"}})
    id_, state = session.create(URN, type_, inputs, 0)
    assert id_ == f"{home}/q"
    assert state["status"]["hard"] == {"requests.cpu": "1"}
    found = session.read(type_, id_, inputs, state)
    assert found is not None
    assert found[0] == inputs, "the server's spelling of an amount is not drift"
    wider = thing("ResourceQuota", "q", home, spec={"hard": {"pods": "3"}})
    assert session.update(URN, type_, id_, state, wider, 0, False)["spec"]["hard"] == {"pods": "3"}
    session.delete(URN, type_, id_, state, 0)
    assert client.get(Ref("v1", "ResourceQuota", "q", home)) is None


def test_a_namespace_stuck_on_a_finalizer_says_so(
    session: Session, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.twin.kubernetes.backend._STUCK_S", 3)
    type_ = "kubernetes:core/v1:Namespace"
    id_, state = session.create(URN, type_, thing("Namespace", "stuck"), 0)
    client.apply(thing("ConfigMap", "a", "stuck", metadata={"finalizers": ["acme.io/wait"]}), manager="test")
    with pytest.raises(
        Refused, match=r"Namespace stuck does not go: .*ConfigMap stuck/a holds .*acme\.io/wait"
    ):
        session.delete(URN, type_, id_, state, 0)
    client.apply(thing("ConfigMap", "a", "stuck"), manager="test")
    session.delete(URN, type_, id_, state, 60)


def test_pods_run_where_there_is_room(session: Session, client: Client, home: str) -> None:
    nodes.reconcile(client, nodes.wanted([group(desired=2, taints=())]))
    type_ = "kubernetes:apps/v1:Deployment"
    _id, state = session.create(URN, type_, deployment("web", home, replicas=3), 60)
    assert state["status"]["availableReplicas"] == 3
    nodes.reconcile(client, {})
    assert client.list("v1", "Node") == ()


def test_a_node_group_is_there_when_its_nodes_are_ready(client: Client) -> None:
    aws = Aws()
    following = nodes.Nodes(client, aws)
    try:
        aws.change(group(desired=24))
        there = client.list("v1", "Node")
        assert len(there) == 24
        assert all(nodes.is_usable(node) for node in there)
        aws.change()
        assert client.list("v1", "Node") == ()
    finally:
        following.close()


def test_jobs_of_gpus_are_placed_and_end(session: Session, client: Client, home: str) -> None:
    nodes.reconcile(client, nodes.wanted([group(desired=4)]))
    limits = {"nvidia.com/gpu": "8", "vpc.amazonaws.com/efa": "4"}
    pod = {
        "restartPolicy": "Never",
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "containers": [{"name": "main", "image": "x", "resources": {"limits": limits}}],
    }
    template = {"metadata": {"annotations": {"mlcluster.io/runs-for": "2s"}}, "spec": pod}
    spec = {"completions": 4, "parallelism": 4, "completionMode": "Indexed", "template": template}
    job = thing("Job", "train", home, version="batch/v1", spec=spec)
    _id, state = session.create(URN, "kubernetes:batch/v1:Job", job, 60)
    assert state["status"]["succeeded"] == 4
    pods = client.list("v1", "Pod", home)
    assert len({value["spec"]["nodeName"] for value in pods}) == 4
    nodes.reconcile(client, {})


DRIVERS = [
    "ebs.csi.aws.com", "efs.csi.aws.com", "fsx.csi.aws.com", "rook-ceph.rbd.csi.ceph.com",
    "rook-ceph.cephfs.csi.ceph.com", "rancher.io/local-path",
]  # fmt: skip


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("mode", ["Immediate", "WaitForFirstConsumer"])
def test_claims_get_volumes_and_give_them_back(
    session: Session, client: Client, home: str, mode: str, driver: str
) -> None:
    provisioner = volumes.Volumes(client)
    nodes.reconcile(client, nodes.wanted([group(desired=1, taints=())]))
    class_name = f"{driver.replace('/', '-')}-{mode.lower()}"
    storage_class = thing(
        "StorageClass", class_name, version="storage.k8s.io/v1", provisioner=driver,
        volumeBindingMode=mode,
    )  # fmt: skip
    client.apply(storage_class, manager="test")
    claim = thing("PersistentVolumeClaim", "data", home, spec={
        "accessModes": ["ReadWriteOnce"], "storageClassName": class_name,
        "resources": {"requests": {"storage": "1Gi"}},
    })  # fmt: skip
    mounted = {
        "containers": [{"name": "main", "image": "x"}],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }
    try:
        session.create(URN, "kubernetes:core/v1:PersistentVolumeClaim", claim, 120)
        pod = thing("Pod", "reader", home, spec=mounted)
        id_, state = session.create(URN, "kubernetes:core/v1:Pod", pod, 120)
        live = client.get(Ref.of(claim))
        assert live is not None
        assert live["status"]["phase"] == "Bound"
        session.delete(URN, "kubernetes:core/v1:Pod", id_, state, 120)
        session.delete(URN, "kubernetes:core/v1:PersistentVolumeClaim", f"{home}/data", claim, 120)
        volume = Ref("v1", "PersistentVolume", live["spec"]["volumeName"])
        assert client.wait(volume, lambda value: value is None, 120) == (True, None)
    finally:
        provisioner.close()
        nodes.reconcile(client, {})


@pytest.mark.parametrize("driver", ["fsx.csi.aws.com", "efs.csi.aws.com", "s3.csi.aws.com"])
@pytest.mark.parametrize("by_name", [True, False], ids=["the claim names it", "it names the claim"])
def test_volumes_that_are_there_already_are_bound_by_the_controller(
    session: Session, client: Client, home: str, driver: str, by_name: bool
) -> None:
    name = f"static-{home}"
    csi = {"driver": driver, "volumeHandle": "fs-0123456789abcdef0"}
    mine = {} if by_name else {"claimRef": {"name": "data", "namespace": home}}
    volume = thing("PersistentVolume", name, spec={
        "accessModes": ["ReadWriteMany"], "capacity": {"storage": "1200Gi"}, "csi": csi,
        "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "", **mine,
    })  # fmt: skip
    claim = thing("PersistentVolumeClaim", "data", home, spec={
        "accessModes": ["ReadWriteMany"], "storageClassName": "",
        "resources": {"requests": {"storage": "1200Gi"}}, **({"volumeName": name} if by_name else {}),
    })  # fmt: skip
    volumes_, claims_ = (f"kubernetes:core/v1:PersistentVolume{end}" for end in ("", "Claim"))
    id_, state = session.create(URN, volumes_, volume, 120)
    claim_id, claim_state = session.create(URN, claims_, claim, 120)
    assert claim_state["status"]["phase"] == "Bound"
    assert claim_state["spec"]["volumeName"] == name
    session.delete(URN, claims_, claim_id, claim_state, 120)
    session.delete(URN, volumes_, id_, state, 120)


def test_load_balancers_get_a_name(session: Session, home: str) -> None:
    service = thing("Service", "web", home, spec={"type": "LoadBalancer", "ports": [{"port": 80}]})
    _id, state = session.create(URN, "kubernetes:core/v1:Service", service, 30)
    assert state["status"]["loadBalancer"]["ingress"][0]["hostname"] == f"web.{home}.elb.twin.invalid"


def test_custom_resources_follow_their_definition(session: Session, client: Client, home: str) -> None:
    definition = thing(
        "CustomResourceDefinition", "widgets.acme.io", version="apiextensions.k8s.io/v1",
        spec={
            "group": "acme.io", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
            "versions": [{
                "name": "v1", "served": True, "storage": True,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                }},
            }],
        },
    )  # fmt: skip
    type_ = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    id_, state = session.create(URN, type_, definition, 30)
    widget: dict[str, Any] = thing("Widget", "w", home, version="acme.io/v1", spec={"size": 1})
    assert session.create(URN, "kubernetes:acme.io/v1:Widget", widget, 0)[0] == f"{home}/w"
    with pytest.raises(ApiError, match="sise"):
        client.apply({**widget, "spec": {"sise": 1}}, manager="test")
    session.delete(URN, type_, id_, state, 30)
    assert client.get(Ref("acme.io/v1", "Widget", "w", home)) is None


def test_the_package_starts_it_in_the_background_and_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kubernetes.VARIABLE, "control-plane")
    package = kubernetes.open(tmp_path, Aws(group(desired=2)))
    assert [item.type for item in package.inventory()] == ["Node", "Node"]
    package.save()
    package.close()
    assert ControlPlane(tmp_path).processes() == {}
    monkeypatch.delenv(kubernetes.VARIABLE)
    assert kubernetes.kind(tmp_path) is kubernetes.Kind.CONTROL_PLANE, "what a twin has used, it keeps"


def broken(folder: Path) -> ControlPlane:
    """A control plane whose data are no longer any."""
    plane = ControlPlane(folder)
    plane.ensure()
    plane.stop()
    (folder / "etcd" / "member" / "snap" / "db").write_bytes(b"not a database" * 1000)
    return plane


def test_one_that_cannot_start_says_why_soon_and_to_all_who_wait(tmp_path: Path) -> None:
    plane = broken(tmp_path / "dev")
    for limit in (40, 0.5):
        began = time.monotonic()
        with pytest.raises(Refused, match=r"(?s)does not start.*etcd\.log: .*mlcluster twin reset dev"):
            plane.ensure()
        assert time.monotonic() - began < limit
    assert plane.processes() == {}


def test_closing_ends_a_start_that_is_under_way(tmp_path: Path) -> None:
    plane = ControlPlane(tmp_path)
    with ThreadPoolExecutor() as pool:
        starting = pool.submit(plane.ensure)
        log = tmp_path / "kwok" / "kwokctl.log"
        while not log.exists():
            time.sleep(0.01)
        plane.close()
        with pytest.raises(Refused):
            starting.result(30)
    assert plane.processes() == {}


def test_a_control_plane_that_lost_its_daemon_is_ended(tmp_path: Path) -> None:
    kubernetes.stop(tmp_path)
    assert kubernetes.kubeconfig(tmp_path) is None
    orphan = ControlPlane(tmp_path)
    orphan.ensure()
    assert kubernetes.kubeconfig(tmp_path) == orphan.kubeconfig
    kubernetes.stop(tmp_path)
    assert orphan.processes() == {}


def test_the_users_own_settings_are_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("MLCLUSTER_CACHE", str(folders.cache()))
    monkeypatch.setenv("HOME", str(home))
    plane = ControlPlane(tmp_path / "twin")
    try:
        plane.ensure()
    finally:
        plane.close()
    assert not (home / ".kwok").exists()
    assert not (home / ".kube" / "config").exists()
