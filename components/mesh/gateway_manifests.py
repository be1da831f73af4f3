"""What the gateway is made of: Helm values and custom resources, in their own terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from components.ingress import anyone, prometheus_to
from components.scheduling import CRITICAL, resources, spread
from infra.labels import ENVIRONMENT_LABEL
from infra.mesh import GATEWAY, GATEWAY_LABELS, GATEWAYS, in_namespace

API: Final = "gateway.networking.k8s.io/v1"
CERTIFICATES: Final = "cert-manager.io/v1"
CERTIFICATE: Final = "gateway"
"""The certificate of all host names, and its Secret."""

_PLAIN: Final = "http"
_ENCRYPTED: Final = "https"
_METRICS: Final = 15020
_HEALTH: Final[Mapping[str, Any]] = {"port": 15021, "path": "/healthz/ready"}
"""https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio"""
_BALANCER: Final = "service.beta.kubernetes.io/aws-load-balancer"


def values(
    revision: str,
    *,
    replicas: int,
    hosts: str,
    sources: Iterable[str] = (),
    at_aws: Mapping[str, str] | None = None,
    public: bool = False,
) -> dict[str, Any]:
    """Values of Istio's chart `gateway`.

    Args:
        revision: The control plane that it belongs to.
        replicas: Pods that it has at least.
        hosts: The name that stands for all hosts, for external-dns.
        sources: Ranges that it may be reached from; none: from anywhere.
        at_aws: Tags of its load balancer at AWS; None: it is elsewhere.
        public: Whether its load balancer at AWS has public addresses.
    """
    names = {"external-dns.alpha.kubernetes.io/hostname": hosts}
    there = {} if at_aws is None else {"loadBalancerClass": "service.k8s.aws/nlb"}
    balancer = {} if at_aws is None else _network_balancer(at_aws, public=public)
    ranges = list(sources)
    return {
        "revision": revision,
        "service": {
            "type": "LoadBalancer",
            "ports": [_port("http2", 80), _port("https", 443)],
            "annotations": {**names, **balancer},
            **({"loadBalancerSourceRanges": ranges} if ranges else {}),
            **there,
        },
        "autoscaling": {"enabled": True, "minReplicas": replicas, "maxReplicas": 3 * replicas},
        # With one replica a budget would keep its node from ever being drained.
        "podDisruptionBudget": {"maxUnavailable": 1} if replicas > 1 else {},
        "resources": resources("200m", "256Mi", most="1Gi"),
        "topologySpreadConstraints": spread(GATEWAY_LABELS),
        "priorityClassName": CRITICAL,
        # The chart's own, and the profile that Pod Security's level `restricted` wants said.
        "securityContext": {
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _network_balancer(tags: Mapping[str, str], *, public: bool) -> dict[str, str]:
    """What the AWS Load Balancer Controller is told: a Network Load Balancer straight to the pods.

    Clients' addresses are kept, which requests are counted by. Which zone's address a client took does not
    matter: there may be no pod in that zone.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/
    """
    return {
        f"{_BALANCER}-scheme": "internet-facing" if public else "internal",
        f"{_BALANCER}-nlb-target-type": "ip",
        f"{_BALANCER}-attributes": "load_balancing.cross_zone.enabled=true",
        f"{_BALANCER}-target-group-attributes": "preserve_client_ip.enabled=true",
        f"{_BALANCER}-healthcheck-protocol": "http",
        f"{_BALANCER}-healthcheck-port": str(_HEALTH["port"]),
        f"{_BALANCER}-healthcheck-path": str(_HEALTH["path"]),
        f"{_BALANCER}-additional-resource-tags": ",".join(f"{key}={value}" for key, value in tags.items()),
    }


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to its pods: everybody whom the load balancer lets through, and Prometheus."""
    return [anyone(80, 443, _HEALTH["port"]), prometheus_to(_METRICS)]


def _port(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "port": number, "targetPort": number, "protocol": "TCP"}


def certificate(hosts: str, issuer: str) -> dict[str, Any]:
    """The specification of the certificate: for all hosts, with a new key each time."""
    return {
        "secretName": CERTIFICATE,
        "dnsNames": [hosts],
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": issuer},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    }


def gateway(hosts: str) -> dict[str, Any]:
    """The specification of the Gateway: the pods that the chart made, which its address says.

    Without an address Istio would make pods and a load balancer of its own, which nobody would wait for when
    they go: https://istio.io/v1.29/docs/tasks/traffic-management/ingress/gateway-api/#manual-deployment

    Routes come from our namespaces alone, whichever stack has them: by a label that only those have who make
    them.
    """
    selector = {"matchExpressions": [{"key": ENVIRONMENT_LABEL, "operator": "Exists"}]}
    ours = {"namespaces": {"from": "Selector", "selector": selector}}
    secret = {"group": "", "kind": "Secret", "name": CERTIFICATE}
    return {
        "gatewayClassName": "istio",
        "addresses": [{"type": "Hostname", "value": f"{GATEWAY}.{GATEWAYS}.svc.cluster.local"}],
        "listeners": [
            {
                "name": _PLAIN,
                "port": 80,
                "protocol": "HTTP",
                "hostname": hosts,
                "allowedRoutes": {"namespaces": {"from": "Same"}},
            },
            {
                "name": _ENCRYPTED,
                "port": 443,
                "protocol": "HTTPS",
                "hostname": hosts,
                "tls": {"mode": "Terminate", "certificateRefs": [secret]},
                "allowedRoutes": ours,
            },
        ],
    }


def to_https() -> dict[str, Any]:
    """The specification of the route that sends everybody from HTTP to HTTPS."""
    redirect = {
        "type": "RequestRedirect",
        "requestRedirect": {"scheme": "https", "statusCode": 301},
    }
    return {"parentRefs": [_parent(_PLAIN)], "rules": [{"filters": [redirect]}]}


def route(service: str, port: int, host: str) -> dict[str, Any]:
    """The specification of the HTTPRoute from a host to a service in the route's own namespace.

    Args:
        service: Name of the Service.
        port: Its port.
        host: The whole host name.
    """
    return {
        "parentRefs": [_parent(_ENCRYPTED)],
        "hostnames": [host],
        "rules": [{"backendRefs": [{"group": "", "kind": "Service", "name": service, "port": port}]}],
    }


def only_gateway(pods: Mapping[str, str]) -> dict[str, Any]:
    """The specification of a network policy: the gateway and their own namespace speak to pods, nobody else.

    Args:
        pods: Their labels.
    """
    return {
        "podSelector": {"matchLabels": dict(pods)},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [in_namespace(GATEWAYS), {"podSelector": {}}]}],
    }


def _parent(listener: str) -> dict[str, Any]:
    return {
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "name": GATEWAY,
        "namespace": GATEWAYS,
        "sectionName": listener,
    }
