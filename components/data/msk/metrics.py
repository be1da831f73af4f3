"""Metrics of MSK's brokers, as Prometheus asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.data.msk import settings


def scrape_configs(endpoints: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """Specifications of ScrapeConfigs by the exporter that they ask.

    https://docs.aws.amazon.com/msk/latest/developerguide/set-up-prometheus.html

    Args:
        endpoints: Host names of the brokers.
    """
    return {
        f"msk-{exporter}": {
            "staticConfigs": [
                {
                    "labels": {"job": f"msk-{exporter}"},
                    "targets": [f"{host}:{port}" for host in sorted(endpoints)],
                }
            ],
            "metricsPath": "/metrics",
            "scrapeInterval": "60s",
        }
        for exporter, port in settings.METRICS_PORTS.items()
    }


def names() -> tuple[str, ...]:
    """Names of the ScrapeConfigs."""
    return tuple(f"msk-{exporter}" for exporter in settings.METRICS_PORTS)


def hosts(bootstrap: str, brokers: int) -> list[str]:
    """Host names of all brokers, of which MSK hands out three at most: they are numbered from 1 on.

    Args:
        bootstrap: Some of them with their ports, with commas between: `b-1.events….amazonaws.com:9098`.
        brokers: How many there are.
    """
    first = bootstrap.partition(",")[0].partition(":")[0]
    number, _, rest = first.partition(".")
    if not number.startswith("b-"):
        return [first]
    return [f"b-{broker}.{rest}" for broker in range(1, brokers + 1)]
