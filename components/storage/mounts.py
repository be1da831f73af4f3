"""Parts of the lake as volumes, by Mountpoint for S3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.storage.volumes import Volume, bound
from infra.environment.storage.mounts import Mount
from infra.environment.storage.paths import placed
from infra.handles import FileSystem, ObjectStore, TeamSpace
from infra.labels import Scope
from infra.units import quantity_bytes

_COMPONENT = "mounts"
_DRIVER: Final = "s3.csi.aws.com"
_SHOWN: Final = "1Pi"
"""The capacity that volumes show: S3 has no limit, and volumes must have one."""


@dataclass(frozen=True, kw_only=True)
class LakeMountArgs:
    """What a mount needs."""

    scope: Scope
    region: str
    name: str
    """Its name in the environment file, and that of the claims."""
    mount: Mount
    lake: ObjectStore
    teams: Mapping[str, TeamSpace]
    after: tuple[pulumi.Resource, ...] = ()
    """The driver, and nodes that it runs on."""


class LakeMount(pulumi.ComponentResource):
    """A part of the lake as a volume in each namespace of each team.

    A pod reads with the rights of its own service account, `workload`: the volume opens nothing that the
    account may not read by S3's own API.
    """

    handle: FileSystem

    def __init__(self, name: str, args: LakeMountArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:LakeMount", name, {}, opts)
        zone, _ = placed(args.mount.path)
        for team, space in args.teams.items():
            for namespace in space.namespaces:
                volume = Volume(
                    claim=args.name,
                    namespace=namespace,
                    driver=_DRIVER,
                    handle=f"{args.scope.environment}-{namespace}-{args.name}",
                    attributes={
                        "bucketName": args.lake.buckets[zone],
                        **attributes(args.mount, args.region),
                    },
                    capacity=_SHOWN,
                    read_only=not args.mount.writable,
                    options=options(args.mount, args.region),
                )
                bound(
                    f"{name}-{namespace}",
                    volume,
                    args.scope,
                    args.scope.labels(_COMPONENT, team=team),
                    pulumi.ResourceOptions(parent=self, depends_on=[*space.ready, *args.after]),
                )
        self.handle = FileSystem(
            kind="mount",
            claims=dict.fromkeys(args.teams, (args.name,)),
            storage_classes={},
            ready=(self,),
        )
        self.register_outputs({})


def options(mount: Mount, region: str) -> list[str]:
    """Mountpoint's own options, without the dashes.

    https://github.com/awslabs/mountpoint-s3/blob/main/doc/CONFIGURATION.md
    """
    _, prefix = placed(mount.path)
    rights = ["allow-delete", "allow-overwrite"] if mount.writable else ["read-only"]
    # Pods run as many users, and which of them may read is decided by the rights of their service account.
    made = [f"region {region}", "allow-other", *rights]
    return [*made, f"prefix {prefix}/"] if prefix else made


def attributes(mount: Mount, region: str) -> dict[str, str]:
    """Attributes of the volume beside its bucket: whose rights count, and what is kept on the node.

    The region is told, for the driver would ask the instance metadata, which pods cannot reach:
    https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CONFIGURATION.md#pod-level-credentials,
    https://github.com/awslabs/mountpoint-s3-csi-driver/blob/main/docs/CACHING.md
    """
    made = {"authenticationSource": "pod", "stsRegion": region}
    if mount.cache is not None:
        made |= {"cache": "emptyDir", "cacheEmptyDirSizeLimit": quantity_bytes(mount.cache)}
    return made
