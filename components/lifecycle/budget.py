"""Who hears when an environment costs too much."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.environment.budget import Budget
from infra.labels import ENVIRONMENT_TAG, Scope

_COMPONENT = "budget"
_WARNINGS = (("ACTUAL", 80.0), ("FORECASTED", 100.0))
"""Percent of the budget: what was spent, and what the month will come to."""


@dataclass(frozen=True, kw_only=True)
class MonthlyBudgetArgs:
    """What a budget needs."""

    scope: Scope
    budget: Budget


class MonthlyBudget(pulumi.ComponentResource):
    """A monthly budget for everything that carries the environment's tag.

    It only sees what AWS counts by tag: the payer account must have activated `mlcluster:environment` as a
    cost allocation tag. https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """

    def __init__(self, name: str, args: MonthlyBudgetArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:lifecycle:MonthlyBudget", name, {}, opts)
        aws.budgets.Budget(
            name,
            name=naming.physical(args.scope.environment, "monthly", limit=100),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{args.budget.monthly:.2f}",
            limit_unit="USD",
            cost_filters=[{"name": "TagKeyValue", "values": [cost_filter(args.scope.environment)]}],
            notifications=[
                {
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "comparison_operator": "GREATER_THAN",
                    "subscriber_email_addresses": list(args.budget.notify),
                }
                for kind, percent in _WARNINGS
            ],
            tags=args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def cost_filter(environment: str) -> str:
    """How AWS Budgets names a tag of ours and its value.

    https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
    """
    return f"user:{ENVIRONMENT_TAG}${environment}"
