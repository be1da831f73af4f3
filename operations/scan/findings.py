"""What scanners say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CHECKOV: Final = "checkov"
KUBE_SCORE: Final = "kube-score"


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """Something that a scanner holds against a resource."""

    scanner: str
    check: str
    """The check's id, as its scanner calls it."""
    resource: str
    """`<kind>.<namespace>.<name>` of a Kubernetes object, `<type>.<name>` of a resource at AWS."""
    environment: str
    title: str
    """What the check is for, or what is wrong, in the scanner's words."""

    def __str__(self) -> str:
        return f"{self.scanner} {self.check} {self.resource} ({self.environment}): {self.title}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What one scanner says of one environment."""

    scanner: str
    environment: str
    passed: int
    """Checks that held: each check counts once for each resource that it is about."""
    findings: tuple[Finding, ...]

    @property
    def checks(self) -> int:
        """Checks that were run."""
        return self.passed + len(self.findings)
