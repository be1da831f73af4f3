"""Every environment of ours keeps to every guardrail."""

import pytest

from infra.policies import judge
from tests.stacks.golden import recorded
from tests.stacks.test_golden import ENVIRONMENTS


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_guardrails_hold(name: str) -> None:
    assert [str(one) for one in judge(recorded(name).resources)] == []
