"""What Karpenter's controller may do at AWS, and who may send to its queue.

The rights are those of Karpenter v1.14's reference
(https://karpenter.sh/v1.14/reference/cloudformation/), without the ones to make and delete instance profiles:
nodes have one of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from infra import iam
from infra.iam import Statement
from infra.places import Place

INLINE_LIMIT: Final = 10_240
"""Characters, blanks not counted, that a role's own policies may have together:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

_LAUNCHED: Final = ("fleet", "instance", "volume", "network-interface", "launch-template")
_WITH_SPOT: Final = (*_LAUNCHED, "spot-instances-request")
"""What comes into being when Karpenter launches an instance."""
_TAGS_LATER: Final = ("eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name")
"""Tags that an instance gets once its node is known."""

_LOOKED_UP: Final = (
    "CapacityReservations",
    "Images",
    "Instances",
    "InstanceStatus",
    "InstanceTypeOfferings",
    "InstanceTypes",
    "LaunchTemplates",
    "PlacementGroups",
    "SecurityGroups",
    "SpotPriceHistory",
    "Subnets",
)


def controller(
    *, place: Place, cluster: str, node_role: str, profile: str, queue: str, zonal_shift: bool
) -> str:
    """The policy of the controller: what it launches is the cluster's by its tags, and only that goes.

    Args:
        place: Where the cluster is.
        cluster: Its name.
        node_role: ARN of the nodes' role.
        profile: ARN of the instance profile that lends it to them.
        queue: ARN of the queue of interruptions.
        zonal_shift: Whether Karpenter heeds shifts away from a zone.
    """
    return iam.document(
        *_launching(place, cluster),
        *_changing(place, cluster),
        *_looking(place, cluster, profile),
        {
            "Sid": "LendTheNodesRole",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": node_role,
            "Condition": {"StringEquals": {"iam:PassedToService": f"ec2.{place.dns_suffix}"}},
        },
        {
            "Sid": "HearOfInterruptions",
            "Effect": "Allow",
            "Action": ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            "Resource": queue,
        },
        *([_shifts(place, cluster)] if zonal_shift else []),
    )


def _ec2(place: Place, kinds: Sequence[str], owner: str = "*") -> list[str]:
    """All things of some kinds in the region; shared ones belong to other accounts, images to none."""
    return [f"arn:{place.partition}:ec2:{place.region}:{owner}:{kind}/*" for kind in kinds]


def _asked_for(cluster: str) -> dict[str, Any]:
    """Conditions of a request that tags what it makes as the cluster's."""
    return {
        "StringEquals": {
            f"aws:RequestTag/kubernetes.io/cluster/{cluster}": "owned",
            "aws:RequestTag/eks:eks-cluster-name": cluster,
        },
        "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"},
    }


def _made(cluster: str) -> dict[str, Any]:
    """Conditions of a request about something that Karpenter made for the cluster."""
    return {
        "StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{cluster}": "owned"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }


def _launching(place: Place, cluster: str) -> Iterator[Statement]:
    launch = ["ec2:RunInstances", "ec2:CreateFleet"]
    given = _ec2(place, ("security-group", "subnet", "capacity-reservation", "placement-group"))
    yield {
        "Sid": "LaunchFromWhatIsThere",
        "Effect": "Allow",
        "Action": launch,
        "Resource": [*_ec2(place, ("image", "snapshot"), owner=""), *given],
    }
    yield {
        "Sid": "LaunchFromOwnTemplates",
        "Effect": "Allow",
        "Action": launch,
        "Resource": _ec2(place, ("launch-template",)),
        "Condition": _made(cluster),
    }
    yield {
        "Sid": "LaunchWithTags",
        "Effect": "Allow",
        "Action": [*launch, "ec2:CreateLaunchTemplate"],
        "Resource": _ec2(place, _WITH_SPOT),
        "Condition": _asked_for(cluster),
    }
    tagging = _asked_for(cluster)
    tagging["StringEquals"]["ec2:CreateAction"] = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]
    yield {
        "Sid": "TagAtLaunch",
        "Effect": "Allow",
        "Action": "ec2:CreateTags",
        "Resource": _ec2(place, _WITH_SPOT),
        "Condition": tagging,
    }


def _changing(place: Place, cluster: str) -> Iterator[Statement]:
    yield {
        "Sid": "TagOwnInstances",
        "Effect": "Allow",
        "Action": "ec2:CreateTags",
        "Resource": _ec2(place, ("instance",)),
        "Condition": {
            **_made(cluster),
            "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster},
            "ForAllValues:StringEquals": {"aws:TagKeys": list(_TAGS_LATER)},
        },
    }
    yield {
        "Sid": "DeleteOwn",
        "Effect": "Allow",
        "Action": ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
        "Resource": _ec2(place, ("instance", "launch-template")),
        "Condition": _made(cluster),
    }


def _looking(place: Place, cluster: str, profile: str) -> Iterator[Statement]:
    yield {
        "Sid": "SeeWhatIsThere",
        "Effect": "Allow",
        "Action": [f"ec2:Describe{name}" for name in _LOOKED_UP],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestedRegion": place.region}},
    }
    yield {
        "Sid": "FindImages",
        "Effect": "Allow",
        "Action": "ssm:GetParameter",
        "Resource": f"arn:{place.partition}:ssm:{place.region}::parameter/aws/service/*",
    }
    yield {
        "Sid": "SeePricesAndProfiles",
        "Effect": "Allow",
        "Action": ["pricing:GetProducts", "iam:ListInstanceProfiles"],
        "Resource": "*",
    }
    yield {
        "Sid": "SeeTheProfile",
        "Effect": "Allow",
        "Action": "iam:GetInstanceProfile",
        "Resource": profile,
    }
    yield {
        "Sid": "SeeTheCluster",
        "Effect": "Allow",
        "Action": "eks:DescribeCluster",
        "Resource": place.arn("eks", f"cluster/{cluster}"),
    }


def _shifts(place: Place, cluster: str) -> Statement:
    arn = place.arn("eks", f"cluster/{cluster}")
    return {
        "Sid": "SeeZonalShifts",
        "Effect": "Allow",
        "Action": "arc-zonal-shift:GetManagedResource",
        "Resource": "*",
        "Condition": {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": arn}},
    }


def queue(arn: str, rules: Sequence[str]) -> str:
    """The policy of the queue: only EventBridge sends to it, for these rules, and nobody without TLS.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions

    Args:
        arn: The queue's ARN.
        rules: ARNs of the rules.
    """
    return iam.document(
        {
            "Sid": "Events",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": list(rules)}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
