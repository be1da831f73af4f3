"""The twin's Kubernetes side: serves Pulumi's kubernetes package from memory or a real control plane."""

from __future__ import annotations

import base64
import os
from enum import StrEnum
from pathlib import Path
from typing import Final

from infra.problems import BadInput, Problem
from operations.twin.backend import ApiServer, AwsView, Package
from operations.twin.kubernetes import control_plane, memory
from operations.twin.kubernetes.client import Client, Credentials
from operations.twin.kubernetes.helm import Helm
from operations.twin.kubernetes.package import KubernetesPackage

VARIABLE: Final = "MLCLUSTER_TWIN_KUBERNETES"
"""Environment variable: what new twins keep their Kubernetes objects in, "memory" or "control-plane"."""


class Kind(StrEnum):
    """What a twin keeps its Kubernetes objects in."""

    MEMORY = "memory"
    """A file: quick and light, without schemas and controllers."""
    CONTROL_PLANE = "control-plane"
    """A real API server with controllers and a scheduler."""


DEFAULT: Final = Kind.CONTROL_PLANE


def open(folder: Path, aws: AwsView) -> Package:  # noqa: A001 - reads as kubernetes.open(folder, aws)
    """Opens the Kubernetes side of a twin, with what it held when it was saved last.

    Returns at once: a control plane starts in the background, and what needs it waits.

    Args:
        folder: The twin's folder; made if it is not there.
        aws: The AWS side, whose node groups become nodes.

    Raises:
        BadInput: `VARIABLE` has another value than those that it may have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind(folder) is Kind.MEMORY:
        return KubernetesPackage(memory.MemoryApi(folder), aws)
    plane = control_plane.ControlPlane(folder)
    aws.serve_clusters(lambda: _api_server(plane.ensure()))
    return KubernetesPackage(Client(plane.ensure, plane.close), aws, Helm(plane.reached))


def stop(folder: Path) -> None:
    """Ends the control plane of a twin that nobody serves any more, as when its daemon was killed.

    What it holds stays. Does nothing for a twin that has none.
    """
    if (folder / control_plane.DATA).exists():
        control_plane.ControlPlane(folder).stop()


def kubeconfig(folder: Path) -> Path | None:
    """Returns the kubeconfig of a twin's control plane; None while it has none, as in memory."""
    path = control_plane.ControlPlane(folder).kubeconfig
    return path if path.exists() else None


def kind(folder: Path) -> Kind:
    """Tells what a twin keeps its objects in: what it has used so far, else `VARIABLE`, else `DEFAULT`."""
    if (folder / memory.FILE).exists():
        return Kind.MEMORY
    if (folder / control_plane.DATA).exists():
        return Kind.CONTROL_PLANE
    chosen = os.environ.get(VARIABLE) or DEFAULT
    try:
        return Kind(chosen)
    except ValueError:
        hint = f"set it to {' or '.join(Kind)}"
        raise BadInput([Problem(VARIABLE, chosen, "is not what a twin can keep objects in", hint)]) from None


def _api_server(credentials: Credentials) -> ApiServer:
    authority = base64.b64encode(credentials.authority.read_bytes()).decode()
    return ApiServer(credentials.server, authority)
