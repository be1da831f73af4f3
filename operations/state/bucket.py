"""The S3 bucket of a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from infra.environment.state import State
from infra.places import Place
from infra.problems import BadInput, Problem
from operations.guards import Failure, Refusal
from operations.state import strictness
from operations.state.access import Access, code, told
from operations.state.key import Key
from operations.state.setting import Setting

_OTHERS = frozenset({"403", "AccessDenied", "Forbidden"})
_MISSING = frozenset({"404", "NoSuchBucket", "NotFound"})


def look(access: Access, state: State, key: Key, tags: dict[str, str]) -> Iterator[Setting]:
    """Looks at the bucket, setting by setting.

    Raises:
        BadInput: the bucket is in another region.
        Refusal: it is another account's.
    """
    there = _is_there(access)
    if there:
        yield Setting(what="bucket", found=access.place.bucket)
    else:
        make = partial(_make, access)
        yield Setting(what="bucket", found="none", becomes=f"made, as {access.place.bucket}", apply=make)
    versions = access.bucket("get_bucket_versioning") if there else {}
    yield _versioning(access, versions)
    yield _encryption(access, key, there=there)
    yield _public_access(access, there=there)
    yield _ownership(access, there=there)
    yield _policy(access, there=there)
    yield from _lifecycle(access, state, had_versions="Status" in versions, there=there)
    if state.access_log is not None:
        yield _log(access, state.access_log, there=there)
    yield _tags(access, tags, there=there)


def _is_there(access: Access) -> bool:
    place = access.place
    try:
        found = access.bucket("head_bucket")
    except Failure as failure:
        said = code(failure)
        if said in _MISSING:
            return False
        if said in _OTHERS:
            raise Refusal(
                f"the bucket {place.bucket} is not account {place.account}'s, or not for these credentials",
                "write another name in state.bucket, or get the right s3:ListBucket on it",
            ) from None
        raise
    region = found.get("BucketRegion") or place.region
    if region != place.region:
        message = f"is in {region}, and the state is to be in {place.region}"
        hint = f"write state.region: {region}, or another bucket"
        raise BadInput([Problem("state.bucket", place.bucket, message, hint)])
    return True


def _make(access: Access) -> None:
    place = access.place
    where = {} if place.region == "us-east-1" else {"LocationConstraint": place.region}
    settings = {"CreateBucketConfiguration": where} if where else {}
    try:
        with told(f"make the bucket {place.bucket}"):
            access.s3.create_bucket(Bucket=place.bucket, ObjectOwnership="BucketOwnerEnforced", **settings)
    except Failure as failure:
        said = code(failure)
        if said == "BucketAlreadyExists":
            raise Refusal(
                f"the bucket {place.bucket} is somebody else's", "write another name in state.bucket"
            ) from None
        if said != "BucketAlreadyOwnedByYou":  # another run was a moment faster
            raise
    with told(f"wait for the bucket {place.bucket}"):
        access.s3.get_waiter("bucket_exists").wait(
            Bucket=place.bucket,
            ExpectedBucketOwner=place.account,
            WaiterConfig={"Delay": 2, "MaxAttempts": 15},
        )


def _setting(what: str, found: str, becomes: str, apply: Callable[[], object] | None) -> Setting:
    """A setting that stays where there is nothing to apply."""
    return Setting(what=f"bucket {what}", found=found, becomes=becomes if apply else None, apply=apply)


def _versioning(access: Access, found: dict[str, Any]) -> Setting:
    on = found.get("Status") == "Enabled"
    wanted = {"Status": "Enabled"}
    apply = None if on else partial(access.bucket, "put_bucket_versioning", VersioningConfiguration=wanted)
    return _setting("versioning", "on" if on else "off", "on", apply)


def _encryption(access: Access, key: Key, *, there: bool) -> Setting:
    missing = "ServerSideEncryptionConfigurationNotFoundError"
    answer = access.has("get_bucket_encryption", missing) if there else {}
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    found = " ".join(filter(None, (default.get("SSEAlgorithm", "none"), default.get("KMSMasterKeyID"))))

    def apply() -> None:
        wanted = strictness.encryption(rules, str(key.arn))
        configuration = {"Rules": [wanted]}
        access.bucket("put_bucket_encryption", ServerSideEncryptionConfiguration=configuration)

    stays = strictness.encryption(rules, "") is None
    return _setting("encryption", found, f"aws:kms {access.place.key}", None if stays else apply)


def _public_access(access: Access, *, there: bool) -> Setting:
    missing = "NoSuchPublicAccessBlockConfiguration"
    answer = access.has("get_public_access_block", missing) if there else {}
    wanted = strictness.public_access(answer.get("PublicAccessBlockConfiguration", {}))
    put = partial(access.bucket, "put_public_access_block", PublicAccessBlockConfiguration=wanted)
    return _setting("public access", "open" if wanted else "blocked", "blocked", put if wanted else None)


def _ownership(access: Access, *, there: bool) -> Setting:
    answer = access.has("get_bucket_ownership_controls", "OwnershipControlsNotFoundError") if there else {}
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    found = rules[0]["ObjectOwnership"] if rules else "none"
    wanted = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    put = partial(access.bucket, "put_bucket_ownership_controls", OwnershipControls=wanted)
    strict = found == "BucketOwnerEnforced"
    return _setting("ownership", found, "BucketOwnerEnforced", None if strict else put)


def _policy(access: Access, *, there: bool) -> Setting:
    place = access.place
    arn = Place(account=place.account, region=place.region).bucket(place.bucket)
    found = (access.has("get_bucket_policy", "NoSuchBucketPolicy") if there else {}).get("Policy")
    wanted = strictness.policy(found, arn)
    put = partial(access.bucket, "put_bucket_policy", Policy=wanted)
    words = "only over TLS" if wanted is None else "also without TLS"
    return _setting("access", words, "only over TLS; other statements stay", put if wanted else None)


def _lifecycle(access: Access, state: State, *, had_versions: bool, there: bool) -> Iterator[Setting]:
    missing = "NoSuchLifecycleConfiguration"
    answer = access.has("get_bucket_lifecycle_configuration", missing) if there else {}
    rules = answer.get("Rules", [])
    wanted = strictness.lifecycle(rules, state.keep_versions.days, had_versions=had_versions)
    # What is not said again is reset to its default.
    size = answer.get("TransitionDefaultMinimumObjectSize")
    more = {"TransitionDefaultMinimumObjectSize": size} if size else {}
    put = partial(
        access.bucket, "put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": wanted}, **more
    )
    names = ", ".join(str(rule.get("ID")) for rule in wanted or ())
    yield _setting("lifecycle", f"{len(rules)} rules", f"rules {names}", put if wanted else None)
    if strictness.deletes_state(rules):
        yield Setting(
            what="bucket lifecycle", found="a rule deletes objects by age: state too, left as it is"
        )


def _log(access: Access, target: str, *, there: bool) -> Setting:
    answer = access.bucket("get_bucket_logging") if there else {}
    found = answer.get("LoggingEnabled", {}).get("TargetBucket")
    enabled = {"TargetBucket": target, "TargetPrefix": f"{access.place.bucket}/"}
    put = partial(access.bucket, "put_bucket_logging", BucketLoggingStatus={"LoggingEnabled": enabled})
    return _setting("access log", found or "none", f"in {target}", None if found else put)


def _tags(access: Access, tags: dict[str, str], *, there: bool) -> Setting:
    answer = access.has("get_bucket_tagging", "NoSuchTagSet") if there else {}
    found = {tag["Key"]: tag["Value"] for tag in answer.get("TagSet", [])}
    missing = sorted(tags.keys() - found.keys())
    both = [{"Key": name, "Value": value} for name, value in {**tags, **found}.items()]
    put = partial(access.bucket, "put_bucket_tagging", Tagging={"TagSet": both})
    return _setting("tags", f"{len(found)}", f"also {', '.join(missing)}", put if missing else None)
