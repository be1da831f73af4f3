"""What Velero is made of: Helm values, custom resources and rights, in their own terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import yaml

from infra import ceph, iam
from infra.catalog.images import image
from infra.environment.storage.backup import Backup
from infra.places import Place
from infra.units import DAY

API: Final = "velero.io/v1"
NAMESPACE: Final = "velero"
METRICS: Final = 8085
"""https://velero.io/docs/v1.18/customize-installation/: the server's and the node agents' metrics."""
SERVICE_ACCOUNT: Final = "velero"
LOCATION: Final = "default"
"""The place in the lake that backups are written to."""
ZONE: Final = "raw"
"""Zone of the lake that backups are in."""
USER: Final = "backup"
"""The user of the object store on Ceph; teams' users are named after a namespace, which ends in its phase."""


VOLUMES: Final = "volumes"
"""The config map that says which volumes are left out."""

_WITHOUT_SNAPSHOTS: Final = ("efs.csi.aws.com", "fsx.csi.aws.com", "s3.csi.aws.com", "fuse.csi.fluid.io")
"""CSI drivers of file systems, whose volumes have no snapshots; a backup with one of them would count as
failed in part."""


def prefix(environment: str) -> str:
    """Where an environment's backups are in the lake; no team's part of it."""
    return f"backups/{environment}/"


def values(keys: str | None) -> dict[str, Any]:
    """Values of the chart `velero`: volumes are read from their CSI snapshots and go to the lake.

    So a backup outlives the cluster, its volumes and their snapshots. The driver takes the snapshots with its
    own rights; Velero needs none over disks.

    Args:
        keys: The Secret with the keys of a user on Ceph; None where pods have a role.
    """
    environment = [] if keys is None else [_from_secret(*pair, keys) for pair in _KEYS]
    return {
        "initContainers": [
            {
                "name": "velero-plugin-for-aws",
                "image": image("velero-plugin-for-aws"),
                "imagePullPolicy": "IfNotPresent",
                "volumeMounts": [{"mountPath": "/target", "name": "plugins"}],
            }
        ],
        "resources": {"requests": {"cpu": "500m", "memory": "128Mi"}, "limits": {"memory": "1Gi"}},
        "configuration": {
            "features": "EnableCSI",
            "defaultSnapshotMoveData": True,
            "defaultVolumesToFsBackup": False,
            "extraEnvVars": environment,
        },
        # Locations are resources of our own.
        "backupsEnabled": False,
        "snapshotsEnabled": False,
        # It restores whatever was in a namespace, roles included, so it has to have every right there is.
        "rbac": {"create": True, "clusterAdministrator": True},
        "serviceAccount": {"server": {"create": True, "name": SERVICE_ACCOUNT}},
        "credentials": {"useSecret": False},
        "deployNodeAgent": True,
        "nodeAgent": {
            "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
            # Volumes are read on the node that they are attached to, which may be kept for something else.
            "tolerations": [{"operator": "Exists"}],
        },
    }


_KEYS: Final = (("AWS_ACCESS_KEY_ID", "AccessKey"), ("AWS_SECRET_ACCESS_KEY", "SecretKey"))
"""Where the AWS SDK looks for keys, and where Rook writes them."""


def _from_secret(variable: str, key: str, secret: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def location(
    bucket: Any, environment: str, *, region: str, endpoint: str | None, only_read: bool
) -> dict[str, Any]:
    """The specification of a BackupStorageLocation.

    Args:
        bucket: Name of the lake's bucket.
        environment: Whose backups.
        region: The bucket's region; without it Velero would need the right to ask for it.
        endpoint: Where the lake is spoken to; None for S3 itself.
        only_read: Whether backups may only be restored from there.
    """
    # Ceph does not know the newer checksums: https://github.com/vmware-tanzu/velero-plugin-for-aws#readme
    own = {} if endpoint is None else {"s3Url": endpoint, "s3ForcePathStyle": "true", "checksumAlgorithm": ""}
    return {
        "provider": "velero.io/aws",
        "default": not only_read,
        "accessMode": "ReadOnly" if only_read else "ReadWrite",
        "objectStorage": {"bucket": bucket, "prefix": prefix(environment).rstrip("/")},
        "config": {"region": region, **own},
    }


def volume_policies() -> str:
    """Which volumes are left out of backups, in Velero's own terms.

    https://velero.io/docs/v1.18/resource-filtering/#resource-policies
    """
    left_out = [
        {"conditions": {"csi": {"driver": driver}}, "action": {"type": "skip"}}
        for driver in _WITHOUT_SNAPSHOTS
    ]
    return yaml.safe_dump({"version": "v1", "volumePolicies": left_out}, sort_keys=False)


def schedule(backup: Backup, location: str, namespaces: Sequence[str]) -> dict[str, Any]:
    """The specification of a team's Schedule; its backups stay when it goes."""
    return {
        "schedule": backup.schedule,
        "useOwnerReferencesInBackup": False,
        "template": {
            "includedNamespaces": list(namespaces),
            "storageLocation": location,
            "ttl": f"{backup.keep // DAY * 24}h0m0s",
            "snapshotVolumes": True,
            "snapshotMoveData": True,
            "resourcePolicy": {"kind": "configmap", "name": VOLUMES},
        },
    }


def rights(place: Place, bucket: str, key_arn: str, environment: str, others: Iterable[str]) -> str:
    """What Velero may do at AWS: write its environment's backups, read those of others, and nothing else.

    https://github.com/vmware-tanzu/velero-plugin-for-aws#set-permissions-for-velero

    Args:
        place: Where the lake is.
        bucket: The bucket that backups are in.
        key_arn: The key that it is encrypted with.
        environment: The environment whose backups are made.
        others: Those whose backups may be restored.
    """
    arn, own = place.bucket(bucket), prefix(environment)
    read = [own, *(prefix(other) for other in others)]
    seen = [pattern for part in read for pattern in (part.rstrip("/"), f"{part}*")]
    return iam.document(
        {
            "Sid": "List",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": arn,
            "Condition": {"StringLike": {"s3:prefix": seen}},
        },
        {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"{arn}/{part}*" for part in read],
        },
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Action": [
                "s3:PutObject",
                "s3:PutObjectTagging",
                "s3:DeleteObject",
                "s3:AbortMultipartUpload",
                "s3:ListMultipartUploadParts",
            ],
            "Resource": f"{arn}/{own}*",
        },
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.dns_suffix}"}},
        },
    )


def keys() -> str:
    """The Secret with the keys of Velero's user on Ceph."""
    return ceph.secret(USER)
