"""Logs of a network's traffic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.network import policies
from components.network.routing import tags
from infra import naming
from infra.environment.network.flow_logs import FlowLogs
from infra.labels import Scope
from infra.places import Place

_KEY_DELETION_DAYS: Final = 7
"""The least that KMS allows: the logs go with the environment, and nothing else needs the key."""

_SECONDS: Final = {"1m": 60, "10m": 600}
_PARQUET: Final = {"file_format": "parquet", "per_hour_partition": True}
"""A fifth of the size of text, and read by Athena without looking at the rest:
https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3.html"""


@dataclass(frozen=True, kw_only=True)
class TrafficLogsArgs:
    """What flow logs need."""

    scope: Scope
    place: Place
    vpc_id: pulumi.Output[str]
    logs: FlowLogs


class TrafficLogs(pulumi.ComponentResource):
    """Flow logs of a VPC, to a log group or to a bucket, encrypted with a key of their own.

    They are the environment's, and are deleted with it; whoever has to keep them longer has them copied.
    """

    def __init__(self, name: str, args: TrafficLogsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:network:TrafficLogs", name, {}, opts)
        self._name, self._args = name, args
        self._group = f"/mlcluster/{naming.physical(args.scope.environment)}/flow-logs"
        key = self._key()
        to = self._to_log_group(key) if args.logs.to == "logs" else self._to_bucket(key)
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type=args.logs.traffic.upper(),
            max_aggregation_interval=_SECONDS[args.logs.every],
            tags=self._tags(),
            **to,
        )
        self.register_outputs({})

    def _key(self) -> aws.kms.Key:
        key = aws.kms.Key(
            self._name,
            description=f"Flow logs of {self._args.scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=policies.flow_logs_key(self._args.place, self._group),
            tags=self._tags(),
            opts=self._child(),
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(self._args.scope.environment, 'flowlogs')}",
            target_key_id=key.id,
            opts=self._child(),
        )
        return key

    def _to_log_group(self, key: aws.kms.Key) -> dict[str, Any]:
        group = aws.cloudwatch.LogGroup(
            self._name,
            name=self._group,
            retention_in_days=self._args.logs.retention.days,
            kms_key_id=key.arn,
            tags=self._tags(),
            opts=self._child(),
        )
        role = aws.iam.Role(
            self._name,
            name=naming.physical(self._args.scope.environment, "flowlogs", limit=64),
            description="Flow logs to their log group",
            assume_role_policy=policies.flow_logs_trust(self._args.place),
            tags=self._tags(),
            opts=self._child(),
        )
        writer = aws.iam.RolePolicy(
            self._name,
            name="write-flow-logs",
            role=role.name,
            policy=policies.flow_logs_writer(self._args.place, self._group),
            opts=self._child(),
        )
        return {
            "log_destination_type": "cloud-watch-logs",
            "log_destination": group.arn,
            "iam_role_arn": role.arn,
            "opts": self._child(depends_on=[writer]),
        }

    def _to_bucket(self, key: aws.kms.Key) -> dict[str, Any]:
        place = self._args.place
        name = naming.bucket(place.account, place.region, self._args.scope.environment, "flowlogs")
        bucket = aws.s3.Bucket(
            self._name, bucket=name, force_destroy=True, tags=self._tags(), opts=self._child()
        )
        return {
            "log_destination_type": "s3",
            "log_destination": bucket.arn,
            "destination_options": dict(_PARQUET),
            "opts": self._child(
                depends_on=[*self._close(bucket, name), *self._encrypt_and_expire(bucket, key)]
            ),
        }

    def _close(self, bucket: aws.s3.Bucket, name: str) -> list[pulumi.Resource]:
        """Nobody from outside, no access lists, nothing unencrypted on its way."""
        return [
            aws.s3.BucketPublicAccessBlock(
                self._name,
                bucket=bucket.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=self._child(),
            ),
            aws.s3.BucketOwnershipControls(
                self._name,
                bucket=bucket.id,
                rule={"object_ownership": "BucketOwnerEnforced"},
                opts=self._child(),
            ),
            aws.s3.BucketPolicy(
                self._name,
                bucket=bucket.id,
                policy=policies.flow_logs_bucket(self._args.place, name),
                opts=self._child(),
            ),
        ]

    def _encrypt_and_expire(self, bucket: aws.s3.Bucket, key: aws.kms.Key) -> list[pulumi.Resource]:
        by_default = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}
        encryption = {"apply_server_side_encryption_by_default": by_default, "bucket_key_enabled": True}
        rule = {
            "id": "expire",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": self._args.logs.retention.days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
        }
        return [
            aws.s3.BucketServerSideEncryptionConfiguration(
                self._name, bucket=bucket.id, rules=[encryption], opts=self._child()
            ),
            aws.s3.BucketLifecycleConfiguration(
                self._name, bucket=bucket.id, rules=[rule], opts=self._child()
            ),
        ]

    def _tags(self) -> dict[str, str]:
        return tags(self._args.scope, "flowlogs")

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)
