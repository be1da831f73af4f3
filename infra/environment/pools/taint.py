"""What keeps pods off nodes."""

from __future__ import annotations

from typing import Literal

from infra.environment.fields import LabelKey, LabelValue
from infra.environment.section import Section

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class Taint(Section):
    """A mark that keeps pods off a node unless they tolerate it."""

    key: LabelKey
    """Key that a toleration names."""
    value: LabelValue = "true"
    """Value that a toleration may name."""
    effect: Effect = "NoSchedule"
    """What happens to pods that do not tolerate it: new ones stay away, or rather so, or running ones leave
    too."""
