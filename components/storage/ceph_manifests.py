"""What Ceph by Rook is made of: Helm values and custom resources, in their own terms.

Not Rook's chart `rook-ceph-cluster`: what is to stay could not be told from what may go, nor waited for one
by one, and the object store's users and buckets would need resources beside it anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from components import scheduling
from infra import ceph as names
from infra.catalog.images import image
from infra.environment.storage.ceph import Ceph

API: Final = "ceph.rook.io/v1"
CLUSTER: Final = "rook-ceph"
POOL: Final = "block"
FILESYSTEM: Final = "shared"
BUCKETS: Final = "ceph-bucket"
"""The StorageClass of the object store's buckets."""
BLOCK_DRIVER: Final = f"{names.NAMESPACE}.rbd.csi.ceph.com"
SHARED_DRIVER: Final = f"{names.NAMESPACE}.cephfs.csi.ceph.com"
READY: Final = {"pulumi.com/waitFor": "jsonpath={.status.phase}=Ready"}
"""Makes pulumi-kubernetes wait until Rook says so; by itself it takes custom resources for ready at once.
https://github.com/pulumi/pulumi-kubernetes/issues/3329
The twin has no Rook and does not look at it."""

_FILESYSTEM_POOL: Final = "replicated"
_RESOURCES: Final = {
    "mgr": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "512Mi"}},
    "mon": {"limits": {"memory": "2Gi"}, "requests": {"cpu": "1000m", "memory": "1Gi"}},
    "osd": {"limits": {"memory": "4Gi"}, "requests": {"cpu": "1000m", "memory": "4Gi"}},
    "prepareosd": {"requests": {"cpu": "500m", "memory": "50Mi"}},
    "mgr-sidecar": {"limits": {"memory": "100Mi"}, "requests": {"cpu": "100m", "memory": "40Mi"}},
    "crashcollector": {"limits": {"memory": "60Mi"}, "requests": {"cpu": "100m", "memory": "60Mi"}},
    "logcollector": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "100Mi"}},
    "cleanup": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "100Mi"}},
    "exporter": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "50m", "memory": "50Mi"}},
}
"""What Rook recommends: values.yaml of its chart `rook-ceph-cluster` at v1.20.6."""
_METADATA_SERVER: Final = {"limits": {"memory": "4Gi"}, "requests": {"cpu": "1000m", "memory": "4Gi"}}
_GATEWAY: Final = {"limits": {"memory": "2Gi"}, "requests": {"cpu": "1000m", "memory": "1Gi"}}


def operator_values() -> dict[str, Any]:
    """Values of the chart `rook-ceph`."""
    return {
        # Without these the definitions go, and with them every cluster of Ceph.
        "crds": {"enabled": True},
        # Buckets are only claimed in Rook's own namespace, by us, with a policy for each.
        "enableOBCWatchOperatorNamespace": True,
        "obcAllowAdditionalConfigFields": "maxObjects,maxSize,bucketPolicy,bucketOwner",
        "monitoring": {"enabled": False},
        "priorityClassName": scheduling.CRITICAL,
    }


def driver_values(*, snapshots: bool) -> dict[str, Any]:
    """Values of the chart `ceph-csi-drivers`. Rook needs it since 1.20, but not with the chart's defaults.

    https://rook.io/docs/rook/v1.20/Helm-Charts/csi-drivers-chart/

    Args:
        snapshots: Whether the kinds of snapshots are there; without them the sidecar does not start.
    """
    # The chart's own values for a driver win over `driverSpecDefaults`: what they set is said again.
    own = {
        "snapshotPolicy": "volumeSnapshot" if snapshots else "none",
        "controllerPlugin": {"replicas": 2},
    }
    return {
        "operatorConfig": {
            "namespace": names.NAMESPACE,
            "driverSpecDefaults": {
                "imageSet": {"name": "rook-csi-operator-image-set-configmap"},
                "nodePlugin": {"priorityClassName": "system-node-critical"},
                "controllerPlugin": {"priorityClassName": "system-cluster-critical"},
            },
        },
        "drivers": {
            "rbd": {"enabled": True, "name": BLOCK_DRIVER, **own},
            "cephfs": {"enabled": True, "name": SHARED_DRIVER, **own},
            "nfs": {"enabled": False, "name": f"{names.NAMESPACE}.nfs.csi.ceph.com"},
            "nvmeof": {"enabled": False, "name": f"{names.NAMESPACE}.nvmeof.csi.ceph.com"},
        },
    }


