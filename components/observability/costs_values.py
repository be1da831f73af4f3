"""Values of OpenCost's chart, and the price list that it reckons by."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from components.scheduling import resources
from infra.catalog import prices
from infra.catalog.instances import Shape
from infra.environment.costs import Rates

NAMESPACE: Final = "opencost"
NAME: Final = "opencost"
METRICS: Final = 9003
"""Port of its metrics and of its API."""
PRICE_LIST: Final = "prices"
"""The ConfigMap of the price list."""
FILE: Final = "prices.csv"
_MOUNTED: Final = "/etc/opencost-prices"
_TYPE: Final = "metadata.labels.node.kubernetes.io/instance-type"
_COLUMNS: Final = (
    *("EndTimestamp", "InstanceID", "Region", "AssetClass", "InstanceIDField", "InstanceType"),
    *("MarketPriceHourly", "Version"),
)
"""https://github.com/opencost/opencost/blob/develop/pkg/cloud/provider/csvprovider.go"""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Where prices are from: exactly one of these, or AWS itself where there is neither."""

    listed: bool = False
    """A price list in a ConfigMap."""
    rates: Rates | None = None
    """What a cluster on one's own machines costs."""


def values(environment: str, prometheus: str, given: Prices) -> dict[str, Any]:
    """The chart's values.

    Args:
        environment: What the cluster is called in what OpenCost tells.
        prometheus: Prometheus' address, as a URL.
        given: Where prices are from.
    """
    address = urlsplit(prometheus)
    service, namespace, *_ = str(address.hostname).split(".")
    listed = given.listed
    return {
        "fullnameOverride": NAME,
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "opencost": {
            "mcp": {"enabled": False},
            "exporter": {
                "defaultClusterId": environment,
                "resources": resources("50m", "256Mi", most="1Gi"),
                "securityContext": _UNPRIVILEGED,
                "extraEnv": {"USE_CSV_PROVIDER": "true", "CSV_PATH": f"{_MOUNTED}/{FILE}"} if listed else {},
                "extraVolumeMounts": [{"name": PRICE_LIST, "mountPath": _MOUNTED, "readOnly": True}]
                if listed
                else [],
            },
            "ui": {"resources": resources("10m", "64Mi", most="256Mi"), "securityContext": _UNPRIVILEGED},
            "prometheus": {
                "internal": {
                    "enabled": True,
                    "serviceName": service,
                    "namespaceName": namespace,
                    "port": address.port,
                }
            },
            "metrics": {"serviceMonitor": {"enabled": True}},
            "customPricing": _custom(given.rates),
        },
        "extraVolumes": [{"name": PRICE_LIST, "configMap": {"name": PRICE_LIST}}] if listed else [],
    }


_UNPRIVILEGED: Final = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def _custom(rates: Rates | None) -> dict[str, Any]:
    """Rates as OpenCost has them: texts, of an hour.

    https://opencost.io/docs/configuration/on-prem
    """
    if rates is None:
        return {"enabled": False}
    model = {
        "description": "Rates of the environment file",
        **dict.fromkeys(("CPU", "spotCPU"), f"{rates.cpu:g}"),
        **dict.fromkeys(("RAM", "spotRAM"), f"{rates.memory:g}"),
        "GPU": f"{rates.gpu:g}",
        "storage": f"{rates.storage:g}",
        **dict.fromkeys(("zoneNetworkEgress", "regionNetworkEgress", "internetNetworkEgress"), "0"),
    }
    return {"enabled": True, "provider": "custom", "costModel": model}


def price_list(region: str, shapes: Iterable[Shape], volumes: Mapping[str, str]) -> str:
    """The price list, as OpenCost reads it: on demand, and by the hour.

    Args:
        region: The cluster's region; prices are those of us-east-1 all the same.
        shapes: Instance types that nodes may have.
        volumes: Kinds of EBS volumes (``gp3``) by StorageClass.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for shape in sorted(shapes, key=lambda one: one.name):
        hourly = prices.block(shape.name) if shape.usd_per_hour is None else shape.usd_per_hour
        if hourly is not None:
            writer.writerow(["", shape.name, region, "node", _TYPE, shape.name, f"{hourly:.6f}", ""])
    for name, kind in sorted(volumes.items()):
        for charge in prices.volume(kind):
            if charge.unit == "GiB":
                hourly = charge.usd / prices.HOURS_PER_MONTH
                writer.writerow(["", name, "", "pv", "spec.storageClassName", "", f"{hourly:.8f}", ""])
    return text.getvalue()
