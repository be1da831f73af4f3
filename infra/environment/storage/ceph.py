"""Ceph: storage on the cluster's own disks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from infra.environment.fields import Count, Different, Flag, Form, LabelKey, LabelValue
from infra.environment.section import Section
from infra.problems import Wrong

Offer = Literal["block", "shared", "objects"]
OFFERS: Final[tuple[Offer, ...]] = ("block", "shared", "objects")


def _devices(pattern: str) -> str:
    if "/" in pattern:
        raise Wrong(
            "has a path in it, and names of devices have none", "leave out /dev/, as in ^nvme[1-9]n1$"
        )
    try:
        re.compile(pattern)
    except re.error:
        raise Wrong("is not a regular expression", "write one such as ^sd[b-z]$") from None
    return pattern


def _majority(count: int) -> int:
    if count % 2 == 0:
        raise Wrong("is even: monitors decide by majority", f"write {count - 1} or {count + 1}")
    return count


SecretName = Annotated[
    str,
    Form(
        pattern="[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
        wrong="is not the name of a Secret",
        hint="write small letters, digits, hyphens and dots, with a letter or digit at both ends",
        example="lake-certificate",
        longest=253,
    ),
]


class Ceph(Section):
    """Ceph by Rook: block volumes, shared file systems and an object store on disks that nodes have.

    Data is encrypted on the disks (dm-crypt) and on the wire (msgr2), for which nodes need Linux 5.11 or
    newer: https://rook.io/docs/rook/v1.20/CRDs/Cluster/ceph-cluster-crd/#network-configuration-settings
    """

    offers: Annotated[tuple[Offer, ...], Field(min_length=1), Different] = OFFERS
    """What it offers: `block` (StorageClass `ceph-block`, a volume for one pod), `shared` (StorageClass
    `ceph-shared`, a volume for many), `objects` (S3 in the lake's zones). Default: all three."""
    nodes: Mapping[LabelKey, LabelValue] = {}
    """Labels that nodes must have to run Ceph and give it their disks. Default: every node."""
    devices: Annotated[str, AfterValidator(_devices), Field(min_length=1, max_length=253)] | None = None
    """Which disks it takes: a regular expression of their names without `/dev/`, such as `^nvme[1-9]n1$`.
    Whole disks only, and only empty ones. Default: every empty disk."""
    replicas: Annotated[Count, Field(ge=1, le=7)] = 3
    """Copies of each object. 1 to 7; 1 only where nothing has to stay."""
    spread: Literal["osd", "host", "zone"] = "host"
    """What no two copies share: a disk (`osd`), a node (`host`) or a zone. There must be as many of it as
    `replicas`."""
    monitors: Annotated[Count, Field(ge=1, le=9), AfterValidator(_majority)] = 3
    """Monitors, each on a node of its own: odd, 1 to 9. A majority must be alive."""
    gateways: Annotated[Count, Field(ge=1, le=100)] = 2
    """Pods that answer for the object store."""
    certificate: SecretName | None = None
    """Secret in the namespace `rook-ceph` (of type `kubernetes.io/tls`) for the object store's name
    `rook-ceph-rgw-lake.rook-ceph.svc`; somebody else makes it. Default: the object store speaks plain HTTP
    within the cluster."""
    keep: Literal["retain", "destroy"] = "retain"
    """What `down` does: with `retain` Ceph is protected and stays with its data; with `destroy` it goes, and
    with it the keys that the disks are encrypted with."""
    wipe: Flag = False
    """Whether the disks are wiped when Ceph goes, so that a new one can take them. Only with `keep: destroy`
    and only for the last `up` before `down`: Rook configures nothing any more once it is set."""

    @field_validator("wipe")
    @classmethod
    def _only_what_goes(cls, wipe: bool, info: ValidationInfo) -> bool:
        if wipe and info.data.get("keep", "destroy") != "destroy":
            raise Wrong("wipes disks whose data is to stay", "write keep: destroy too, or leave out wipe")
        return wipe
