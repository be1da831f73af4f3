"""Who may speak to the pods of a namespace: nobody but those who have to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking

from infra import prometheus

_NAME: Final = "ways-in"


def closed(
    name: str,
    space: core.Namespace,
    labels: Mapping[str, str],
    ways: Iterable[Mapping[str, Any]] = (),
    *,
    parent: pulumi.Resource,
) -> networking.NetworkPolicy:
    """Closes a namespace: nothing comes in but by the ways that are named.

    Pods in the network of their node are beyond network policies, and so are probes from a pod's own node:
    https://kubernetes.io/docs/concepts/services-networking/network-policies/

    Args:
        name: Of the resource in the stack.
        space: The namespace.
        labels: The policy's labels.
        ways: From `within`, `anyone`, `prometheus_to` and `from_namespaces`.
        parent: The component that it is part of.
    """
    return networking.NetworkPolicy(
        f"{name}-{_NAME}",
        metadata={"name": _NAME, "namespace": space.metadata["name"], "labels": dict(labels)},
        spec=policy(ways),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[space]),
    )


def policy(ways: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """The specification of the policy: without any way, nothing comes in."""
    rules = [dict(way) for way in ways]
    return {"podSelector": {}, "policyTypes": ["Ingress"], **({"ingress": rules} if rules else {})}


def within() -> dict[str, Any]:
    """From the namespace's own pods, to all ports."""
    return {"from": [{"podSelector": {}}]}


def anyone(*ports: int) -> dict[str, Any]:
    """From everywhere, to ports: those of webhooks, which the API server calls.

    It is no pod, and where a provider runs it its addresses are not known here.
    """
    return {"ports": _ports(ports)}


def prometheus_to(*ports: int) -> dict[str, Any]:
    """From Prometheus, to ports with metrics; where there is none it lets nobody in."""
    return {"from": [dict(prometheus.PEER)], "ports": _ports(ports)}


def from_namespaces(labels: Mapping[str, str], *ports: int) -> dict[str, Any]:
    """From all pods of namespaces with labels, to ports."""
    return {"from": [{"namespaceSelector": {"matchLabels": dict(labels)}}], "ports": _ports(ports)}


def _ports(numbers: Iterable[int]) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": number} for number in numbers]
