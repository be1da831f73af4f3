"""S3: buckets, and the settings that are resources of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from operations.twin.aws import rules
from operations.twin.aws.cloud import ApiError
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Call, Change, Name, Output, Step, Type
from operations.twin.aws.types.tags import pairs
from operations.twin.aws.values import decapitalised, tag_map

_DEFAULT_SIZE: Final = "all_storage_classes_128K"
"""What S3 answers for `transitionDefaultMinimumObjectSize` since September 2024."""


def _create_bucket(operation: Operation) -> None:
    """Refuses, like S3 outside us-east-1, a bucket that one has already: creating is not idempotent there."""
    name = operation.inputs["bucket"]
    if operation.find("head_bucket", "ResponseMetadata", {"Bucket": name}):
        message = "Your previous request to create the named bucket succeeded and you already own it."
        raise ApiError("BucketAlreadyOwnedByYou", f"{message} ({name})")
    place = None if operation.region == "us-east-1" else {"LocationConstraint": operation.region}
    lock = operation.inputs.get("objectLockEnabled")
    arguments = {"Bucket": name, "CreateBucketConfiguration": place, "ObjectLockEnabledForBucket": lock}
    operation.call("create_bucket", arguments)


def _read_bucket(operation: Operation) -> dict[str, Any] | None:
    bucket = {"Bucket": operation.id}
    if operation.find("head_bucket", "ResponseMetadata", bucket) is None:
        return None
    tags = operation.find("get_bucket_tagging", "TagSet", bucket)
    return {"Bucket": operation.id, "TagMap": tag_map(tags)}


def _tag_bucket(operation: Operation) -> None:
    tags = pairs(operation.inputs.get("tags"))
    if tags is None:
        operation.call("delete_bucket_tagging", {"Bucket": operation.id})
    else:
        operation.call("put_bucket_tagging", {"Bucket": operation.id, "Tagging": {"TagSet": tags}})


def _empty_bucket(operation: Operation) -> None:
    """Deletes every version of every object, when `forceDestroy` allows it."""
    if not operation.inputs.get("forceDestroy"):
        return
    bucket = {"Bucket": operation.id}
    path = "[Versions, DeleteMarkers][] | [?@].{Key: Key, VersionId: VersionId}"
    while found := operation.find("list_object_versions", path, bucket):
        operation.call("delete_objects", {**bucket, "Delete": {"Objects": found}})


BUCKET = Type(
    type="aws:s3/bucket:Bucket",
    service="s3",
    word="bucket",
    optional=("bucket", "bucketPrefix", "forceDestroy", "objectLockEnabled"),
    taggable=True,
    name=Name(property="bucket", prefix="bucketPrefix", limit=63, lower=True),
    rules=(rules.bucket_name,),
    defaults={"forceDestroy": False},
    create=_create_bucket,
    id="{bucket}",
    read=_read_bucket,
    outputs={
        "arn": "arn:{partition}:s3:::{id}",
        "bucket": "Bucket",
        "bucketDomainName": lambda operation, _: f"{operation.id}.s3.amazonaws.com",
        "bucketRegionalDomainName": lambda operation, _: (
            f"{operation.id}.s3.{operation.region}.amazonaws.com"
        ),
        "bucketRegion": lambda operation, _: operation.region,
        "tags": "TagMap",
    },
    changes=(Change(inputs=("tags",), step=_tag_bucket),),
    delete_guards=(_empty_bucket,),
    delete=Call("delete_bucket", {"Bucket": "$id"}),
    replace=frozenset({"bucket", "bucketPrefix", "objectLockEnabled"}),
    kept=frozenset({"objectLockEnabled"}),
)


def _in_its_region(operation: Operation) -> None:
    """S3 sends who asks elsewhere to the bucket's own region, and the provider does not go there."""
    location = {"Bucket": operation.inputs["bucket"]}
    found = operation.find("get_bucket_location", "@", location)
    home = None if found is None else found.get("LocationConstraint") or "us-east-1"
    if home not in (None, operation.region):
        name = operation.inputs["bucket"]
        raise ApiError("PermanentRedirect", f"The bucket {name} is in {home}, not in {operation.region}")


