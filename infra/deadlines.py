"""How long things may take to go before a person should hear of it."""

from __future__ import annotations

from typing import Final

import pulumi

NAMESPACE: Final = pulumi.CustomTimeouts(delete="5m")
"""For namespaces. Their pods have half a minute by default, all at once; volumes and load balancers take some
minutes. Left alone, Pulumi's provider waits longer. https://github.com/pulumi/pulumi-kubernetes/issues/672"""
