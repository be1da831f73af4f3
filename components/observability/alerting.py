"""Alertmanager's configuration: who is told of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from infra.environment.alerts import Alerts, Receiver, Slack

_MOUNTED: Final = "/etc/alertmanager/secrets"
"""Where the operator mounts Secrets: https://prometheus-operator.dev/docs/api-reference/api/#alertmanagerspec"""
_NOBODY: Final = "null"

_SLACK_TEXT: Final = (
    "{{ range .Alerts }}*{{ .Labels.severity }}* {{ .Annotations.summary }}: {{ .Annotations.runbook_url }}\n"
    "{{ end }}"
)


def config(alerts: Alerts | None) -> dict[str, Any]:
    """The configuration, over which the chart's own inhibitions stay.

    Receivers read what they need from files, so no value is in the configuration, in Helm's values or in a
    state. https://prometheus.io/docs/alerting/latest/configuration/
    """
    chosen = _NOBODY if alerts is None else alerts.default
    routes = [
        # Watchdog always fires, so that its absence would tell; InfoInhibitor is only for inhibitions.
        {"receiver": _NOBODY, "matchers": ['alertname =~ "Watchdog|InfoInhibitor"']},
        *({"receiver": name, "matchers": [f'team = "{team}"']} for team, name in _teams(alerts).items()),
    ]
    return {
        "route": {
            "receiver": chosen,
            "group_by": ["alertname", "namespace", "team"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "12h",
            "routes": routes,
        },
        "receivers": [{"name": _NOBODY}, *_receivers(alerts)],
    }


def mounted(alerts: Alerts | None) -> list[str]:
    """Names of the Secrets that Alertmanager's pods mount."""
    return [] if alerts is None else [secret_name(name) for name in alerts.secrets()]


def secret_name(name: str) -> str:
    """The Secret in the cluster that has a receiver's secret: the name that the file has."""
    return name


def keys(alerts: Alerts) -> dict[str, dict[str, str]]:
    """By secret, the keys of it that receivers need, each under its own name."""
    wanted: dict[str, dict[str, str]] = {name: {} for name in alerts.secrets()}
    for receiver in alerts.receivers.values():
        _, ref = receiver.way
        wanted[ref.secret][ref.key] = ref.key
    return wanted


def _teams(alerts: Alerts | None) -> Mapping[str, str]:
    return {} if alerts is None else alerts.teams


def _receivers(alerts: Alerts | None) -> list[dict[str, Any]]:
    return [] if alerts is None else [_receiver(name, one) for name, one in alerts.receivers.items()]


def _receiver(name: str, receiver: Receiver) -> dict[str, Any]:
    way, ref = receiver.way
    file = f"{_MOUNTED}/{secret_name(ref.secret)}/{ref.key}"
    return {"name": name, f"{way}_configs": [_WAYS[way](file, ref)]}


def _slack(file: str, slack: Any) -> dict[str, Any]:
    channel = slack.channel if isinstance(slack, Slack) else None
    return {"api_url_file": file, "channel": channel, "send_resolved": True, "text": _SLACK_TEXT}


def _pagerduty(file: str, _: Any) -> dict[str, Any]:
    links = [{"href": "{{ .CommonAnnotations.runbook_url }}", "text": "what to do"}]
    return {"routing_key_file": file, "send_resolved": True, "links": links}


def _webhook(file: str, _: Any) -> dict[str, Any]:
    return {"url_file": file, "send_resolved": True}


_WAYS: Final[Mapping[str, Callable[[str, Any], dict[str, Any]]]] = {
    "slack": _slack,
    "pagerduty": _pagerduty,
    "webhook": _webhook,
}
