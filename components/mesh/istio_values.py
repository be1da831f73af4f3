"""Helm values of Istio's charts.

Values are at the top of the charts, though their own are under `_internal_defaults_do_not_set`:
https://github.com/istio/istio/blob/1.29.6/manifests/charts/base/templates/zzz_profile.yaml
"""

from __future__ import annotations

from typing import Any, Final

from components.ingress import anyone, prometheus_to
from components.scheduling import CRITICAL, resources, spread
from infra import mesh
from infra.mesh import Mode

LOGIN_PROVIDER: Final = "login"
"""What policies call the service that knows who people are."""
LOGIN_SERVICE: Final = "oauth2-proxy"
"""That service: the release, and so its Service."""
LOGIN_PORT: Final = 80

_WEBHOOK: Final = 15017
_METRICS: Final = (15014, 15020)
"""Ports with metrics: of the control plane and the nodes' part, and of proxies."""
_DISTROLESS: Final = {"variant": "distroless"}
"""Images without a shell, which upstream advises: https://istio.io/latest/docs/ops/configuration/security/harden-docker-images/"""


def base(revision: str) -> dict[str, Any]:
    """Values of the chart `base`: the kinds, and who judges objects of them.

    The kinds stay when it goes: upstream annotates them so, since with them would go all objects of theirs.
    """
    return {"defaultRevision": revision}


def istiod(mode: Mode, revision: str, *, replicas: int, login: bool) -> dict[str, Any]:
    """Values of the chart `istiod`, the control plane.

    Args:
        mode: How pods are part of the mesh.
        revision: Its name.
        replicas: Pods that it has at least.
        login: Whether there is a service that knows who people are.
    """
    return {
        "revision": revision,
        "autoscaleMin": replicas,
        "resources": resources("500m", "1Gi", most="2Gi"),
        "topologySpreadConstraints": spread({"app": "istiod", "istio.io/rev": revision}),
        "meshConfig": _mesh_config(mode, login=login),
        # Sidecars are set up by the node's plugin: pods need no rights to do so themselves.
        "cni": {"enabled": True},
        "global": {**_DISTROLESS, "priorityClassName": CRITICAL},
        **({"env": {"PILOT_ENABLE_AMBIENT": "true"}} if mode == "ambient" else {}),
    }


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to its pods: all proxies and the API server to istiod, and Prometheus.

    https://istio.io/v1.29/docs/ops/deployment/application-requirements/#ports-used-by-istio
    """
    return [anyone(mesh.CONTROL_PLANE, _WEBHOOK), prometheus_to(*_METRICS)]


def cni(mode: Mode) -> dict[str, Any]:
    """Values of the chart `cni`: what leads the traffic of pods into the mesh, on each node.

    It and `ztunnel` tolerate all taints, by the charts' own values: no node's pods are part of the mesh
    without them, those of nodes with GPUs neither.
    """
    return {
        "ambient": {"enabled": mode == "ambient"},
        "resources": resources("100m", "100Mi", most="256Mi"),
        "global": _DISTROLESS,
    }


def ztunnel(revision: str) -> dict[str, Any]:
    """Values of the chart `ztunnel`: the proxy on each node of an ambient mesh."""
    return {"revision": revision, "resources": resources("200m", "512Mi", most="1Gi"), **_DISTROLESS}


def _mesh_config(mode: Mode, *, login: bool) -> dict[str, Any]:
    """https://istio.io/v1.29/docs/reference/config/istio.mesh.v1alpha1/."""
    ambient = {"proxyMetadata": {"ISTIO_META_ENABLE_HBONE": "true"}}
    # A container that starts before its sidecar would find no network.
    sidecar = {"holdApplicationUntilProxyStarts": True}
    providers = {"extensionProviders": [_login()]} if login else {}
    return {"defaultConfig": ambient if mode == "ambient" else sidecar, **providers}


KNOWN: Final = (
    "x-auth-request-user",
    "x-auth-request-email",
    "x-auth-request-groups",
    "x-auth-request-preferred-username",
)
"""Headers by which consoles are told who somebody is:
https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview/#header-options"""


def _login() -> dict[str, Any]:
    """Who the gateway asks about each request, with what, and what it hands on of the answer.

    Envoy fills in the two parts of the address to come back to, as in any header that it is told to add. The
    prefix keeps the paths that oauth2-proxy lets everybody see for its own sake, `/ping` and the like, from
    being anybody's way into a console that has such paths too.
    """
    return {
        "name": LOGIN_PROVIDER,
        "envoyExtAuthzHttp": {
            "service": f"{LOGIN_SERVICE}.{mesh.LOGIN}.svc.cluster.local",
            "port": LOGIN_PORT,
            "timeout": "5s",
            "pathPrefix": "/check",
            "includeRequestHeadersInCheck": ["cookie", "accept", "x-requested-with"],
            "includeAdditionalHeadersInCheck": {
                "X-Auth-Request-Redirect": "https://%REQ(:AUTHORITY)%%REQ(:PATH)%"
            },
            "headersToUpstreamOnAllow": list(KNOWN),
            "headersToDownstreamOnAllow": ["set-cookie"],
            "headersToDownstreamOnDeny": ["content-type", "location", "set-cookie"],
        },
    }
