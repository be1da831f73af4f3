from components.lifecycle.budget import MonthlyBudget, MonthlyBudgetArgs
from infra.environment.budget import Budget
from tests.components.support import SCOPE, record_component


def test_people_hear_before_and_when_the_money_is_gone() -> None:
    section = Budget.model_validate({"monthly": 1500, "notify": ["one@example.com", "two@example.com"]})
    args = MonthlyBudgetArgs(scope=SCOPE, budget=section)
    budget = record_component(lambda opts: MonthlyBudget("budget", args, opts)).inputs("Budget")
    assert (budget["limitAmount"], budget["limitUnit"]) == ("1500.00", "USD")
    assert (budget["budgetType"], budget["timeUnit"]) == ("COST", "MONTHLY")
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:mlcluster:environment$test"]}]
    assert [(one["notificationType"], one["threshold"]) for one in budget["notifications"]] == [
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    ]
    for one in budget["notifications"]:
        assert one["subscriberEmailAddresses"] == ["one@example.com", "two@example.com"]
        assert (one["comparisonOperator"], one["thresholdType"]) == ("GREATER_THAN", "PERCENTAGE")
