"""What an environment may cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.environment.fields import Different, Email, Usd
from infra.environment.section import Section


class Budget(Section):
    """A monthly budget at AWS, and who hears when it runs out."""

    monthly: Usd
    """USD a month."""
    notify: Annotated[tuple[Email, ...], Field(min_length=1, max_length=10), Different]
    """E-mail addresses that are told, 1 to 10, which is what AWS Budgets takes."""
