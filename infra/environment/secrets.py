"""Secrets that people and programs keep, and passwords that nobody needs to know."""

from __future__ import annotations

from typing import Annotated

from infra.environment.fields import Within
from infra.environment.section import Section
from infra.units import Duration


class Secrets(Section):
    """external-secrets, which makes Kubernetes Secrets of what is in AWS Secrets Manager.

    A team's namespaces have a SecretStore `team` for what is below `mlcluster/<environment>/teams/<team>/`,
    and for nothing else. Passwords of services are made in the cluster: they are in no plan, log or state. On
    platform `kubernetes` there are only these.
    """

    refresh: Annotated[Duration, Within(Duration("1m"))] = Duration("1h")
    """How often the platform's own secrets are read again, such as the one of `domain.login`. At least `1m`:
    Secrets Manager asks for a price by the call. Teams' secrets have their own (`refreshInterval`)."""
