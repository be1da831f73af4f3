"""Who is told when something is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from infra.environment.fields import Form, TeamName
from infra.environment.section import Section
from infra.problems import Wrong, did_you_mean

Way = Literal["slack", "pagerduty", "webhook"]
WAYS: Final[tuple[Way, ...]] = ("slack", "pagerduty", "webhook")
"""How a receiver can be told."""

ReceiverName = Annotated[
    str,
    Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong="is not a name for a receiver",
        hint="write small letters, digits and hyphens, such as oncall",
        example="oncall",
        longest=40,
    ),
]
SecretName = Annotated[
    str,
    Form(
        pattern="[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        wrong="is not the name of a secret",
        hint="write small letters, digits and hyphens, such as slack",
        example="slack",
    ),
]
SecretKey = Annotated[
    str,
    Form(
        pattern="[A-Za-z0-9._-]+",
        wrong="is not a key of a secret",
        hint="write letters, digits, dots, hyphens and underscores, such as url",
        example="url",
        longest=253,
    ),
]


class SecretRef(Section):
    """Where a receiver's URL or key is kept. The value itself never stands in this file."""

    secret: SecretName
    """Name of the secret: with `secrets`, of the one in AWS Secrets Manager below
    `mlcluster/<environment>/platform/`; else of a Secret that is in the namespace `monitoring`."""
    key: SecretKey
    """Its key that holds the value."""


class Slack(SecretRef):
    """A channel of Slack. The secret's value is the URL of an incoming webhook."""

    channel: Annotated[
        str,
        Form(
            pattern="[#@].+",
            wrong="is not a channel of Slack",
            hint='write its name after #, in quotes, such as "#ml-alerts"',
            example="#ml-alerts",
            longest=81,
        ),
    ]
    """The channel, such as `"#ml-alerts"`: in quotes, for YAML takes # for a comment."""


class Receiver(Section):
    """Somebody who is told: by exactly one way."""

    slack: Slack | None = None
    """By a message in Slack."""
    pagerduty: SecretRef | None = None
    """By PagerDuty; the secret's value is the integration key of its Events API v2."""
    webhook: SecretRef | None = None
    """By an HTTP request, as Alertmanager writes it; the secret's value is the URL."""

    @model_validator(mode="after")
    def _one_way(self) -> Receiver:
        given = [way for way in WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            said = "says no way to tell it" if not given else f"says {' and '.join(given)}"
            raise Wrong(said, f"write one of {', '.join(WAYS)}; two ways are two receivers")
        return self

    @property
    def way(self) -> tuple[Way, SecretRef]:
        """How it is told, and where what that takes is kept."""
        return next((way, ref) for way in WAYS if (ref := getattr(self, way)) is not None)


class Alerts(Section):
    """Where alerts go: those of a team to its receiver, all others to the default one."""

    default: ReceiverName
    """The receiver of all alerts that no team has one for."""
    teams: Mapping[TeamName, ReceiverName] = {}
    """Receivers of teams' alerts, by team. Default: a team's alerts go to the default receiver."""
    receivers: Annotated[Mapping[ReceiverName, Receiver], Field(min_length=1)]
    """Who can be told, by name."""

    @model_validator(mode="after")
    def _known_and_used(self) -> Alerts:
        used = {"default": self.default, **{f"teams.{team}": name for team, name in self.teams.items()}}
        for where, name in used.items():
            if name not in self.receivers:
                raise Wrong(f"sends to {name} ({where}), which receivers lacks", _meant(name, self.receivers))
        idle = sorted(set(self.receivers) - set(used.values()))
        if idle:
            raise Wrong(f"never sends to {', '.join(idle)}", "name it in default or teams, or remove it")
        return self

    def secrets(self) -> Iterator[str]:
        """Names of the secrets that its receivers need, each once, sorted."""
        yield from sorted({receiver.way[1].secret for receiver in self.receivers.values()})


def _meant(name: str, known: Mapping[str, Receiver]) -> str:
    return did_you_mean(name, known)
