"""What teams may really do in their namespaces: judged by quotas, limits, pod security and roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.environment import find, load
from infra.environment.teams import PHASES, Phase, Team
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.kubernetes.values import quantity
from tests.acceptance.cluster import Person, awaited, present
from tests.acceptance.manifests import ROOT, declared
from tests.acceptance.pods import careful, deployment, pod, service

pytestmark = pytest.mark.engine

MINE, OTHER = "fraud", "search"
ROLES = "/apis/rbac.authorization.k8s.io/v1"


@dataclass(frozen=True)
class Tenancy:
    """The namespaces of the environment `dev`, and people."""

    client: Client
    team: Team
    member: Person
    """Of the team `MINE`."""
    stranger: Person
    """Of a group that is nobody's."""

    def home(self, phase: Phase, team: str = MINE) -> str:
        return f"{team}-{phase}"

    def used(self, namespace: str) -> dict[str, str]:
        quota = self.client.get(Ref("v1", "ResourceQuota", "team", namespace))
        assert quota is not None
        used: dict[str, str] = quota["status"]["used"]
        return used


@pytest.fixture(scope="module")
def tenancy(plane: ControlPlane, client: Client) -> Iterator[Tenancy]:
    team = load(find("dev", ROOT)).teams[MINE]
    with present(client, declared("dev")) as made:
        for one in made:
            if one["kind"] == "ResourceQuota":
                awaited(client, Ref.of(one), lambda live: "hard" in live.get("status", {}))
            if one["kind"] == "Namespace":  # pods need its default service account
                awaited(client, Ref("v1", "ServiceAccount", "default", one["metadata"]["name"]), bool)
        yield Tenancy(
            client, team, Person(plane.ensure, f"mlcluster:{MINE}"), Person(plane.ensure, "mlcluster:nobody")
        )


@pytest.fixture(autouse=True)
def _tidy(tenancy: Tenancy) -> Iterator[None]:
    """Leaves the quotas as they were: all of them unused."""
    yield
    for phase in PHASES:
        for kinds in ("apis/apps/v1/{}/deployments", "api/v1/{}/pods?gracePeriodSeconds=0"):
            path = f"/{kinds.format(f'namespaces/{tenancy.home(phase)}')}"
            assert tenancy.member.ask("DELETE", path)[0] == 200
        quota = Ref("v1", "ResourceQuota", "team", tenancy.home(phase))
        awaited(tenancy.client, quota, lambda live: not any(map(quantity, live["status"]["used"].values())))


def refused(answer: tuple[int, dict[str, Any]], *reasons: str) -> None:
    """Asserts that the server said no, and why."""
    status, body = answer
    assert status == 403, body
    for reason in reasons:
        assert reason in body["message"]


def accepted(answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    status, body = answer
    assert status in {200, 201}, body
    return body


@pytest.mark.parametrize("phase", PHASES)
def test_a_pod_that_asks_for_nothing_gets_defaults(tenancy: Tenancy, phase: Phase) -> None:
    made = accepted(tenancy.member.start(tenancy.home(phase), careful()))
    assert made["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "250m", "memory": "512Mi"},
        "limits": {"memory": "2Gi"},
    }
    used = tenancy.used(tenancy.home(phase))
    assert (used["requests.cpu"], used["requests.memory"]) == ("250m", "512Mi")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("resource", ["cpu", "memory", "nvidia.com/gpu"])
def test_the_quota_can_be_used_up_and_no_more(tenancy: Tenancy, phase: Phase, resource: str) -> None:
    share = tenancy.team.split()[phase]
    whole, one_more = {
        "cpu": (f"{share.cpu.millis}m", "1m"),
        "memory": (str(int(share.memory)), "1"),
        "nvidia.com/gpu": (str(share.gpus), "1"),
    }[resource]
    least = {"cpu": "0", "memory": "0"}
    home = tenancy.home(phase)
    accepted(tenancy.member.start(home, careful("all", limits={**least, resource: whole})))
    more = careful("more", limits={**least, resource: one_more})
    refused(tenancy.member.start(home, more), "exceeded quota: team", f"requests.{resource}")


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer"])
def test_ports_to_the_outside_are_refused(tenancy: Tenancy, kind: str) -> None:
    path = f"/api/v1/namespaces/{tenancy.home('serving')}/services"
    refused(tenancy.member.ask("POST", path, service(kind)), "exceeded quota: team")
    accepted(tenancy.member.ask("POST", path, service("ClusterIP")))
    accepted(tenancy.member.ask("DELETE", f"{path}/web"))


@pytest.mark.parametrize("phase", PHASES)
def test_privileged_pods_are_refused(tenancy: Tenancy, phase: Phase) -> None:
    refused(tenancy.member.start(tenancy.home(phase), pod(privileged=True)), "PodSecurity", "privileged")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    "spec", [{"hostNetwork": True}, {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}]
)
def test_the_node_is_out_of_reach(tenancy: Tenancy, phase: Phase, spec: dict[str, Any]) -> None:
    wanted = careful()
    wanted["spec"] |= spec
    refused(tenancy.member.start(tenancy.home(phase), wanted), "PodSecurity")


