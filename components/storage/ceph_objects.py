"""Users of the object store on Ceph, and the way of their pods to it."""

from __future__ import annotations

from typing import Any, Final

import pulumi

from components.storage import ceph_manifests as manifests
from components.storage.custom import custom
from infra import ceph as names

NO_BUCKETS: Final = -1
"""As the most that a user may have: none. Zero would be as many as it likes:
https://github.com/ceph/ceph/commit/96ad2d16df6ec43cd730a4c21b866524a188c532"""


def user(
    name: str,
    *,
    namespace: pulumi.Input[str],
    labels: dict[str, str],
    buckets: int = NO_BUCKETS,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """A user of the object store, named `name` in all of it.

    Its keys are made by Ceph and written by Rook into a Secret beside it (`infra.ceph.secret`); neither the
    program nor its state ever sees them.

    Args:
        name: Its name; also of its resource.
        namespace: Where it and its Secret are.
        labels: Its labels.
        buckets: How many buckets it may make.
        opts: The resource's options.
    """
    elsewhere = {} if namespace == names.NAMESPACE else {"clusterNamespace": names.NAMESPACE}
    spec: dict[str, Any] = {
        "store": names.STORE,
        "displayName": name,
        "quotas": {"maxBuckets": buckets},
        **elsewhere,
    }
    return custom(
        f"objects-{name}",
        manifests.API,
        "CephObjectStoreUser",
        metadata={"name": name, "namespace": namespace, "labels": labels},
        spec=spec,
        opts=opts,
    )


def way_there(tls: bool) -> dict[str, Any]:
    """The network policy that lets a namespace's pods out to the object store.

    Args:
        tls: Whether it is spoken to by HTTPS.
    """
    pods = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": names.NAMESPACE}},
        "podSelector": {"matchLabels": dict(names.GATEWAY_LABELS)},
    }
    port = names.TLS_PORT if tls else names.GATEWAY_PLAIN_PORT
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [pods], "ports": [{"protocol": "TCP", "port": port}]}],
    }
