"""What the gateway does with requests before anybody is asked about them: counts them, and cleans them.

Istio has no words of its own for either, so these are filters of Envoy's, given by an EnvoyFilter. Their
fields are those of Envoy 1.37, which Istio 1.29 has:
https://www.envoyproxy.io/docs/envoy/v1.37.0/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra.environment.mesh import Limits
from infra.mesh import GATEWAY_LABELS

API: Final = "networking.istio.io/v1alpha3"

_CLIENTS: Final = 20_000
"""Addresses that are counted at once; beyond, the one that was quiet for longest is forgotten. Some 10 MB."""
_ALL: Final = {"numerator": 100, "denominator": "HUNDRED"}


def envoy_filter(limits: Limits, removed: Iterable[str]) -> dict[str, Any]:
    """The specification of the gateway's EnvoyFilter.

    Args:
        limits: How many requests each of its pods takes.
        removed: Headers that only the gateway itself may set: those of a request that comes from outside are
            taken away.
    """
    return {
        "workloadSelector": {"labels": dict(GATEWAY_LABELS)},
        # Each is put before all that are there, so the last is the first to see a request.
        "configPatches": [_first(_clean(removed)), _first(_count(limits))],
    }


def _first(http_filter: Mapping[str, Any]) -> dict[str, Any]:
    manager = {"name": "envoy.filters.network.http_connection_manager"}
    return {
        "applyTo": "HTTP_FILTER",
        "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": manager}}},
        "patch": {"operation": "INSERT_FIRST", "value": dict(http_filter)},
    }


def _count(limits: Limits) -> dict[str, Any]:
    """A bucket of tokens for each client's address, and one for all of them.

    An entry without a value stands for each value of its own. The address is the one that the connection
    comes from: load balancers keep it, and no header is believed.
    """
    always = {"default_value": _ALL}
    return {
        "name": "envoy.filters.http.local_ratelimit",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "gateway",
            "filter_enabled": always,
            "filter_enforced": always,
            "token_bucket": _bucket(limits.in_all, limits.in_all),
            "rate_limits": [{"actions": [{"remote_address": {}}]}],
            "descriptors": [
                {
                    "entries": [{"key": "remote_address"}],
                    "token_bucket": _bucket(limits.burst, limits.per_client),
                }
            ],
            "max_dynamic_descriptors": _CLIENTS,
            "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
        },
    }


def _bucket(most: int, a_second: int) -> dict[str, Any]:
    return {"max_tokens": most, "tokens_per_fill": a_second, "fill_interval": "1s"}


def _clean(removed: Iterable[str]) -> dict[str, Any]:
    """Takes headers away that would be believed further on; the login overwrites only those that it sets."""
    lines = [f'  handle:headers():remove("{name}")' for name in removed]
    return {
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {
                "inline_string": "\n".join(["function envoy_on_request(handle)", *lines, "end", ""])
            },
        },
    }
