"""Who hears when a team spends too much at AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.labels import ENVIRONMENT_TAG, TEAM_TAG, Scope

_WARNINGS: Final = (("ACTUAL", 80.0), ("ACTUAL", 100.0), ("FORECASTED", 100.0))
"""Percent of the budget: what was spent, and what the month will come to."""
METRIC: Final = "UnblendedCost"
"""https://docs.aws.amazon.com/cost-management/latest/userguide/ce-advanced.html"""


@dataclass(frozen=True, kw_only=True)
class TeamBudgetArgs:
    """Whose budget, and who is told."""

    scope: Scope
    team: str
    monthly: float
    """USD a month."""
    notify: tuple[str, ...]
    """E-mail addresses."""


class TeamBudget(pulumi.ComponentResource):
    """A monthly budget for what carries a team's tag in its environment.

    It only sees what AWS counts by tag, and so neither nodes, which teams share, nor anything before the
    payer account has activated `mlcluster:environment` and `mlcluster:team` as cost allocation tags; that is
    the payer's to do, once, and only after the tags were seen on a bill.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """

    def __init__(self, name: str, args: TeamBudgetArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:tenancy:TeamBudget", name, {}, opts)
        aws.budgets.Budget(
            name,
            name=naming.physical(args.scope.environment, "team", args.team, limit=100),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{args.monthly:.2f}",
            limit_unit="USD",
            metrics=METRIC,
            filter_expression=spent_by(args.scope.environment, args.team),
            notifications=[
                {
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "comparison_operator": "GREATER_THAN",
                    "subscriber_email_addresses": list(args.notify),
                }
                for kind, percent in _WARNINGS
            ],
            tags=args.scope.tags("team", team=args.team),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def spent_by(environment: str, team: str) -> dict[str, Any]:
    """What a team spends in an environment: teams of other environments may have its name.

    https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Expression.html
    """
    tags = ((ENVIRONMENT_TAG, environment), (TEAM_TAG, team))
    return {"ands": [{"tags": {"key": key, "values": [value]}} for key, value in tags]}
