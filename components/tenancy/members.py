"""People of teams who enter a cluster by IAM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.tenancy.manifests import iam_group
from infra import naming
from infra.environment.teams import Team
from infra.handles import ClusterHandle
from infra.labels import Scope


@dataclass(frozen=True, kw_only=True)
class MembersArgs:
    """Whose people, and of which cluster."""

    scope: Scope
    cluster: ClusterHandle
    teams: Mapping[str, Team]


class Members(pulumi.ComponentResource):
    """An access entry for each IAM role and user that is a member of a team.

    EKS takes one entry for each of them, so those of all teams are made here. An entry gives no rights by
    itself: it puts whoever enters into the groups that the teams' own role bindings name.
    """

    def __init__(self, name: str, args: MembersArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:tenancy:Members", name, {}, opts)
        for arn, groups in entries(args.teams).items():
            aws.eks.AccessEntry(
                f"{name}-{naming.principal(arn)}",
                cluster_name=args.cluster.id,
                principal_arn=arn,
                type="STANDARD",
                kubernetes_groups=list(groups),
                tags=args.scope.tags("team"),
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def entries(teams: Mapping[str, Team]) -> dict[str, tuple[str, ...]]:
    """The Kubernetes groups of everybody who enters by IAM, by ARN: nobody of a team that is leaving."""
    groups: dict[str, list[str]] = {}
    for name, team in teams.items():
        for arn in () if team.offboard else team.principals:
            groups.setdefault(arn, []).append(iam_group(name))
    return {arn: tuple(names) for arn, names in groups.items()}
