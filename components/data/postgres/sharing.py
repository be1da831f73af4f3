"""How a service gets at a password that is in the server's namespace: plain data in Kubernetes' terms.

external-secrets copies it into the service's namespace, as a service account of that namespace that may read
this one Secret; nobody may read others.
"""

from __future__ import annotations

from typing import Any, Final

from components.data.postgres import names

STORE_API: Final = "external-secrets.io/v1"
ACCOUNT: Final = "external-secrets"
"""The service account of external-secrets, and its namespace."""

_REFRESH: Final = "1h"
"""The Secret never changes; should somebody change it by hand, its copy follows."""
_USER: Final = "{{ .username }}"
_PASSWORD: Final = "{{ .password }}"  # noqa: S105 - what stands for it


def account(database: str) -> str:
    """The service account that reads a database's password."""
    return f"{database}-postgres"


def read_password(database: str, rotation: int) -> list[dict[str, Any]]:
    """What that service account may do in the server's namespace."""
    secret = names.password(database, rotation)
    return [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get"]}]


def act_as(database: str) -> list[dict[str, Any]]:
    """What external-secrets may do in the service's namespace: be that service account."""
    return [
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts/token"],
            "resourceNames": [account(database)],
            "verbs": ["create"],
        }
    ]


def store(database: str) -> dict[str, Any]:
    """The specification of a SecretStore of what is in the server's namespace.

    https://external-secrets.io/latest/provider/kubernetes/
    """
    authority = {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"}
    return {
        "provider": {
            "kubernetes": {
                "remoteNamespace": names.NAMESPACE,
                "server": {"caProvider": authority},
                "auth": {"serviceAccount": {"name": account(database)}},
            }
        }
    }


def copy(database: str, rotation: int, host: str) -> dict[str, Any]:
    """The specification of the ExternalSecret that makes a service's Secret.

    Args:
        database: Its name, and that of its role.
        rotation: Which of its passwords.
        host: Where the server is.
    """
    source = names.password(database, rotation)
    return {
        "refreshPolicy": "Periodic",
        "refreshInterval": _REFRESH,
        "secretStoreRef": {"kind": "SecretStore", "name": account(database)},
        "target": {
            "name": names.secret(database, rotation),
            "creationPolicy": "Owner",
            "template": {"engineVersion": "v2", "data": entries(database, host)},
        },
        "data": [
            {"secretKey": entry, "remoteRef": {"key": source, "property": entry}}
            for entry in ("username", "password")
        ],
    }


def entries(database: str, host: str) -> dict[str, str]:
    """Entries of a service's Secret; passwords are of letters and digits, which need no quoting in a URI."""
    return {
        "username": _USER,
        "password": _PASSWORD,
        "host": host,
        "port": str(names.PORT),
        "database": database,
        "uri": f"postgresql://{_USER}:{_PASSWORD}@{host}:{names.PORT}/{database}?sslmode=require",
    }
