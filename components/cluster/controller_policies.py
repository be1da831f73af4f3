"""What the controllers of load balancers and of names may do at AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from infra import iam
from infra.iam import Statement
from infra.places import Place

CLUSTER_TAG: Final = "elbv2.k8s.aws/cluster"
"""The tag that the load balancer controller puts on all it makes, with the cluster's name:
https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/deploy/configurations/"""

_LOOK: Final = (
    "DescribeAccountAttributes",
    "DescribeAddresses",
    "DescribeAvailabilityZones",
    "DescribeInstances",
    "DescribeInternetGateways",
    "DescribeIpamPools",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTags",
    "DescribeVpcPeeringConnections",
    "DescribeVpcs",
)
_OWN: Final = (
    "DeleteLoadBalancer",
    "DeleteTargetGroup",
    "ModifyCapacityReservation",
    "ModifyIpPools",
    "ModifyListenerAttributes",
    "ModifyLoadBalancerAttributes",
    "ModifyTargetGroup",
    "ModifyTargetGroupAttributes",
    "SetIpAddressType",
    "SetSecurityGroups",
    "SetSubnets",
)
_LISTENERS: Final = (
    "AddListenerCertificates",
    "CreateListener",
    "CreateRule",
    "DeleteListener",
    "DeleteRule",
    "ModifyListener",
    "ModifyRule",
    "RemoveListenerCertificates",
    "SetRulePriorities",
)
"""Each is told by the ARN of a load balancer, a listener or a rule:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html"""


def load_balancers(place: Place, cluster: str) -> str:
    """What the AWS Load Balancer Controller of one cluster may do.

    Its project's own policy of v3.5.0, narrower: where that asks for any cluster's tag, this asks for this
    cluster's, and what can be told by a region and an account is. Left out is what belongs to Outposts, the
    classic WAF and Cognito, and what changes protection by Shield and WAF, none of which this product uses:
    https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/install/iam_policy.json

    Listeners, rules and targets are not told by tag there, nor here: they follow their load balancer.

    Args:
        place: Where the cluster is.
        cluster: Its physical name, which the controller has to be told too (`clusterName` of its chart).
    """
    made, asked = _tagged("aws:ResourceTag", cluster), _tagged("aws:RequestTag", cluster)
    balancers = [_balancing(place, kind) for kind in ("loadbalancer/app/*/*", "loadbalancer/net/*/*")]
    targets = _balancing(place, "targetgroup/*/*")
    listeners = [
        _balancing(place, f"{kind}/{family}/*")
        for kind in ("listener", "listener-rule")
        for family in ("app", "net")
    ]
    tags = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"]
    return iam.document(
        *_security_groups(place, made, asked),
        _allow(["elasticloadbalancing:Describe*", *(f"ec2:{name}" for name in _LOOK)]),
        _allow(["ec2:GetSecurityGroupsForVpc"], on=[_networks(place)]),
        *_guards(place, balancers),
        _allow(
            ["iam:CreateServiceLinkedRole"],
            where={"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        _allow(
            ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
            where={"StringEquals": asked},
        ),
        # A tag is put on in the call that creates; one of another cluster cannot be taken over.
        _allow(
            ["elasticloadbalancing:AddTags"],
            on=[*balancers, targets],
            where={
                "StringEquals": {
                    "elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"],
                    **asked,
                }
            },
        ),
        _allow(
            tags,
            on=[*balancers, targets],
            where={"StringEquals": made, "Null": {f"aws:RequestTag/{CLUSTER_TAG}": "true"}},
        ),
        _allow(tags, on=listeners),
        _allow([f"elasticloadbalancing:{name}" for name in _OWN], where={"StringEquals": made}),
        _allow([f"elasticloadbalancing:{name}" for name in _LISTENERS], on=[*balancers, *listeners]),
        _allow(
            ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"], on=[targets]
        ),
    )


def _security_groups(place: Place, made: Mapping[str, str], asked: Mapping[str, str]) -> list[Statement]:
    """Groups of its own, and rules in any: the way from load balancers to nodes is in the cluster's group."""
    group, rule = (place.arn("ec2", f"{kind}/*") for kind in ("security-group", "security-group-rule"))
    return [
        _allow(["ec2:CreateSecurityGroup"], on=[group, _networks(place)]),
        _allow(
            ["ec2:CreateTags"],
            on=[group],
            where={"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup", **asked}},
        ),
        _allow(
            ["ec2:CreateTags", "ec2:DeleteTags"],
            on=[group],
            where={"StringEquals": made, "Null": {f"aws:RequestTag/{CLUSTER_TAG}": "true"}},
        ),
        _allow(["ec2:DeleteSecurityGroup"], on=[group], where={"StringEquals": made}),
        _allow(["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"], on=[group, rule]),
    ]


def _guards(place: Place, balancers: Sequence[str]) -> list[Statement]:
    """Seeing what guards listeners: certificates, and firewalls, which the controller asks for of each ALB.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """
    own = f"arn:{place.partition}:{{}}::{place.account}:{{}}/*"
    return [
        _allow(["acm:ListCertificates", "iam:ListServerCertificates", "shield:GetSubscriptionState"]),
        _allow(["acm:DescribeCertificate"], on=[place.arn("acm", "certificate/*")]),
        _allow(["iam:GetServerCertificate"], on=[own.format("iam", "server-certificate")]),
        _allow(["shield:DescribeProtection"], on=[own.format("shield", "protection")]),
        _allow(
            ["wafv2:GetWebACL", "wafv2:GetWebACLForResource"],
            on=[place.arn("wafv2", "regional/webacl/*/*"), *balancers],
        ),
    ]


def names(place: Place, zones: Sequence[str], base: str | None = None) -> str:
    """What external-dns may do: see which zones there are, and write records in the given ones only.

    https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#iam-policy and
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html

    Args:
        place: Where the cluster is; Route 53 itself is nowhere.
        zones: Ids of hosted zones.
        base: The domain below which it may write any; None: all names of the zones.
    """
    where = [f"arn:{place.partition}:route53:::hostedzone/{zone}" for zone in zones]
    names = {"route53:ChangeResourceRecordSetsNormalizedRecordNames": [f"*.{base}"]}
    return iam.document(
        _allow(["route53:ListHostedZones"]),
        _allow(
            ["route53:ChangeResourceRecordSets"],
            on=where,
            where=None if base is None else {"ForAllValues:StringLike": names},
        ),
        _allow(["route53:ListResourceRecordSets", "route53:ListTagsForResources"], on=where),
    )


def _networks(place: Place) -> str:
    """Networks of the region: one that another account shares with this one is that account's."""
    return f"arn:{place.partition}:ec2:{place.region}:*:vpc/*"


def _balancing(place: Place, resource: str) -> str:
    return place.arn("elasticloadbalancing", resource)


def _tagged(key: str, cluster: str) -> dict[str, str]:
    return {f"{key}/{CLUSTER_TAG}": cluster}


def _allow(
    actions: Sequence[str],
    on: Sequence[str] = ("*",),
    where: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    condition = {} if where is None else {"Condition": where}
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(on), **condition}
