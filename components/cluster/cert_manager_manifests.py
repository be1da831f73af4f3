"""What cert-manager is made of: Helm values and custom resources, in their own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from components.ingress import anyone, prometheus_to
from components.scheduling import resources, spread
from infra.environment.certificates import ACME, Certificates

API: Final = "cert-manager.io/v1"
NAMESPACE: Final = "cert-manager"
ACCOUNT: Final = "cert-manager"
_WEBHOOK: Final = 10250
_METRICS: Final = 9402
ISSUER: Final = "mlcluster"
"""Name of the ClusterIssuer that everything asks."""
ROOT: Final = "mlcluster-root"
"""Name of the certificate, its Secret and its issuer, of an authority of the environment's own."""


def values(replicas: int) -> dict[str, Any]:
    """Values of the chart.

    The kinds come with it and stay when it goes, as upstream advises: with them would go every certificate.
    It elects its leader in its own namespace, so that it needs no rights in `kube-system`.

    Args:
        replicas: Pods of each of its parts.
    """
    return {
        "crds": {"enabled": True, "keep": True},
        "global": {"leaderElection": {"namespace": NAMESPACE}},
        "serviceAccount": {"create": True, "name": ACCOUNT},
        "resources": resources("50m", "128Mi", most="512Mi"),
        **_hygiene("controller", replicas),
        "webhook": {"resources": resources("20m", "64Mi", most="128Mi"), **_hygiene("webhook", replicas)},
        # It keeps all Secrets that a webhook's certificate may be in.
        "cainjector": {
            "resources": resources("20m", "128Mi", most="512Mi"),
            **_hygiene("cainjector", replicas),
        },
        "startupapicheck": {"timeout": "5m", "resources": resources("10m", "32Mi", most="64Mi")},
    }


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to its pods: the API server to the webhook, and Prometheus."""
    return [anyone(_WEBHOOK), prometheus_to(_METRICS)]


def _hygiene(part: str, replicas: int) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": NAMESPACE, "app.kubernetes.io/component": part}
    budget = {"enabled": True, "maxUnavailable": 1} if replicas > 1 else {"enabled": False}
    return {
        "replicaCount": replicas,
        "podDisruptionBudget": budget,
        "topologySpreadConstraints": spread(labels),
    }


def acme(certificates: Certificates, solver: Mapping[str, Any]) -> dict[str, Any]:
    """The specification of an issuer that asks an ACME authority.

    Each authority has an account of its own, whose key cert-manager makes.
    """
    return {
        "acme": {
            "server": ACME[certificates.authority],
            "email": certificates.email,
            "privateKeySecretRef": {"name": f"{certificates.authority}-account"},
            "solvers": [dict(solver)],
        }
    }


def solver(base: str, zone: str, region: str) -> dict[str, Any]:
    """How challenges for names below a domain are answered: by records in its zone.

    Only so can a certificate be had for all names at once: https://letsencrypt.org/docs/challenge-types/

    Args:
        base: The domain.
        zone: Id of its hosted zone; with it, cert-manager needs not look for it.
        region: Where the cluster is.
    """
    return {
        "selector": {"dnsZones": [base]},
        "dns01": {"route53": {"region": region, "hostedZoneID": zone}},
    }


def signed_by(secret: str) -> dict[str, Any]:
    """The specification of an issuer that signs with the key in a Secret."""
    return {"ca": {"secretName": secret}}


def root(environment: str) -> dict[str, Any]:
    """The specification of the certificate of an authority of the environment's own.

    It keeps its key when it is renewed: who trusts it must not have to be told again.
    """
    return {
        "isCA": True,
        "commonName": f"mlcluster {environment}",
        "secretName": ROOT,
        "duration": "87600h",
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": ROOT},
    }