def _setting(
    type_: str,
    inputs: Mapping[str, Output],
    *,
    put: Call,
    get: Step,
    delete: Step | None,
    **more: Any,
) -> Type:
    """One setting of a bucket: put as a whole, whatever changes in it."""
    optional = tuple(name for name in inputs if name not in more.get("required", ()))
    more["required"] = ("bucket", *more.get("required", ()))
    return Type(
        type=type_,
        service="s3",
        word=f"bucket-{put.method.removeprefix('put_bucket_').removeprefix('put_')}",
        optional=optional,
        guards=(_in_its_region,),
        create=put,
        id="{bucket}",
        read=get,
        outputs={"bucket": lambda operation, _: operation.id, **inputs},
        changes=(Change(inputs=tuple(inputs), step=put, on_create=False),),
        delete=delete,
        replace=frozenset({"bucket"}),
        **more,
    )


def _of_bucket(method: str, **arguments: Any) -> Call:
    return Call(method, {"Bucket": "$bucket", **arguments})


def _by_id(method: str) -> Call:
    return Call(method, {"Bucket": "$id"})


def _recased(path: str) -> Callable[[Operation, Mapping[str, Any]], Any]:
    return lambda _, found: decapitalised(found.get(path))


_NEED_VERSIONS: Final = {
    "get_bucket_replication": "A replication",
    "get_object_lock_configuration": "An Object Lock",
}


def _get_versioning(operation: Operation) -> dict[str, Any] | None:
    response = operation.call("get_bucket_versioning", {"Bucket": operation.id})
    return {"Configuration": {"status": response.get("Status", "Disabled")}}


def _suspend_versioning(operation: Operation) -> None:
    """Versioning cannot be taken off a bucket again, only suspended, and that not while others need it."""
    for method, what in _NEED_VERSIONS.items():
        if operation.find(method, "@", {"Bucket": operation.id}) is not None:
            message = (
                f"{what} configuration is present on this bucket, so the versioning state cannot be changed"
            )
            raise ApiError("InvalidBucketState", f"{message}.")
    if operation.inputs.get("versioningConfiguration", {}).get("status") != "Disabled":
        arguments = {"Bucket": operation.id, "VersioningConfiguration": {"Status": "Suspended"}}
        operation.call("put_bucket_versioning", arguments)


VERSIONING = _setting(
    "aws:s3/bucketVersioning:BucketVersioning",
    {"versioningConfiguration": "Configuration"},
    required=("versioningConfiguration",),
    put=_of_bucket("put_bucket_versioning", VersioningConfiguration="$versioningConfiguration"),
    get=_get_versioning,
    delete=_suspend_versioning,
)

_ENCRYPTION_RULES = """$rules[].{
  ApplyServerSideEncryptionByDefault: applyServerSideEncryptionByDefault.{
    SSEAlgorithm: sseAlgorithm, KMSMasterKeyID: kmsMasterKeyId},
  BucketKeyEnabled: bucketKeyEnabled}"""

ENCRYPTION = _setting(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    {
        "rules": """Rules[].{
          applyServerSideEncryptionByDefault: ApplyServerSideEncryptionByDefault.{
            sseAlgorithm: SSEAlgorithm, kmsMasterKeyId: KMSMasterKeyID},
          bucketKeyEnabled: BucketKeyEnabled}"""
    },
    required=("rules",),
    put=_of_bucket("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": _ENCRYPTION_RULES}),
    get=_by_id("get_bucket_encryption"),
    found="ServerSideEncryptionConfiguration",
    delete=_by_id("delete_bucket_encryption"),
)

_PUBLIC_ACCESS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

PUBLIC_ACCESS_BLOCK = _setting(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    {name: name[0].upper() + name[1:] for name in _PUBLIC_ACCESS},
    defaults=dict.fromkeys(_PUBLIC_ACCESS, False),
    put=_of_bucket(
        "put_public_access_block",
        PublicAccessBlockConfiguration={name[0].upper() + name[1:]: f"${name}" for name in _PUBLIC_ACCESS},
    ),
    get=_by_id("get_public_access_block"),
    found="PublicAccessBlockConfiguration",
    delete=_by_id("delete_public_access_block"),
)

OWNERSHIP_CONTROLS = _setting(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    {"rule": "Rules[0].{objectOwnership: ObjectOwnership}"},
    required=("rule",),
    put=_of_bucket("put_bucket_ownership_controls", OwnershipControls={"Rules": ["$rule"]}),
    get=_by_id("get_bucket_ownership_controls"),
    found="OwnershipControls",
    delete=_by_id("delete_bucket_ownership_controls"),
)

POLICY = _setting(
    "aws:s3/bucketPolicy:BucketPolicy",
    {"policy": "Policy"},
    required=("policy",),
    rules=(rules.policy("policy"),),
    put=_of_bucket("put_bucket_policy", Policy="$policy"),
    get=_by_id("get_bucket_policy"),
    delete=_by_id("delete_bucket_policy"),
)