def test_pods_that_run_as_root_are_for_notebooks_and_training_only(tenancy: Tenancy) -> None:
    for phase in ("exploration", "training"):
        accepted(tenancy.member.start(tenancy.home(phase), pod(runAsUser=0)))
    refused(tenancy.member.start(tenancy.home("serving"), pod(runAsUser=0)), "PodSecurity", "restricted")


def test_a_deployments_pods_are_judged_like_any(tenancy: Tenancy) -> None:
    """Two ask for more than half of the quota each: one starts, and the team is told of the other."""
    half = tenancy.team.split()["serving"].cpu.millis // 2 + 1
    wanted = deployment("web", careful(limits={"cpu": f"{half}m"}), replicas=2)
    home = tenancy.home("serving")
    made = accepted(tenancy.member.ask("POST", f"/apis/apps/v1/namespaces/{home}/deployments", wanted))
    ref = Ref("apps/v1", "Deployment", made["metadata"]["name"], home)
    live = awaited(tenancy.client, ref, lambda live: "exceeded quota" in failure(live))
    assert live["status"]["unavailableReplicas"] >= 1
    assert len(tenancy.client.list("v1", "Pod", home)) == 1


def failure(live: Manifest) -> str:
    """Why a deployment has fewer pods than it wants."""
    conditions = live.get("status", {}).get("conditions") or ()
    return next((one["message"] for one in conditions if one["type"] == "ReplicaFailure"), "")


@pytest.mark.parametrize("phase", PHASES)
def test_members_are_at_home_in_their_own_namespaces_only(tenancy: Tenancy, phase: Phase) -> None:
    accepted(tenancy.member.start(tenancy.home(phase), careful()))
    refused(tenancy.member.start(tenancy.home(phase, OTHER), careful()), "cannot create resource")
    refused(tenancy.stranger.start(tenancy.home(phase), careful()), "cannot create resource")
    for kind in ("pods", "secrets", "resourcequotas"):
        accepted(tenancy.member.ask("GET", f"/api/v1/namespaces/{tenancy.home(phase)}/{kind}"))
        refused(tenancy.member.ask("GET", f"/api/v1/namespaces/{tenancy.home(phase, OTHER)}/{kind}"))
        refused(tenancy.stranger.ask("GET", f"/api/v1/namespaces/{tenancy.home(phase)}/{kind}"))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/v1/namespaces/{}/resourcequotas/team", {"spec": {"hard": {"requests.cpu": "9k"}}}),
        ("DELETE", "/api/v1/namespaces/{}/resourcequotas/team", None),
        ("PATCH", "/api/v1/namespaces/{}/limitranges/defaults", {"spec": {"limits": []}}),
        ("DELETE", "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies/default-deny", None),
        ("PATCH", "/api/v1/namespaces/{}", {"metadata": {"labels": {"mlcluster.io/team": OTHER}}}),
        ("DELETE", "/api/v1/namespaces/{}", None),
        ("PATCH", f"{ROLES}/namespaces/{{}}/roles/member", {"rules": []}),
        ("DELETE", f"{ROLES}/namespaces/{{}}/rolebindings/member", None),
        ("DELETE", "/api/v1/namespaces/{}/serviceaccounts/workload", None),
        ("POST", "/api/v1/namespaces/{}/serviceaccounts/workload/token", {}),
    ],
)
def test_members_cannot_lift_their_own_limits(
    tenancy: Tenancy, phase: Phase, method: str, path: str, body: dict[str, Any] | None
) -> None:
    refused(tenancy.member.ask(method, path.format(tenancy.home(phase)), body), "cannot")


def test_members_see_nothing_of_the_cluster(tenancy: Tenancy) -> None:
    for path in ("nodes", "namespaces", "secrets", "pods", "persistentvolumes"):
        refused(tenancy.member.ask("GET", f"/api/v1/{path}"), "cannot list")
