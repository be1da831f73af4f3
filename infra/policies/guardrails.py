"""The guardrails, one function a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.labels import COMPONENT_TAG, ENVIRONMENT_TAG, OWNER_TAG
from infra.policies import brokers, documents, listeners
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
        "aws:appautoscaling/policy:Policy",
        "aws:autoscaling/tag:Tag",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:ec2/route:Route",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
        "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/subnetCidrReservation:SubnetCidrReservation",
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:efs/fileSystemPolicy:FileSystemPolicy",
        "aws:efs/mountTarget:MountTarget",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:msk/configuration:Configuration",
        "aws:msk/topic:Topic",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:sqs/queuePolicy:QueuePolicy",
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


def rules_apart(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Rules of security groups are resources of their own.

    Those within a group are all that it may have: what EKS and the load balancer controller add would be
    taken out again, and what names another group would keep that one from being deleted.
    """
    for group in _of(resources, "aws:ec2/securityGroup:SecurityGroup"):
        if group.inputs.get("ingress") or group.inputs.get("egress"):
            yield Violation(group.urn, "rules_apart", "has rules in it; make each a resource of its own")


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


def closed_images(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Images are encrypted with a key of ours, their tags stay, and no other account has anything of them."""
    policies = {
        one.inputs.get("repository"): one.inputs.get("policy")
        for one in _of(resources, "aws:ecr/repositoryPolicy:RepositoryPolicy")
    }
    for repository in _of(resources, "aws:ecr/repository:Repository"):
        yield from _closed(repository, policies.get(repository.inputs.get("name")))
        if not str(repository.inputs.get("imageTagMutability")).startswith("IMMUTABLE"):
            yield Violation(repository.urn, "closed_images", "lets tags move to other images; forbid that")
        kept = not repository.inputs.get("forceDelete")
        if kept and not (repository.protect and repository.retain_on_delete):
            message = "keeps its images but is not protected and retained"
            yield Violation(repository.urn, "closed_images", message)
    for template in _of(resources, "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"):
        yield from _closed(template, template.inputs.get("repositoryPolicy"))


def _closed(images: RecordedResource, policy: object) -> Iterator[Violation]:
    if not _with_key(images):
        yield Violation(images.urn, "closed_images", "is not encrypted with a KMS key of ours")
    if not documents.one_account(policy):
        yield Violation(images.urn, "closed_images", "does not shut out other accounts; deny them")


def _with_key(resource: RecordedResource) -> bool:
    given = resource.inputs.get("encryptionConfigurations") or ()
    return any(one.get("encryptionType") == "KMS" and one.get("kmsKey") for one in given)


def guarded_files(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """File systems are encrypted with a key of ours, spoken to over TLS, and as protected as their keys are.

    A scratch Lustre file system is encrypted with a key that FSx alone has, and can have no other.
    """
    policies = {
        urn: one.inputs.get("policy")
        for one in _of(resources, "aws:efs/fileSystemPolicy:FileSystemPolicy")
        for urn in one.dependencies
    }
    for system in _of(resources, "aws:efs/fileSystem:FileSystem"):
        if system.inputs.get("encrypted") is not True or not system.inputs.get("kmsKeyId"):
            yield Violation(system.urn, "guarded_files", "is not encrypted with a key of ours")
        if not documents.requires_tls(policies.get(system.urn)):
            yield Violation(system.urn, "guarded_files", "may be mounted without TLS; deny it in its policy")
        yield from _unprotected_keys(system, resources)
    for system in _of(resources, "aws:fsx/lustreFileSystem:LustreFileSystem"):
        persistent = str(system.inputs.get("deploymentType")).startswith("PERSISTENT")
        if persistent and not system.inputs.get("kmsKeyId"):
            yield Violation(system.urn, "guarded_files", "is not encrypted with a key of ours")
        yield from _unprotected_keys(system, resources)


def _unprotected_keys(
    system: RecordedResource, resources: Sequence[RecordedResource], rule: str = "guarded_files"
) -> Iterator[Violation]:
    for key in _of(resources, "aws:kms/key:Key"):
        if system.protect and key.urn in system.dependencies and not key.protect:
            yield Violation(key.urn, rule, f"may go, but {system.name} needs it")


def guarded_databases(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Databases are encrypted with a key of ours, closed to the public, and nobody chose their password."""
    for database in _of(resources, "aws:rds/instance:Instance"):
        given = database.inputs
        wrong = {
            "is not encrypted with a key of ours": given.get("storageEncrypted") is not True
            or not given.get("kmsKeyId"),
            "has a public address": given.get("publiclyAccessible") is not False,
            "has a password that RDS did not make": given.get("manageMasterUserPassword") is not True,
            "may go by AWS, but not by us": database.protect and given.get("deletionProtection") is not True,
        }
        for message, found in wrong.items():
            if found:
                yield Violation(database.urn, "guarded_databases", message)
        yield from _unprotected_keys(database, resources, "guarded_databases")


def closed_queues(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Queues are encrypted, and spoken to by TLS only."""
    policies = {
        urn: one.inputs.get("policy")
        for one in _of(resources, "aws:sqs/queuePolicy:QueuePolicy")
        for urn in one.dependencies
    }
    for queue in _of(resources, "aws:sqs/queue:Queue"):
        if queue.inputs.get("sqsManagedSseEnabled") is not True and not queue.inputs.get("kmsMasterKeyId"):
            yield Violation(queue.urn, "closed_queues", "is not encrypted; set sqs_managed_sse_enabled")
        if not documents.requires_tls(policies.get(queue.urn)):
            yield Violation(queue.urn, "closed_queues", "may be spoken to without TLS; deny it in its policy")


def guarded_classes(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Nodes that Karpenter makes are as guarded as those of launch templates, and tagged like them."""
    for resource in _of(resources, "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"):
        spec = resource.inputs.get("spec") or {}
        options, disks = spec.get("metadataOptions") or {}, spec.get("blockDeviceMappings") or ()
        if options.get("httpTokens") != "required" or options.get("httpPutResponseHopLimit") != 1:
            yield Violation(resource.urn, "guarded_classes", "lets pods take the node's role")
        if not disks or not all((disk.get("ebs") or {}).get("encrypted") for disk in disks):
            yield Violation(resource.urn, "guarded_classes", "has disks that are not encrypted")
        if not {ENVIRONMENT_TAG, OWNER_TAG, COMPONENT_TAG} <= set(spec.get("tags") or {}):
            yield Violation(resource.urn, "guarded_classes", "leaves instances untagged; use Scope.tags")


def encrypted_ceph(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Ceph encrypts its disks, and speaks to its clients and among itself encrypted only."""
    for cluster in _of(resources, "kubernetes:ceph.rook.io/v1:CephCluster"):
        spec = cluster.inputs.get("spec") or {}
        disks = (spec.get("storage") or {}).get("config") or {}
        wire = (spec.get("network") or {}).get("connections") or {}
        if disks.get("encryptedDevice") != "true":
            yield Violation(cluster.urn, "encrypted_ceph", "does not encrypt its disks; set encryptedDevice")
        if (wire.get("encryption") or {}).get("enabled") is not True or wire.get("requireMsgr2") is not True:
            yield Violation(
                cluster.urn, "encrypted_ceph", "may be spoken to in clear; require msgr2, encrypted"
            )


def closed_brokers(resources: Sequence[RecordedResource]) -> Iterator[Violation]:
    """Kafka's brokers encrypt what they have and say, let nobody in by name alone, and are not public."""
    for cluster in _of(resources, "aws:msk/cluster:Cluster"):
        for message in brokers.complaints(cluster.inputs):
            yield Violation(cluster.urn, "closed_brokers", message)
    for kafka in _of(resources, "kubernetes:kafka.strimzi.io/v1:Kafka"):
        for message in listeners.complaints(kafka.inputs):
            yield Violation(kafka.urn, "closed_brokers", message)


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
    rules_apart,
    closed_api,
    guarded_metadata,
    no_free_hand,
    kept_data,
    closed_images,
    guarded_files,
    guarded_databases,
    closed_queues,
    guarded_classes,
    encrypted_ceph,
    closed_brokers,
)
"""All of them."""
