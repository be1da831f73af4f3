"""The names that Rook and we give to things of Ceph, which others must know to use it."""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "rook-ceph"
"""Where all of Ceph is; charts and examples of Rook's take it for granted."""
STORE: Final = "lake"
"""The object store."""
BLOCK: Final = "ceph-block"
"""The StorageClass of volumes for one pod."""
SHARED: Final = "ceph-shared"
"""The StorageClass of volumes for many pods."""
GATEWAY_LABELS: Final = {"app": "rook-ceph-rgw", "rook_object_store": STORE}
"""Labels of the pods that answer for the object store."""
PLAIN_PORT: Final = 80
GATEWAY_PLAIN_PORT: Final = 8080
"""Where the pods listen behind the service's plain port:
https://rook.io/docs/rook/v1.20/CRDs/Object-Storage/ceph-object-store-crd/#gateway-settings"""
TLS_PORT: Final = 443


def endpoint(*, tls: bool) -> str:
    """The URL of the object store within the cluster, by the service that Rook makes for it."""
    host = f"rook-ceph-rgw-{STORE}.{NAMESPACE}.svc"
    return f"https://{host}:{TLS_PORT}" if tls else f"http://{host}:{PLAIN_PORT}"


def secret(user: str) -> str:
    """The name of the Secret that Rook writes for a user of the object store, into the user's namespace.

    Its keys are ``AccessKey``, ``SecretKey`` and ``Endpoint``:
    https://rook.io/docs/rook/v1.20/Storage-Configuration/Object-Storage-RGW/object-storage/#create-a-user
    """
    return f"rook-ceph-object-user-{STORE}-{user}"
