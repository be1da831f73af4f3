"""FSx for Lustre: what moto's file systems lack: rules, network interfaces, mount names, changes, backups.

The rules are FSx's own: https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystem.html and
https://docs.aws.amazon.com/fsx/latest/LustreGuide/cannot-create-fs.html.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_STEP: Final = 2400
_STEP_WITH_EFA: Final = {125: 38400, 250: 19200, 500: 9600, 1000: 4800}
_THROUGHPUTS: Final = {"PERSISTENT_1": (50, 100, 200), "PERSISTENT_2": (125, 250, 500, 1000)}
_PORT: Final = 988
_INTERFACES: Final = 2
"""Network interfaces that a file system has here; real ones have one for each file server."""


def bad_request(message: str) -> ApiError:
    """FSx's refusal of arguments."""
    return ApiError("BadRequest", message)


def system(place: Place, id_: str) -> Any:
    """Returns moto's file system, or refuses as FSx does."""
    found = store.backend("fsx", place).file_systems.get(id_)
    if found is None:
        raise ApiError("FileSystemNotFound", f"File system '{id_}' does not exist.")
    return found


def links(place: Place) -> dict[str, dict[str, Any]]:
    """Returns the data repository associations of a region by id."""
    shelf: dict[str, dict[str, Any]] = store.backend("fsx", place).__dict__.setdefault("twin_links", {})
    return shelf


