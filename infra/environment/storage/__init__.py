"""Where data lives, a module for each store."""

from __future__ import annotations

from collections.abc import Mapping

from infra.environment.fields import Flag
from infra.environment.section import Section
from infra.environment.storage.backup import Backup
from infra.environment.storage.block import DEFAULT_CLASS, Block
from infra.environment.storage.cache import Cache
from infra.environment.storage.catalog import Catalog
from infra.environment.storage.ceph import Ceph
from infra.environment.storage.lake import Lake
from infra.environment.storage.lustre import Lustre
from infra.environment.storage.mounts import Mount
from infra.environment.storage.paths import VolumeName
from infra.environment.storage.registry import Registry
from infra.environment.storage.shared import Shared
from infra.environment.storage.snapshots import Snapshots


class Storage(Section):
    """Data stores."""

    lake: Lake | None = None
    """The lake, where it is part of this environment. Where another stack keeps it, name that stack in
    `data`."""
    registry: Registry | None = None
    """Container images in Amazon ECR, where they are part of this environment; as with `lake`."""
    catalog: Catalog | None = None
    """The catalog of the tables in this environment's lake."""
    ceph: Ceph | None = None
    """Ceph on disks of the cluster's own nodes. Only for platform `kubernetes`."""
    snapshots: Snapshots | None = None
    """Snapshots and clones of volumes."""
    backup: Backup | None = None
    """Scheduled backups of the teams' namespaces and volumes."""
    cache: Cache | None = None
    """Datasets held near the compute. Only where the lake is on Ceph."""
    lustre: Mapping[VolumeName, Lustre] = {}
    """FSx for Lustre file systems by name: fast files for training. In each of its namespaces a team has a
    claim of that name on a folder of its own, and one for each link."""
    shared: Mapping[VolumeName, Shared] = {}
    """EFS file systems by name: home directories, and volumes for many pods."""
    block: Mapping[VolumeName, Block] = {}
    """Storage classes of EBS volumes by name. Default: `gp3`, which is also there beside others."""
    mounts: Mapping[VolumeName, Mount] = {}
    """Parts of the lake that pods mount by Mountpoint for S3, by the name of the claim."""
    scratch: Flag = False
    """Whether there is a storage class `local-nvme`: folders on the local NVMe disks of nodes that have them,
    gone with their node."""

    @property
    def classes(self) -> Mapping[str, Block]:
        """All storage classes of EBS volumes; exactly one is the default."""
        chosen = any(block.default for block in self.block.values())
        usual = self.block.get(DEFAULT_CLASS, Block())
        usual = usual.model_copy(update={"default": usual.default or not chosen})
        return {**self.block, DEFAULT_CLASS: usual}