def _lifecycle_rules(operation: Operation) -> list[dict[str, Any]]:
    return [_lifecycle_rule(rule) for rule in operation.inputs.get("rules", ())]


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {
        "noncurrentVersionTransitions": "NoncurrentVersionTransitions",
        "abortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
    }
    spelled = {renamed.get(name, name): value for name, value in rule.items()}
    spelled["Filter"] = _filter(spelled.pop("filter", None) or {"prefix": spelled.pop("prefix", "")})
    return spelled


def _filter(given: Mapping[str, Any]) -> dict[str, Any]:
    """An empty filter is one for the empty prefix: every object."""
    if "and" not in given:
        return dict(given) or {"Prefix": ""}
    inner = dict(given["and"])
    inner["Tags"] = pairs(inner.pop("tags", None))
    return {"And": {name: value for name, value in inner.items() if value is not None}}


def _read_rules(_: Operation, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = decapitalised(found["Rules"])
    for rule in rules:
        inner = rule.get("filter", {}).get("and")
        if inner:
            inner["tags"] = {tag["key"]: tag["value"] for tag in inner.get("tags", ())}
            rule["filter"]["and"] = {name: value for name, value in inner.items() if value}
        rule["id"] = rule.pop("iD", rule.get("id"))
    return rules


LIFECYCLE = _setting(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    {"rules": _read_rules, "transitionDefaultMinimumObjectSize": lambda *_: _DEFAULT_SIZE},
    required=("rules",),
    put=_of_bucket("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": _lifecycle_rules}),
    get=_by_id("get_bucket_lifecycle_configuration"),
    delete=_by_id("delete_bucket_lifecycle"),
    kept=frozenset({"transitionDefaultMinimumObjectSize"}),
)


def _replication(operation: Operation) -> dict[str, Any]:
    rules = [_replication_rule(rule) for rule in operation.inputs["rules"]]
    return {"Role": operation.inputs["role"], "Rules": rules}


def _replication_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    spelled = {name: value for name, value in rule.items() if name != "filter"}
    if "filter" in rule:
        spelled["Filter"] = _filter(rule["filter"])
    return spelled


def _read_replication(operation: Operation, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules = _read_rules(operation, found)
    for rule in rules:
        encryption = rule["destination"].get("encryptionConfiguration", {})
        if "replicaKmsKeyID" in encryption:
            encryption["replicaKmsKeyId"] = encryption.pop("replicaKmsKeyID")
    return rules


REPLICATION = _setting(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    {"role": "Role", "rules": _read_replication},
    required=("role", "rules"),
    put=_of_bucket("put_bucket_replication", ReplicationConfiguration=_replication),
    get=_by_id("get_bucket_replication"),
    found="ReplicationConfiguration",
    delete=_by_id("delete_bucket_replication"),
)


def _lock(operation: Operation) -> dict[str, Any]:
    given = operation.inputs.get("rule", {}).get("defaultRetention")
    return {"ObjectLockEnabled": "Enabled", **({"Rule": {"DefaultRetention": given}} if given else {})}


def _put_lock(operation: Operation) -> None:
    """Locks what is written from now on; a bucket without versions cannot be locked."""
    bucket = {"Bucket": operation.inputs["bucket"]}
    if operation.find("get_bucket_versioning", "Status", bucket) != "Enabled":
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise ApiError("InvalidBucketState", message)
    operation.call("put_object_lock_configuration", {**bucket, "ObjectLockConfiguration": _lock(operation)})


def _unlock(operation: Operation) -> None:
    """The lock stays on the bucket; only what it does to new versions is taken off."""
    configuration = {"ObjectLockEnabled": "Enabled"}
    operation.call(
        "put_object_lock_configuration", {"Bucket": operation.id, "ObjectLockConfiguration": configuration}
    )


def _read_lock(operation: Operation) -> dict[str, Any] | None:
    path = "ObjectLockConfiguration.Rule.DefaultRetention.{mode: Mode, days: Days}"
    found = operation.find("get_object_lock_configuration", path, {"Bucket": operation.id})
    return {"Rule": {"defaultRetention": found}} if found and found["mode"] else None


OBJECT_LOCK = Type(
    type="aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    service="s3",
    word="bucket-object-lock",
    required=("bucket",),
    optional=("rule",),
    guards=(_in_its_region,),
    create=_put_lock,
    id="{bucket}",
    read=_read_lock,
    outputs={"bucket": lambda operation, _: operation.id, "rule": "Rule"},
    changes=(Change(inputs=("rule",), step=_put_lock, on_create=False),),
    delete=_unlock,
    replace=frozenset({"bucket"}),
)
