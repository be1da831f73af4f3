"""What keeps data: replication between regions, locks, ECR and Glue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from operations.twin.aws.package import AwsPackage
from operations.twin.backend import Refused
from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, Made, role, urn

THERE = "eu-west-1"
DAY = {"countType": "sinceImagePushed", "countUnit": "days"}


def versioned(bench: Bench, name: str, **more: Any) -> tuple[Made, Made]:
    bucket = bench.make("aws:s3/bucket:Bucket", name, bucket=name, tags=TAGS, **more)
    versioning = bench.make(
        "aws:s3/bucketVersioning:BucketVersioning",
        name,
        bucket=bucket.id,
        versioningConfiguration={"status": "Enabled"},
        **more,
    )
    return bucket, versioning


def replication(source: Made, copy: Made, who: Made, **more: Any) -> dict[str, Any]:
    rule = {
        "id": "everything",
        "status": "Enabled",
        "priority": 0,
        "filter": {"prefix": ""},
        "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
        "deleteMarkerReplication": {"status": "Enabled"},
        "destination": {
            "bucket": copy["arn"],
            "encryptionConfiguration": {"replicaKmsKeyId": f"arn:aws:kms:{THERE}:{ACCOUNT}:key/x"},
        },
    }
    return {"bucket": source.id, "role": who["arn"], "rules": [{**rule, **more}]}


REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


def test_a_bucket_is_copied_to_another_region(bench: Bench) -> None:
    source, versions = versioned(bench, "lake-models")
    copy, copy_versions = versioned(bench, "lake-models-there", region=THERE)
    assert (source["region"], copy["region"]) == ("us-east-1", THERE)
    assert copy["bucketRegionalDomainName"].endswith(f"{THERE}.amazonaws.com")
    who = role(bench, "copier", "s3.amazonaws.com")
    made = bench.make(REPLICATION, **replication(source, copy, who))
    made = bench.change(
        made, **replication(source, copy, who, deleteMarkerReplication={"status": "Disabled"})
    )
    assert bench.diff(made, bucket="other")[1] == ("bucket",)
    with pytest.raises(Refused, match="InvalidBucketState: A replication"):
        bench.session.delete(urn(versions.type, "it"), versions.type, versions.id, versions.state, 0)
    bench.drop(made)
    for one in (versions, copy_versions):
        bench.session.delete(urn(one.type, "it"), one.type, one.id, one.state, 0)
    bench.drop(copy)
    bench.drop(source)


def test_copies_need_versions_at_both_ends_and_a_role_for_s3(bench: Bench) -> None:
    source, _ = versioned(bench, "one")
    copy, _ = versioned(bench, "two", region=THERE)
    bare = bench.make("aws:s3/bucket:Bucket", "three", bucket="three", region=THERE)
    who = role(bench, "copier", "s3.amazonaws.com")
    for wrong, message in (
        (replication(bare, copy, who), "Versioning must be 'Enabled'"),
        (replication(source, bare, who), "Destination bucket must have versioning"),
        (replication(source, copy, role(bench, "other", "ec2.amazonaws.com")), "trusted entity"),
        (
            {
                **replication(source, copy, who),
                "rules": [{"status": "Enabled", "destination": {"bucket": "x"}}],
            },
            "Destination bucket must exist",
        ),
    ):
        region = {"region": THERE} if wrong["bucket"] == bare.id else {}
        with pytest.raises(Refused, match=message):
            bench.make(REPLICATION, **wrong, **region)


def test_settings_are_made_in_the_region_of_their_bucket(bench: Bench) -> None:
    bucket = bench.make("aws:s3/bucket:Bucket", "there", bucket="there", region=THERE)
    with pytest.raises(
        Refused, match="PermanentRedirect: The bucket there is in eu-west-1, not in us-east-1"
    ):
        bench.make(
            "aws:s3/bucketVersioning:BucketVersioning",
            bucket=bucket.id,
            versioningConfiguration={"status": "Enabled"},
        )
    assert bench.diff(bucket, region="us-east-1") == (("region",), ("region",))


def test_keys_are_of_their_region(bench: Bench) -> None:
    key = bench.make("aws:kms/key:Key", "there", region=THERE, tags=TAGS)
    alias = bench.make("aws:kms/alias:Alias", "there", name="alias/there", targetKeyId=key.id, region=THERE)
    assert key["arn"].startswith(f"arn:aws:kms:{THERE}:")
    assert alias["targetKeyArn"] == key["arn"]
    with pytest.raises(Refused, match="NotFoundException"):
        bench.make("aws:kms/alias:Alias", "here", name="alias/here", targetKeyId=key.id)


def test_a_lock_stays_on_its_bucket(bench: Bench) -> None:
    bare = bench.make("aws:s3/bucket:Bucket", "bare", bucket="bare")
    type_ = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
    retention = {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}
    with pytest.raises(Refused, match="InvalidBucketState"):
        bench.make(type_, bucket=bare.id, rule=retention)
    bucket, versions = versioned(bench, "models")
    lock = bench.make(type_, bucket=bucket.id, rule=retention)
    lock = bench.change(lock, rule={"defaultRetention": {"mode": "GOVERNANCE", "days": 60}})
    bench.drop(lock)
    with pytest.raises(Refused, match="InvalidBucketState: An Object Lock"):
        bench.session.delete(urn(versions.type, "it"), versions.type, versions.id, versions.state, 0)


def key(bench: Bench) -> Made:
    return bench.make("aws:kms/key:Key", "registry", tags=TAGS)


def test_repositories(bench: Bench) -> None:
    type_ = "aws:ecr/repository:Repository"
    encryption = {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": key(bench)["arn"]}]}
    made = bench.make(
        type_,
        name="mlcluster/dev/base",
        imageTagMutability="IMMUTABLE",
        forceDelete=True,
        tags=TAGS,
        **encryption,
    )
    assert made["repositoryUrl"] == f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/mlcluster/dev/base"
    made = bench.change(
        made,
        imageScanningConfiguration={"scanOnPush": True},
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filter": "cache-*", "filterType": "WILDCARD"}],
        tags={"Name": "new"},
    )
    assert bench.diff(made, name="other")[1] == ("name",)
    assert bench.diff(made, encryptionConfigurations=[{"encryptionType": "AES256"}])[1] == (
        "encryptionConfigurations",
    )
    missing = [{"encryptionType": "KMS", "kmsKey": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/none"}]
    with pytest.raises(Refused, match="KmsException"):
        bench.make(type_, "two", name="two", encryptionConfigurations=missing)
    with pytest.raises(Refused, match="RepositoryAlreadyExistsException"):
        bench.make(type_, "again", name="mlcluster/dev/base")
    bench.drop(made)


def test_a_repository_with_images_goes_only_by_force(bench: Bench) -> None:
    type_ = "aws:ecr/repository:Repository"
    made = bench.make(type_, name="full")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}
    image = {"repositoryName": "full", "imageManifest": json.dumps(manifest), "imageTag": "1"}
    bench.package.cloud(ACCOUNT).call("ecr", "us-east-1", "put_image", image)
    with pytest.raises(Refused, match="RepositoryNotEmptyException"):
        bench.drop(made)
    bench.drop(bench.change(made, forceDelete=True))


def test_what_a_repository_keeps_and_who_pulls(bench: Bench) -> None:
    repository = bench.make("aws:ecr/repository:Repository", name="base")
    selection = {"tagStatus": "any", "countNumber": 14, **DAY}
    rules = [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    documents = {
        "aws:ecr/lifecyclePolicy:LifecyclePolicy": {"rules": rules},
        "aws:ecr/repositoryPolicy:RepositoryPolicy": {"Version": "2012-10-17", "Statement": [statement]},
    }
    for type_, document in documents.items():
        made = bench.make(type_, repository=repository.id, policy=json.dumps(document))
        changed = json.dumps(document).replace("14", "7").replace('"Pull"', '"All"')
        made = bench.change(made, policy=changed)
        bench.drop(made)
        with pytest.raises(Refused, match="RepositoryNotFoundException"):
            bench.make(type_, "none", repository="none", policy=json.dumps(document))


def template(bench: Bench, **more: Any) -> Made:
    given = {
        "prefix": "dev/quay",
        "appliedFors": ["PULL_THROUGH_CACHE"],
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": key(bench)["arn"]}],
        "resourceTags": TAGS,
        "lifecyclePolicy": json.dumps({"rules": []}),
        **more,
    }
    return bench.make("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", **given)


def test_templates(bench: Bench) -> None:
    maker = role(bench, "maker", "ecr.amazonaws.com")["arn"]
    made = template(bench, customRoleArn=maker)
    with pytest.raises(Refused, match="TemplateAlreadyExistsException"):
        template(bench, customRoleArn=maker)
    assert [item.type for item in bench.package.inventory() if item.service == "ecr"] == [
        "repository-creation-template"
    ]
    made = bench.change(made, description="what for", resourceTags={"Name": "new"})
    assert bench.diff(made, prefix="dev/other")[1] == ("prefix",)
    bench.drop(made)


@pytest.mark.parametrize("wrong", [{"customRoleArn": None}, {"customRoleArn": "arn:aws:iam::1:role/none"}])
def test_a_template_with_a_key_needs_a_role_for_ecr(bench: Bench, wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="role"):
        template(bench, **wrong)


def rule(bench: Bench, name: str = "it", **more: Any) -> Made:
    given = {"ecrRepositoryPrefix": "dev/quay", "upstreamRegistryUrl": "quay.io", **more}
    return bench.make("aws:ecr/pullThroughCacheRule:PullThroughCacheRule", name, **given)


def test_caches(bench: Bench) -> None:
    made = rule(bench)
    with pytest.raises(Refused, match="PullThroughCacheRuleAlreadyExistsException"):
        rule(bench, "again")
    assert bench.diff(made, upstreamRegistryUrl="registry.k8s.io")[1] == ("upstreamRegistryUrl",)
    bench.drop(made)


def test_some_upstreams_want_credentials_from_the_same_place(bench: Bench) -> None:
    hub = {"ecrRepositoryPrefix": "dev/docker-hub", "upstreamRegistryUrl": "registry-1.docker.io"}
    secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:ecr-pullthroughcache/hub-AbCdEf"
    with pytest.raises(Refused, match="requires credentials"):
        rule(bench, **hub)
    with pytest.raises(Refused, match="SecretNotFoundException"):
        rule(bench, **hub, credentialArn=secret.replace("us-east-1", THERE))
    made = rule(bench, **hub, credentialArn=secret)
    bench.drop(bench.change(made, credentialArn=f"{secret}2"))


def test_databases(bench: Bench) -> None:
    type_ = "aws:glue/catalogDatabase:CatalogDatabase"
    made = bench.make(type_, name="mlcluster_dev", locationUri="s3://lake-curated/tables/", tags=TAGS)
    assert made.id == f"{ACCOUNT}:mlcluster_dev"
    assert made["arn"] == f"arn:aws:glue:us-east-1:{ACCOUNT}:database/mlcluster_dev"
    assert [item.type for item in bench.package.inventory()] == ["database"]
    made = bench.change(made, description="tables", tags={"Name": "new"})
    assert bench.diff(made, name="other")[1] == ("name",)
    with pytest.raises(Refused, match="AlreadyExists"):
        bench.make(type_, "again", name="mlcluster_dev")
    bench.drop(made)


def test_what_is_kept_survives_the_twins_stopping(bench: Bench, tmp_path: Path) -> None:
    maker = role(bench, "maker", "ecr.amazonaws.com")["arn"]
    made = [rule(bench), template(bench, customRoleArn=maker)]
    made.append(bench.make("aws:ecr/repository:Repository", name="base", tags=TAGS))
    made.append(bench.make("aws:glue/catalogDatabase:CatalogDatabase", name="mlcluster_dev", tags=TAGS))
    before = bench.package.inventory()
    bench.package.save()
    bench.package.close()
    again = AwsPackage(tmp_path)
    session = again.session()
    session.configure({"region": "us-east-1", "allowedAccountIds": f'["{ACCOUNT}"]'})
    assert again.inventory() == before
    for one in made:
        assert session.read(one.type, one.id, one.inputs, one.state) == (one.inputs, one.state)
    again.close()
