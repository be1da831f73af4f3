"""What a team's namespaces are made of: plain data in Kubernetes' own terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from infra.environment.oidc import TEAM_PREFIX
from infra.environment.pools.devices import Devices
from infra.environment.pools.pool import EFA, NEURON
from infra.environment.pools.sharing import mig_resource
from infra.environment.teams import Phase, Quota, Team
from infra.labels import TEAM_LABEL
from infra.mesh import Membership
from infra.units import GiB, MiB, quantity_bytes, quantity_cpu

_SECURITY: Final[Mapping[Phase, str]] = {
    "exploration": "baseline",
    "training": "baseline",
    "serving": "restricted",
}
"""Pod security level that is enforced. Images for notebooks and training run as root more often than not,
which `restricted` forbids; what answers requests from others has no such excuse."""

_EVERYWHERE: Final = {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}
"""All of IPv4 but the instance metadata."""
_POD_IDENTITY: Final = {"cidr": "169.254.170.23/32"}
"""The agent that hands pods their credentials, on each node:
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html"""

_CONTAINER_CPU = 0.25
_CONTAINER_MEMORY = 512 * MiB
_CONTAINER_MEMORY_LIMIT = 2 * GiB

_ALL_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_READ: Final = ("get", "list", "watch")


def namespace(team: str, phase: Phase) -> str:
    """The name of a team's namespace."""
    return f"{team}-{phase}"


def iam_group(team: str) -> str:
    """The Kubernetes group that a team's people are in who enter by IAM."""
    return f"{TEAM_PREFIX}{team}"


def member_groups(name: str, team: Team) -> tuple[str, ...]:
    """The Kubernetes groups that a team's rights in its namespaces are bound to: none when it is leaving."""
    if team.offboard:
        return ()
    return (*team.groups, *((iam_group(name),) if team.principals else ()))


def security_labels(phase: Phase) -> dict[str, str]:
    """Labels that tell the API server which pods to refuse, and which to warn of.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/
    """
    return {
        "pod-security.kubernetes.io/enforce": _SECURITY[phase],
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/audit": "restricted",
    }


_NEURON_CORES: Final = ("aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice")
"""Other names for Neuron devices, or parts of them, that their plugin offers:
https://awsdocs-neuron.readthedocs-hosted.com/en/latest/containers/kubernetes-getting-started.html"""


def quota(share: Quota, devices: Devices | None = None) -> dict[str, str]:
    """The hard limits of a namespace.

    Kubernetes knows no limit for all that is called alike, so what GPUs are cut into is named one by one. It
    counts by the name of a resource and not by the type of a node, so Neuron devices are asked for whole: by
    cores the same device could be had twice. EFA interfaces go with accelerators: as many for each as the
    nodes have that have most.

    Services of the kinds that open ports to the outside are refused: what the world may see goes through a
    gateway, and a load balancer that nobody remembers would outlive the cluster.

    Args:
        share: The namespace's share of its team's quota.
        devices: What there is in the cluster; None: nothing but GPUs.
    """
    there = devices or Devices()
    cut = {mig_resource(one): share.mig.get(one, 0) for one in sorted({*there.profiles, *share.mig})}
    if there.neuron or share.neurons:
        cut |= {NEURON: share.neurons, **dict.fromkeys(_NEURON_CORES, 0)}
    if there.efa is not None:
        cut[EFA] = math.ceil(share.accelerators * there.efa)
    return {
        "requests.cpu": quantity_cpu(share.cpu),
        "requests.memory": quantity_bytes(share.memory),
        "requests.nvidia.com/gpu": str(share.gpus),
        **{f"requests.{resource}": str(count) for resource, count in cut.items()},
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def leaving_quota(hard: Mapping[str, str]) -> dict[str, str]:
    """The hard limits of a namespace whose team is leaving: no pods, whatever they ask for."""
    return {**hard, "pods": "0"}


def container_defaults(share: Quota) -> dict[str, Any]:
    """What a container gets that asks for nothing; within the quota, so that a small one can be used at all.

    There is no default limit of CPU: it would throttle a container while its node idles.
    """
    return {
        "type": "Container",
        "defaultRequest": {
            "cpu": quantity_cpu(min(_CONTAINER_CPU, share.cpu)),
            "memory": quantity_bytes(min(_CONTAINER_MEMORY, share.memory)),
        },
        "default": {"memory": quantity_bytes(min(_CONTAINER_MEMORY_LIMIT, share.memory))},
    }


def network_policies(team: str, mesh: Membership | None = None) -> dict[str, dict[str, Any]]:
    """The network policies of each of a team's namespaces, by name.

    Nothing comes in but from the team's own namespaces. Nothing goes out but to them, to the cluster's DNS,
    to the pod identity agent, and by HTTPS to anywhere: S3 and the other AWS APIs have no fixed addresses,
    and the cluster's API, package indexes and model hubs are reached the same way. Where data must not leave,
    the place to stop it is the network's way out (`network.nat: none`), not a list of addresses here.

    Args:
        team: The team's name.
        mesh: How the namespaces are part of the mesh; what that sends is let through as well. None: they are
            not.
    """
    meshed = None if mesh is None else mesh.network_policy
    own = [{"namespaceSelector": {"matchLabels": {TEAM_LABEL: team}}}]
    dns = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    return {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "same-team": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": own}],
            "egress": [{"to": own}],
        },
        "ways-out": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [
                {"to": [dns], "ports": [_port("UDP", 53), _port("TCP", 53)]},
                {"to": [{"ipBlock": _POD_IDENTITY}], "ports": [_port("TCP", 80)]},
                {"to": [{"ipBlock": _EVERYWHERE}], "ports": [_port("TCP", 443)]},
            ],
        },
        **({} if meshed is None else {"mesh": meshed}),
    }


def member_rules() -> list[dict[str, Any]]:
    """What members may do in their namespaces: run anything, see everything, but not lift their limits.

    Not the built-in role `edit`, which may rewrite network policies.
    """
    return [
        _rule("", ["pods", "services", "configmaps", "secrets", "persistentvolumeclaims"], _ALL_VERBS),
        _rule("", ["pods/attach", "pods/exec", "pods/portforward"], ("create", "get")),
        _rule(
            "",
            ["pods/log", "pods/status", "events", "serviceaccounts", "resourcequotas", "limitranges"],
            _READ,
        ),
        _rule("apps", ["deployments", "deployments/scale", "statefulsets", "statefulsets/scale"], _ALL_VERBS),
        _rule("apps", ["replicasets", "controllerrevisions"], _READ),
        _rule("batch", ["jobs", "cronjobs"], _ALL_VERBS),
        _rule("autoscaling", ["horizontalpodautoscalers"], _ALL_VERBS),
        _rule("policy", ["poddisruptionbudgets"], _ALL_VERBS),
        _rule("networking.k8s.io", ["networkpolicies"], _READ),
    ]


def _rule(group: str, resources: list[str], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}


def _port(protocol: str, port: int) -> dict[str, Any]:
    return {"protocol": protocol, "port": port}
