"""moto's stores as bytes and back.

They are pickled whole, so that everything keeps its id and its references; the file is our own, in a folder
that is the user's alone. Two things are not pickled as they are: private keys of KMS, which go as DER, and
the policies that AWS owns (24 MB of them), which every start has anew.
"""

from __future__ import annotations

import functools
import gc
import io
import logging
import pickle
import platform
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.iam.models import AWSManagedPolicy, IAMBackend

_Lock: Final = type(threading.RLock())

logger = logging.getLogger(__name__)

_UNKEEPABLE: Final = (pickle.PicklingError, TypeError, AttributeError, NotImplementedError)
"""What pickling raises for objects that were not made for it: locks, sockets, functions."""


def versions() -> dict[str, str]:
    """Returns what alone can read a pickle again."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"moto": version("moto"), "python": python}


def dumps(extra: Mapping[str, Any]) -> bytes:
    """Returns everything that moto holds, and `extra`, as bytes."""
    stores = {
        stores.service_name: {account: dict(regions) for account, regions in stores.items()}
        for stores in BackendDict._instances
    }
    try:
        return _pickled({"stores": stores, "extra": dict(extra)})
    except _UNKEEPABLE:  # something of a service that no type of ours uses
        kept = {service: accounts for service, accounts in stores.items() if _can_be_kept(service, accounts)}
        return _pickled({"stores": kept, "extra": dict(extra)})


def _can_be_kept(service: str, accounts: Any) -> bool:
    try:
        _pickled(accounts)
    except _UNKEEPABLE:
        logger.warning("moto's %s cannot be kept; what is in it is lost when the twin stops", service)
        return False
    return True


def _pickled(value: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
    return buffer.getvalue()


def loads(payload: bytes) -> dict[str, Any]:
    """Puts everything back where moto looks for it, and returns `extra`."""
    collecting = gc.isenabled()
    gc.disable()  # nothing of this is garbage, and looking for it takes half of the time
    try:
        content = pickle.loads(payload)  # noqa: S301 - see above: it is our own
    finally:
        _aws_policies.cache_clear()
        if collecting:
            gc.enable()
    for service, accounts in content["stores"].items():
        stores = get_backend(service)
        for account, regions in accounts.items():
            stores[account].update(regions)
    _register_buckets()
    extra: dict[str, Any] = content["extra"]
    return extra


def forget() -> None:
    """Empties moto; its own reset would first make every store anew."""
    for stores in BackendDict._instances:
        stores.clear()
    BackendDict._instances.clear()
    get_backend("s3").bucket_accounts.clear()


def _register_buckets() -> None:
    """Bucket names are one namespace for all accounts, which moto keeps beside its stores."""
    stores = get_backend("s3")
    for account, region, store in stores.iter_backends():
        stores.bucket_accounts.update(dict.fromkeys(store.buckets, (region, account)))


class _Pickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, AWSManagedPolicy):
            return _aws_policy, (obj.account_id, obj.partition, obj.arn, obj.attachment_count)
        if isinstance(obj, (RSAPrivateKey, EllipticCurvePrivateKey)):
            form, open_ = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            der = obj.private_bytes(serialization.Encoding.DER, form, open_)
            return _private_key, (der,)
        if isinstance(obj, _Lock):  # moto's ECR has one; a lock that nobody holds is like any other
            return threading.RLock, ()
        return NotImplemented


def _private_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, password=None)


def _aws_policy(account: str, partition: str, arn: str, attachments: int) -> Any:
    policy = _aws_policies(account, partition)[arn]
    policy.attachment_count = attachments
    return policy


@functools.cache
def _aws_policies(account: str, partition: str) -> dict[str, Any]:
    policies: dict[str, Any] = IAMBackend(partition, account).managed_policies
    return policies
