"""FSx data repository associations, the links of Lustre file systems to S3, which moto lacks."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from moto.backends import get_backend

from operations.twin.aws.cloud import ApiError, Place, partition
from operations.twin.aws.extensions import fsx, store

_MOST: Final = 8
_REPOSITORY: Final = re.compile(r"s3://(?P<bucket>[^/]+)/?(?P<prefix>.*)")


def create_data_repository_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Links a folder to a bucket or a prefix; neither may overlap that of another link.

    https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateDataRepositoryAssociation.html
    """
    system = fsx.system(place, arguments["FileSystemId"])
    repository = _REPOSITORY.fullmatch(arguments["DataRepositoryPath"])
    if repository is None or repository["bucket"] not in _buckets():
        raise fsx.bad_request(f"Cannot access the data repository {arguments['DataRepositoryPath']}")
    configuration = system.lustre_configuration
    if system.storage_type == "INTELLIGENT_TIERING" or configuration.get("DeploymentType") == "SCRATCH_1":
        raise fsx.bad_request("Data repository associations are not supported on this file system")
    if configuration.get("AutomaticBackupRetentionDays"):
        raise fsx.bad_request("A file system with automatic backups cannot be linked to a data repository")
    others = [link for link in fsx.links(place).values() if link["FileSystemId"] == system.file_system_id]
    if len(others) >= _MOST:
        raise ApiError("ServiceLimitExceeded", f"A file system has at most {_MOST} associations")
    for name in ("FileSystemPath", "DataRepositoryPath"):
        for other in others:
            if _overlap(arguments[name], other[name]):
                raise fsx.bad_request(f"{name} {arguments[name]} overlaps {other[name]}")
    return {"Association": _kept(place, arguments)}


def _kept(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    id_ = f"dra-{uuid.uuid4().hex[:17]}"
    arn = f"arn:{partition(place.region)}:fsx:{place.region}:{place.account}:association"
    names = ("FileSystemId", "FileSystemPath", "DataRepositoryPath", "S3")
    fsx.links(place)[id_] = {
        **{name: arguments[name] for name in names if name in arguments},
        "AssociationId": id_,
        "ResourceARN": f"{arn}/{arguments['FileSystemId']}/{id_}",
        "BatchImportMetaDataOnCreate": arguments.get("BatchImportMetaDataOnCreate", False),
        "ImportedFileChunkSize": arguments.get("ImportedFileChunkSize", 1024),
        "Lifecycle": "AVAILABLE",
    }
    if arguments.get("Tags"):
        store.backend("fsx", place).tagger.tag_resource(
            fsx.links(place)[id_]["ResourceARN"], arguments["Tags"]
        )
    return _described(place, id_)


def _buckets() -> set[str]:
    return {name for _, _, stores in get_backend("s3").iter_backends() for name in stores.buckets}


def _overlap(one: str, other: str) -> bool:
    left, right = f"{one.rstrip('/')}/", f"{other.rstrip('/')}/"
    return left.startswith(right) or right.startswith(left)


def _link(place: Place, id_: str) -> dict[str, Any]:
    found = fsx.links(place).get(id_)
    if found is None:
        raise ApiError("DataRepositoryAssociationNotFound", f"Association {id_} does not exist.")
    return found


def _described(place: Place, id_: str) -> dict[str, Any]:
    found = _link(place, id_)
    tags = store.backend("fsx", place).list_tags_for_resource(found["ResourceARN"])
    return {**found, "Tags": tags}


def describe_data_repository_associations(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes all links, or those asked for."""
    ids = arguments.get("AssociationIds") or sorted(fsx.links(place))
    return {"Associations": [_described(place, id_) for id_ in ids]}


def update_data_repository_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes what follows over a link by itself."""
    found = _link(place, arguments["AssociationId"])
    names = ("S3", "ImportedFileChunkSize")
    found.update({name: arguments[name] for name in names if name in arguments})
    return {"Association": _described(place, arguments["AssociationId"])}


def delete_data_repository_association(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Removes a link; files stay on both sides."""
    _link(place, arguments["AssociationId"])
    del fsx.links(place)[arguments["AssociationId"]]
    return {"AssociationId": arguments["AssociationId"], "Lifecycle": "DELETING"}
