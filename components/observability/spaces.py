"""What all that watches is part of."""

from __future__ import annotations

from typing import Final

COMPONENT: Final = "observability"
"""The component that all of it is part of, for tags and labels."""
