"""Policies of a network: who may use its endpoints, and who may write its logs."""

from __future__ import annotations

from infra import iam
from infra.places import Place


def perimeter(place: Place, service: str) -> str:
    """The policy of an endpoint in a network without internet: only identities of the account pass.

    So nobody carries data out with keys of an account of their own. What is fetched without an identity of
    the account is named: layers of images, which ECR keeps in a bucket of AWS', and packages of the nodes'
    operating system. https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html and
    https://docs.aws.amazon.com/linux/al2023/ug/ec2-naming-and-versioning.html
    """
    ours: iam.Statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": place.account}},
    }
    buckets = (f"prod-{place.region}-starport-layer-bucket", f"al2023-repos-{place.region}-de612dc2")
    anybody: iam.Statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": [f"{place.bucket(bucket)}/*" for bucket in buckets],
    }
    return iam.document(ours, anybody) if service == "s3" else iam.document(ours)


def flow_logs_key(place: Place, log_group: str) -> str:
    """The policy of the key of flow logs: for CloudWatch Logs and one log group, and for deliveries to S3.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html and
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-cmk-policy.html
    """
    return iam.account_key(
        place.root(),
        iam.key_for_logs(place, log_group),
        {
            "Effect": "Allow",
            "Principal": {"Service": "delivery.logs.amazonaws.com"},
            "Action": list(iam.USE_KEY),
            "Resource": "*",
            "Condition": _of_us(place),
        },
    )


def flow_logs_trust(place: Place) -> str:
    """Who may assume the role of flow logs: the service, for flow logs of this account and region.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    return iam.document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": place.account},
                "ArnLike": {"aws:SourceArn": place.arn("ec2", "vpc-flow-log/*")},
            },
        }
    )


def flow_logs_writer(place: Place, log_group: str) -> str:
    """What the role of flow logs may do: write to one log group."""
    group = place.arn("logs", f"log-group:{log_group}")
    return iam.document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [group, f"{group}:*"],
        },
        {
            "Effect": "Allow",
            "Action": "logs:DescribeLogGroups",
            "Resource": place.arn("logs", "log-group:*"),
        },
    )


def flow_logs_bucket(place: Place, bucket: str) -> str:
    """The policy of a bucket of flow logs: the delivery service writes them, nothing travels in clear.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
    """
    arn, delivery = place.bucket(bucket), {"Service": "delivery.logs.amazonaws.com"}
    return iam.document(
        {
            "Effect": "Allow",
            "Principal": delivery,
            "Action": "s3:PutObject",
            "Resource": f"{arn}/AWSLogs/{place.account}/*",
            "Condition": {
                **_of_us(place),
                "StringEquals": {
                    "aws:SourceAccount": place.account,
                    "s3:x-amz-acl": "bucket-owner-full-control",
                },
            },
        },
        {
            "Effect": "Allow",
            "Principal": delivery,
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": arn,
            "Condition": _of_us(place),
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def _of_us(place: Place) -> dict[str, dict[str, str]]:
    """Deliveries for this account and region: no other account can have the service write for it."""
    return {
        "StringEquals": {"aws:SourceAccount": place.account},
        "ArnLike": {"aws:SourceArn": place.arn("logs", "*")},
    }