def cluster(ceph: Ceph) -> dict[str, Any]:
    """The specification of the CephCluster: encrypted on disks and on the wire, without a dashboard."""
    return {
        "cephVersion": {"image": image("ceph"), "allowUnsupported": False},
        # The newer aes256k is for nodes with Linux 7.0 only.
        "security": {"cephx": {"csi": {"keyType": "aes"}}},
        "dataDirHostPath": "/var/lib/rook",
        "mon": {"count": ceph.monitors, "allowMultiplePerNode": False},
        "mgr": {"count": min(2, ceph.monitors), "allowMultiplePerNode": False},
        "dashboard": {"enabled": False},
        "monitoring": {"enabled": False},
        "network": {
            "connections": {
                "encryption": {"enabled": True},
                "compression": {"enabled": False},
                "requireMsgr2": True,
            }
        },
        "crashCollector": {"disable": False},
        "logCollector": {"enabled": True, "periodicity": "daily", "maxLogSize": "500M"},
        "priorityClassNames": {
            "mon": "system-node-critical",
            "osd": "system-node-critical",
            "mgr": "system-cluster-critical",
        },
        "resources": _RESOURCES,
        "disruptionManagement": {"managePodBudgets": True},
        "storage": {"useAllNodes": True, **_disks(ceph), "config": {"encryptedDevice": "true"}},
        **({"placement": {"all": _placement(ceph)}} if ceph.nodes else {}),
        **({"cleanupPolicy": _wiped()} if ceph.wipe else {}),
    }


def _wiped() -> dict[str, Any]:
    """What makes Rook wipe the disks when the cluster goes.

    From the moment it is set Rook configures nothing any more, not even a cluster that is new:
    https://rook.io/docs/rook/v1.20/CRDs/Cluster/ceph-cluster-crd/#cleanup-policy
    """
    return {
        "confirmation": "yes-really-destroy-data",
        "sanitizeDisks": {"method": "quick", "dataSource": "zero", "iteration": 1},
    }


def _disks(ceph: Ceph) -> dict[str, Any]:
    if ceph.devices is None:
        return {"useAllDevices": True}
    return {"useAllDevices": False, "deviceFilter": ceph.devices}


def _placement(ceph: Ceph) -> dict[str, Any]:
    terms = [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(ceph.nodes.items())]
    required = {"nodeSelectorTerms": [{"matchExpressions": terms}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def _pool(ceph: Ceph) -> dict[str, Any]:
    """How a pool keeps its copies; one copy has to be allowed explicitly."""
    copies = {"size": ceph.replicas, "requireSafeReplicaSize": ceph.replicas > 1}
    return {"failureDomain": ceph.spread, "replicated": copies}


def block_pool(ceph: Ceph) -> dict[str, Any]:
    """The specification of the CephBlockPool."""
    return _pool(ceph)


def filesystem(ceph: Ceph) -> dict[str, Any]:
    """The specification of the CephFilesystem."""
    return {
        "metadataPool": _pool(ceph),
        "dataPools": [{"name": _FILESYSTEM_POOL, **_pool(ceph)}],
        "preserveFilesystemOnDelete": ceph.keep == "retain",
        "metadataServer": {
            "activeCount": 1,
            "activeStandby": True,
            "priorityClassName": "system-cluster-critical",
            "resources": _METADATA_SERVER,
            **({"placement": _placement(ceph)} if ceph.nodes else {}),
        },
    }


def object_store(ceph: Ceph, namespaces: Sequence[str]) -> dict[str, Any]:
    """The specification of the CephObjectStore.

    Args:
        ceph: The section.
        namespaces: Where users of it may be, besides Rook's own.
    """
    if ceph.certificate is None:
        port: dict[str, Any] = {"port": names.PLAIN_PORT}
    else:
        port = {"securePort": names.TLS_PORT, "sslCertificateRef": ceph.certificate}
    return {
        "metadataPool": _pool(ceph),
        "dataPool": {**_pool(ceph), "parameters": {"bulk": "true"}},
        "preservePoolsOnDelete": ceph.keep == "retain",
        "allowUsersInNamespaces": sorted(namespaces),
        "gateway": {
            **port,
            "instances": ceph.gateways,
            "priorityClassName": "system-cluster-critical",
            "resources": _GATEWAY,
            **({"placement": _placement(ceph)} if ceph.nodes else {}),
        },
    }


def volume_parameters(storage_class: str) -> dict[str, str]:
    """Parameters of the StorageClass `ceph-block` or `ceph-shared`; the Secrets are Rook's."""
    block = storage_class == names.BLOCK
    kind = "rbd" if block else "cephfs"
    users = {
        "provisioner": "provisioner",
        "controller-expand": "provisioner",
        "controller-publish": "provisioner",
        "node-stage": "node",
    }
    secrets = {
        f"csi.storage.k8s.io/{step}-secret-{part}": value
        for step, user in users.items()
        for part, value in (("name", f"rook-csi-{kind}-{user}"), ("namespace", names.NAMESPACE))
    }
    own = {"pool": POOL, "imageFormat": "2", "imageFeatures": "layering", "csi.storage.k8s.io/fstype": "ext4"}
    shared = {"fsName": FILESYSTEM, "pool": f"{FILESYSTEM}-{_FILESYSTEM_POOL}"}
    return {"clusterID": names.NAMESPACE, **(own if block else shared), **secrets}


def bucket_parameters() -> Mapping[str, str]:
    """Parameters of the StorageClass of buckets."""
    return {"objectStoreName": names.STORE, "objectStoreNamespace": names.NAMESPACE}
