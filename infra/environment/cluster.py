"""The Kubernetes control plane."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated

from pydantic import AfterValidator, Field

from infra.environment.existing import Nodes
from infra.environment.fields import (
    Cidr,
    Context,
    Days,
    Different,
    Flag,
    Form,
    KubernetesVersion,
    PoolName,
    Principal,
)
from infra.environment.oidc import Oidc
from infra.environment.section import Section
from infra.problems import Wrong
from infra.units import Duration

LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that CloudWatch Logs offers:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


HostedZone = Annotated[
    str,
    Form(
        pattern="Z[A-Z0-9]+",
        wrong="is not the id of a hosted zone",
        hint="write what Route 53 shows, such as Z0123456789ABCDEFGHIJ",
        example="Z0123456789ABCDEFGHIJ",
        longest=32,
    ),
]


def _offered(value: Duration) -> Duration:
    if value.days not in LOG_RETENTION_DAYS:
        nearest = min(LOG_RETENTION_DAYS, key=lambda days: abs(days - value.days))
        raise Wrong("is not a retention that CloudWatch Logs offers", f"write {nearest}d")
    return value


def _closed(cidr: IPv4Network) -> IPv4Network:
    if cidr.prefixlen == 0:
        raise Wrong("opens the API to the whole internet", "write the ranges that your people come from")
    return cidr


def _apart(cidrs: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
    for one, other in combinations(cidrs, 2):
        if one.overlaps(other):
            larger, smaller = sorted((one, other), key=lambda cidr: cidr.prefixlen)
            raise Wrong(f"has {smaller}, which overlaps {larger}", f"leave out {smaller}")
    return cidrs


class Cluster(Section):
    """The control plane: EKS on platform `aws`; an existing cluster on platform `kubernetes`."""

    version: KubernetesVersion | None = None
    """Kubernetes version, in quotes. Required on platform `aws`; an existing cluster has its own. It can be
    raised by one minor version at a time, and never lowered."""
    api_access: Annotated[
        tuple[Annotated[Cidr, AfterValidator(_closed)], ...], Field(max_length=40), AfterValidator(_apart)
    ] = ()
    """Ranges from which the API may be reached over the internet, at most 40. Empty: it cannot, and is
    reached from within the VPC and what is connected to it, as always."""
    admins: Annotated[tuple[Principal, ...], Different] = ()
    """ARNs of the IAM roles and users that administrate the cluster; whoever runs `up` has to be among them.
    Default: the one that creates it."""
    log_retention: Annotated[Days, AfterValidator(_offered)] = Duration("90d")
    """How long CloudWatch keeps the control plane's logs: a number of days that it offers."""
    oidc: Oidc | None = None
    """The identity provider of the people in `teams`, besides IAM. Default: people enter by IAM alone."""
    hosted_zones: Annotated[tuple[HostedZone, ...], Different] = ()
    """Ids of the Route 53 zones that external-dns may write records in. Default: it may not write any."""
    zonal_shift: Flag = True
    """Whether traffic and new pods can be moved out of a zone that is in trouble, by whoever starts a zonal
    shift at AWS. It costs nothing and does nothing by itself."""
    context: Context | None = None
    """Context in the kubeconfig that leads to the existing cluster. Required on, and only for, platform
    `kubernetes`."""
    nodes: Mapping[PoolName, Nodes] = {}
    """What the existing cluster has for teams, by a name of your choice; their quotas are held against it.
    Only for platform `kubernetes`. Default: it is not known, and any quota will do."""
