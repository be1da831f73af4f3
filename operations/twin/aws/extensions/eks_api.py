"""Where the APIs of clusters answer: at the twin's control plane if it has one, else nowhere.

Like moto's stores, this belongs to the process, which holds one twin.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from operations.twin.aws.extensions import store
from operations.twin.backend import ApiServer

_served: list[Callable[[], ApiServer]] = []
"""At most one."""


def serve(api_server: Callable[[], ApiServer]) -> None:
    """Lets clusters answer at what `api_server` returns; it may wait until that is ready."""
    _served[:] = [api_server]


def forget() -> None:
    """Lets clusters answer nowhere again."""
    _served.clear()


def found() -> ApiServer | None:
    """Returns where clusters answer, once they do; None in a twin without a control plane."""
    return _served[0]() if _served else None


def invented(region: str) -> ApiServer:
    """Returns what looks like EKS' own, where nothing answers."""
    host = f"{secrets.token_hex(16).upper()}.gr7.{region}.eks.amazonaws.com"
    return ApiServer(f"https://{host}", _certificate())


def put(cluster: Any, api_server: ApiServer) -> bool:
    """Lets a cluster of moto's give this API as its own; returns whether it gave another before."""
    before = getattr(cluster, "endpoint", None), getattr(cluster, "certificate_authority", None)
    cluster.endpoint = api_server.endpoint
    cluster.certificate_authority = {"data": api_server.certificate_authority}
    return before != (cluster.endpoint, cluster.certificate_authority)


def _certificate() -> str:
    """Returns a certificate authority of its own, as base64 of PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    start = store.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.PEM)).decode()
