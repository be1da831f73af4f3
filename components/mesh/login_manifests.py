"""What the login is made of: Helm values and custom resources, in their own terms.

oauth2-proxy is asked by the gateway about each request (ext_authz), rather than an ALB with its
authenticate-oidc action or an oauth2-proxy before each console: so the same login is there on every platform,
TLS ends in the cluster with certificates that it renews itself, and a console that is added later cannot be
forgotten, since all hosts are asked for.
"""

from __future__ import annotations

import json
from typing import Any, Final

from components.mesh.istio_values import LOGIN_PROVIDER, LOGIN_SERVICE
from components.scheduling import resources, spread
from infra import mesh
from infra.environment.domain import Login
from infra.mesh import GATEWAY_LABELS, Membership

CLIENT_SECRET: Final = "client-secret"  # noqa: S105 - the key that it is under
COOKIE: Final = "oauth2-proxy-cookie"
"""The Secret with the key that cookies are encrypted with."""
COOKIE_LENGTH: Final = 32
"""Bytes of that key, as AES-256 takes: https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview/#generating-a-cookie-secret"""
_PORT: Final = 4180


def values(login: Login, base: str, secret: str, replicas: int) -> dict[str, Any]:
    """Values of the chart `oauth2-proxy`.

    Args:
        login: The section.
        base: What all hosts end in.
        secret: Name of the Secret with the client's secret.
        replicas: Pods that it has. They need no store in common: a session is in its cookie.
    """
    key = {"secretKeyRef": {"name": COOKIE, "key": "password"}}
    return {
        "config": {
            "existingSecret": secret,
            "requiredSecretKeys": [CLIENT_SECRET],
            "configFile": configuration(login, base),
        },
        "extraEnv": [{"name": "OAUTH2_PROXY_COOKIE_SECRET", "valueFrom": key}],
        "replicaCount": replicas,
        "podDisruptionBudget": {"enabled": replicas > 1},
        "resources": resources("50m", "64Mi", most="256Mi"),
        "topologySpreadConstraints": spread({"app.kubernetes.io/instance": LOGIN_SERVICE}),
        "serviceAccount": {"automountServiceAccountToken": False},
    }


def configuration(login: Login, base: str) -> str:
    """oauth2-proxy's own file: https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview/."""
    settings = {
        "provider": "oidc",
        "oidc_issuer_url": login.issuer,
        "client_id": login.client_id,
        "oidc_groups_claim": login.groups_claim,
        "code_challenge_method": "S256",
        "redirect_url": f"https://{mesh.LOGIN}.{base}/oauth2/callback",
        # Who the provider lets in may look around; what they may do is for each console to say.
        "email_domains": ["*"],
        "skip_provider_button": True,
        # Asked by the gateway, it only has to say yes, and who somebody is.
        "upstreams": ["static://200"],
        "reverse_proxy": True,
        "set_xauthrequest": True,
        # One login for all hosts of the environment, for a working day.
        "cookie_name": "__Secure-mlcluster",
        "cookie_domains": [f".{base}"],
        "whitelist_domains": [f".{base}"],
        "cookie_secure": True,
        "cookie_httponly": True,
        "cookie_samesite": "lax",
        "cookie_expire": "12h",
    }
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())


def asks(host: str) -> dict[str, Any]:
    """The specification of the gateway's AuthorizationPolicy: all hosts but the login's own are asked for.

    A host written in another way (with a port, in capitals) is not the login's own, and so is asked for.
    """
    return {
        "selector": {"matchLabels": dict(GATEWAY_LABELS)},
        "action": "CUSTOM",
        "provider": {"name": LOGIN_PROVIDER},
        "rules": [{"to": [{"operation": {"notHosts": [host]}}]}],
    }


def only_gateway(membership: Membership) -> dict[str, Any]:
    """The specification of the network policy: only the gateway asks.

    oauth2-proxy believes what it is told of a request.
    """
    direct = {"from": [mesh.in_namespace(mesh.GATEWAYS)], "ports": [{"protocol": "TCP", "port": _PORT}]}
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [*membership.ways_in, direct]}