def create_file_system(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a Lustre file system, with the network interfaces that nodes mount it by."""
    if arguments["FileSystemType"] != "LUSTRE":
        raise bad_request(f"the twin has no {arguments['FileSystemType']} file systems")
    wanted = dict(arguments.get("LustreConfiguration") or {})
    subnet, groups = _network(place, arguments, efa=bool(wanted.get("EfaEnabled")))
    problem = next(_problems(place, arguments, wanted), None)
    if problem is not None:
        raise bad_request(problem)
    made = store.backend("fsx", place).create_file_system(
        client_request_token=str(uuid.uuid4()),
        file_system_type="LUSTRE",
        storage_capacity=arguments.get("StorageCapacity", 0),
        storage_type=arguments.get("StorageType", "SSD"),
        subnet_ids=list(arguments["SubnetIds"]),
        security_group_ids=groups,
        tags=arguments.get("Tags"),
        kms_key_id=arguments.get("KmsKeyId"),
        windows_configuration=None,
        lustre_configuration={**wanted, "MountName": f"m{uuid.uuid4().hex[:7]}"},
        ontap_configuration=None,
        file_system_type_version=arguments.get("FileSystemTypeVersion"),
        open_zfs_configuration=None,
    )
    made.twin_version = arguments.get("FileSystemTypeVersion", "2.10")
    made.twin_vpc = subnet.vpc_id
    made.twin_interfaces = [
        _interface(place, subnet, groups, made.file_system_id) for _ in range(_INTERFACES)
    ]
    return {"FileSystem": _described(place, made)}


def _network(place: Place, arguments: Mapping[str, Any], *, efa: bool) -> tuple[Any, list[str]]:
    """The one subnet and the groups, whose rules must let Lustre through."""
    if len(arguments["SubnetIds"]) != 1:
        raise bad_request("Exactly one subnet ID is required for Lustre file systems.")
    (subnet,) = store.subnets(place, arguments["SubnetIds"])
    ids = list(arguments.get("SecurityGroupIds") or ())
    known = {group.id: group for group in store.backend("ec2", place).describe_security_groups()}
    for id_ in ids:
        if id_ not in known or known[id_].vpc_id != subnet.vpc_id:
            raise ApiError("InvalidNetworkSettings", f"The security group '{id_}' does not exist in the VPC.")
    groups = [known[id_] for id_ in ids]
    if not any(_lets_in(rule, _PORT) for group in groups for rule in group.ingress_rules):
        raise ApiError(
            "InvalidNetworkSettings",
            "The file system cannot be created because the provided security groups do not permit Lustre "
            "LNET network traffic on port 988",
        )
    if efa and not any(_open_to_itself(group) for group in groups):
        raise ApiError(
            "InvalidNetworkSettings",
            "Insufficient security group permissions to create an EFA-enabled file system. Update security "
            "group to allow all internal inbound and outbound traffic.",
        )
    return subnet, ids


def _lets_in(rule: Any, port: int) -> bool:
    if str(rule.ip_protocol) == "-1":
        return True
    return str(rule.ip_protocol) == "tcp" and int(rule.from_port) <= port <= int(rule.to_port)


def _open_to_itself(group: Any) -> bool:
    def to_itself(rules: Any) -> bool:
        return any(
            str(rule.ip_protocol) == "-1" and (rule.source_group or {}).get("GroupId") == group.id
            for rule in rules
        )

    return to_itself(group.ingress_rules) and to_itself(group.egress_rules)


def _interface(place: Place, subnet: Any, groups: list[str], id_: str) -> str:
    ec2 = store.backend("ec2", place)
    made = ec2.create_network_interface(subnet, None, group_ids=groups, description=f"FSx {id_}")
    return str(made.id)


def _problems(place: Place, arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """What FSx would say of a new file system."""
    deployment = wanted.get("DeploymentType", "SCRATCH_1")
    persistent = deployment.startswith("PERSISTENT")
    key = arguments.get("KmsKeyId")
    if key and not persistent:
        yield "KmsKeyId is only supported for persistent file systems"
    if key and key not in {known.arn for known in store.backend("kms", place).keys.values()}:
        yield f"The KMS key '{key}' does not exist"
    if not persistent and wanted.get("AutomaticBackupRetentionDays"):
        yield "Backups are not supported on scratch file systems"
    if deployment != "PERSISTENT_2" and (wanted.get("EfaEnabled") or wanted.get("MetadataConfiguration")):
        yield "EFA and metadata configurations need the deployment type PERSISTENT_2"
    if wanted.get("EfaEnabled") and not wanted.get("MetadataConfiguration"):
        yield "EFA needs a metadata configuration"
    if arguments.get("StorageType") == "INTELLIGENT_TIERING":
        yield from _tiered_problems(arguments, wanted)
    else:
        yield from _size_problems(arguments.get("StorageCapacity"), deployment, wanted)


def _tiered_problems(arguments: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    if arguments.get("StorageCapacity"):
        yield "StorageCapacity is not supported for Intelligent-Tiering"
    if not wanted.get("ThroughputCapacity") or wanted["ThroughputCapacity"] % 4000:
        yield "ThroughputCapacity must be a multiple of 4000"
    if (wanted.get("MetadataConfiguration") or {}).get("Mode") != "USER_PROVISIONED":
        yield "Intelligent-Tiering needs metadata IOPS that are provisioned by the user"
    if not wanted.get("DataReadCacheConfiguration"):
        yield "Intelligent-Tiering needs a configuration of its read cache"


def _size_problems(capacity: int | None, deployment: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    throughput, offered = wanted.get("PerUnitStorageThroughput"), _THROUGHPUTS.get(deployment, (None,))
    if throughput not in offered:
        yield f"PerUnitStorageThroughput {throughput} is not one of {offered} for {deployment}"
    step = _STEP_WITH_EFA.get(throughput or 0, _STEP) if wanted.get("EfaEnabled") else _STEP
    smallest = step if wanted.get("EfaEnabled") else _STEP // 2
    if not capacity or (capacity != smallest and capacity % step):
        yield f"StorageCapacity {capacity} is not {smallest} or a multiple of {step} GiB"


def describe_file_systems(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Describes all file systems, or those asked for."""
    ids = arguments.get("FileSystemIds") or sorted(store.backend("fsx", place).file_systems)
    return {"FileSystems": [_described(place, system(place, id_)) for id_ in ids]}


def _described(place: Place, found: Any) -> dict[str, Any]:
    return {
        **found.to_dict(),
        "FileSystemTypeVersion": found.twin_version,
        "Lifecycle": "AVAILABLE",
        "NetworkInterfaceIds": list(found.twin_interfaces),
        "OwnerId": place.account,
        "VpcId": found.twin_vpc,
    }


def update_file_system(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes a file system: capacity, throughput in all and metadata IOPS only grow."""
    found = system(place, arguments["FileSystemId"])
    new = dict(arguments.get("LustreConfiguration") or {})
    old = dict(found.lustre_configuration)
    merged = {**old, **new}
    capacity = arguments.get("StorageCapacity", found.storage_capacity)
    if capacity < found.storage_capacity:
        raise bad_request("The storage capacity of a file system cannot be decreased.")
    if old.get("EfaEnabled") and merged.get("PerUnitStorageThroughput") != old.get(
        "PerUnitStorageThroughput"
    ):
        raise bad_request("The throughput of an EFA-enabled file system cannot be changed.")
    for name, before, after in (
        ("ThroughputCapacity", old.get("ThroughputCapacity"), merged.get("ThroughputCapacity")),
        ("metadata IOPS", _metadata_iops(old), _metadata_iops(merged)),
    ):
        if before and (after or 0) < before:
            raise bad_request(f"{name} can only be increased.")
    if merged.get("AutomaticBackupRetentionDays") and linked(place, found.file_system_id):
        raise bad_request("Backups are not supported on file systems that are linked to a data repository.")
    if found.storage_type == "SSD":
        problem = next(_size_problems(capacity, merged["DeploymentType"], merged), None)
        if problem is not None:
            raise bad_request(problem)
    found.lustre_configuration, found.storage_capacity = merged, capacity
    found.twin_version = arguments.get("FileSystemTypeVersion") or found.twin_version
    return {"FileSystem": _described(place, found)}


def _metadata_iops(configuration: Mapping[str, Any]) -> int:
    return int((configuration.get("MetadataConfiguration") or {}).get("Iops") or 0)


def linked(place: Place, id_: str) -> bool:
    """Tells whether a file system has data repository associations."""
    return any(link["FileSystemId"] == id_ for link in links(place).values())


def delete_file_system(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a file system with its links; a persistent one leaves a last backup unless told not to."""
    id_ = arguments["FileSystemId"]
    found, fsx = system(place, id_), store.backend("fsx", place)
    wanted = arguments.get("LustreConfiguration") or {}
    persistent = str(found.lustre_configuration.get("DeploymentType")).startswith("PERSISTENT")
    if persistent and not linked(place, id_) and not wanted.get("SkipFinalBackup", True):
        backup = fsx.create_backup(id_, None, None, wanted.get("FinalBackupTags"))
        backup.lifecycle = "AVAILABLE"
    for key in [key for key, link in links(place).items() if link["FileSystemId"] == id_]:
        del links(place)[key]
    for interface in found.twin_interfaces:
        store.backend("ec2", place).delete_network_interface(interface)
    fsx.delete_file_system(id_, "", None, None, None)
    return {"FileSystemId": id_, "Lifecycle": "DELETING"}
