"""The guardrails, one function a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.labels import COMPONENT_TAG, ENVIRONMENT_TAG, OWNER_TAG
from infra.policies import documents
from infra.resources import RecordedResource

Guardrail = Callable[[Sequence[RecordedResource]], Iterator["Violation"]]


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule."""

    urn: str
    rule: str
    """Name of the rule's function."""
    message: str
    """What is wrong, and what to do."""

    def __str__(self) -> str:
        return f"{self.urn.rpartition('::')[2]} ({self.rule}): {self.message}"


def judge(resources: Sequence[RecordedResource]) -> tuple[Violation, ...]:
    """Everything that breaks a guardrail, in the order of the rules."""
    return tuple(violation for guardrail in GUARDRAILS for violation in guardrail(resources))


_UNTAGGABLE: Final = frozenset(
    {
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
    }
)
"""Types that AWS has no tags for; any other type is held to have them, so that a new one is not forgotten."""


def tagged(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Everything at AWS says whose it is: leftovers are found, and bills told apart, by these tags alone."""
    for resource in resources:
        if not resource.type.startswith("aws:") or resource.type in _UNTAGGABLE:
            continue
        tags: Mapping[str, str] = resource.inputs.get("tags") or {}
        missing = [key for key in (ENVIRONMENT_TAG, OWNER_TAG, COMPONENT_TAG) if not tags.get(key)]
        if missing:
            yield Violation(resource.urn, "tagged", f"has no {', '.join(missing)}; use Scope.tags")


def instances_tagged(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """What a launch template launches is tagged too; its own tags do not reach so far."""
    for resource in _of(resources, "aws:ec2/launchTemplate:LaunchTemplate"):
        given = {
            one.get("resourceType")
            for one in resource.inputs.get("tagSpecifications") or ()
            if {ENVIRONMENT_TAG, OWNER_TAG, COMPONENT_TAG} <= set(one.get("tags") or {})
        }
        missing = sorted({"instance", "volume", "network-interface"} - given)
        if missing:
            yield Violation(resource.urn, "instances_tagged", f"leaves {', '.join(missing)} untagged")


def encrypted_disks(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Disks of nodes are encrypted, whatever the account's default says."""
    for resource in _of(resources, "aws:ec2/launchTemplate:LaunchTemplate"):
        disks = resource.inputs.get("blockDeviceMappings") or ()
        if not disks:
            yield Violation(resource.urn, "encrypted_disks", "says nothing of its root volume; map it")
        for disk in disks:
            if (disk.get("ebs") or {}).get("encrypted") != "true":
                yield Violation(resource.urn, "encrypted_disks", f"{disk.get('deviceName')} is not encrypted")


def encrypted_buckets(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Buckets are encrypted with a key of ours."""
    rules = _by_bucket(
        resources, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    for bucket in _of(resources, "aws:s3/bucket:Bucket"):
        found = rules.get(bucket.inputs.get("bucket"), {}).get("rules") or ()
        defaults = [rule.get("applyServerSideEncryptionByDefault") or {} for rule in found]
        if not any(one.get("sseAlgorithm") == "aws:kms" and one.get("kmsMasterKeyId") for one in defaults):
            yield Violation(bucket.urn, "encrypted_buckets", "has no encryption with a KMS key of ours")


def encrypted_secrets(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Kubernetes secrets and the control plane's logs are encrypted with a key of ours."""
    for cluster in _of(resources, "aws:eks/cluster:Cluster"):
        config = cluster.inputs.get("encryptionConfig") or {}
        if "secrets" not in (config.get("resources") or ()):
            yield Violation(cluster.urn, "encrypted_secrets", "does not encrypt secrets; give it a key")
    for group in _of(resources, "aws:cloudwatch/logGroup:LogGroup"):
        if not group.inputs.get("kmsKeyId"):
            yield Violation(group.urn, "encrypted_secrets", "is not encrypted with a key of ours")


def rotated_keys(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """KMS makes new key material every year."""
    for key in _of(resources, "aws:kms/key:Key"):
        if key.inputs.get("enableKeyRotation") is not True:
            yield Violation(key.urn, "rotated_keys", "is never rotated; set enable_key_rotation")


_SWITCHES: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def closed_buckets(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Nobody from outside reads a bucket, by whatever way, and nothing travels in clear."""
    blocks = _by_bucket(resources, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    policies = _by_bucket(resources, "aws:s3/bucketPolicy:BucketPolicy")
    for bucket in _of(resources, "aws:s3/bucket:Bucket"):
        name = bucket.inputs.get("bucket")
        off = [switch for switch in _SWITCHES if blocks.get(name, {}).get(switch) is not True]
        if off:
            yield Violation(bucket.urn, "closed_buckets", f"does not block the public: {', '.join(off)}")
        if not documents.requires_tls(policies.get(name, {}).get("policy")):
            yield Violation(
                bucket.urn, "closed_buckets", "may be spoken to without TLS; deny it in its policy"
            )


def closed_network(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Nothing gets a public address by itself, and no security group lets the whole internet in."""
    for subnet in _of(resources, "aws:ec2/subnet:Subnet"):
        if subnet.inputs.get("mapPublicIpOnLaunch"):
            yield Violation(subnet.urn, "closed_network", "gives public addresses to whatever starts in it")
    for rule in _of(resources, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        if rule.inputs.get("cidrIpv4") == "0.0.0.0/0" or rule.inputs.get("cidrIpv6") == "::/0":
            yield Violation(rule.urn, "closed_network", "lets the whole internet in; name who may come")
    for group in _of(resources, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"):
        if group.inputs.get("ingress") or group.inputs.get("egress"):
            yield Violation(
                group.urn, "closed_network", "lets traffic through; leave the default group closed"
            )


def closed_api(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """The Kubernetes API is open to named ranges at most, lets people in by access entries only, and logs."""
    for cluster in _of(resources, "aws:eks/cluster:Cluster"):
        network = cluster.inputs.get("vpcConfig") or {}
        ranges = network.get("publicAccessCidrs") or ["0.0.0.0/0"]  # what EKS takes when none are given
        if network.get("endpointPublicAccess") is not False and "0.0.0.0/0" in ranges:
            yield Violation(
                cluster.urn, "closed_api", "is open to the whole internet; name ranges or close it"
            )
        if (cluster.inputs.get("accessConfig") or {}).get("authenticationMode") != "API":
            yield Violation(
                cluster.urn, "closed_api", "lets people in by a config map; use access entries only"
            )
        if "audit" not in (cluster.inputs.get("enabledClusterLogTypes") or ()):
            yield Violation(cluster.urn, "closed_api", "keeps no audit log")


def guarded_metadata(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Instance metadata needs a session (IMDSv2), and pods cannot reach it."""
    for resource in _of(resources, "aws:ec2/launchTemplate:LaunchTemplate"):
        options = resource.inputs.get("metadataOptions") or {}
        if options.get("httpTokens") != "required":
            yield Violation(resource.urn, "guarded_metadata", "allows IMDSv1; require tokens")
        if options.get("httpPutResponseHopLimit") != 1:
            yield Violation(resource.urn, "guarded_metadata", "lets pods take the node's role; allow one hop")


def no_free_hand(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """No policy of ours allows every action on every resource."""
    for resource in resources:
        if resource.type.startswith("aws:iam/") and documents.free_hand(resource.inputs.get("policy")):
            yield Violation(resource.urn, "no_free_hand", "allows * on *; name actions and resources")


def kept_data(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """A bucket is there to be deleted with all that is in it, or it stays, with its key, and is protected.

    There is nothing in between: a bucket with data in it and no decision makes a `down` fail half-way.
    """
    for bucket in _of(resources, "aws:s3/bucket:Bucket"):
        kept = not bucket.inputs.get("forceDestroy")
        if kept and not (bucket.protect and bucket.retain_on_delete):
            yield Violation(bucket.urn, "kept_data", "keeps its data but is not protected and retained")
        if kept:
            yield from _kept_keys(bucket, resources)


def _kept_keys(bucket: RecordedResource, resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """The keys of a bucket that stays must stay too: without them its data is noise."""
    by_urn = {resource.urn: resource for resource in resources}
    for resource in resources:
        if bucket.urn in resource.dependencies:
            for urn in resource.dependencies:
                key = by_urn.get(urn)
                if key and key.type == "aws:kms/key:Key" and not (key.protect and key.retain_on_delete):
                    yield Violation(key.urn, "kept_data", f"may go, but {bucket.name} needs it")


def _of(resources: Sequence[RecordedResource], type_: str) -> Iterator[RecordedResource]:
    return (resource for resource in resources if resource.type == type_)


def _by_bucket(resources: Sequence[RecordedResource], type_: str) -> dict[Any, Mapping[str, Any]]:
    """Inputs of the resources that configure a bucket, by the bucket's name."""
    return {resource.inputs.get("bucket"): resource.inputs for resource in _of(resources, type_)}


GUARDRAILS: Final[tuple[Guardrail, ...]] = (
    tagged,
    instances_tagged,
    encrypted_disks,
    encrypted_buckets,
    encrypted_secrets,
    rotated_keys,
    closed_buckets,
    closed_network,
    closed_api,
    guarded_metadata,
    no_free_hand,
    kept_data,
)
"""All of them."""
