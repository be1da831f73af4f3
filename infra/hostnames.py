"""The plan of host names: ``<service>.<environment>.<domain>``, and nothing else.

So an environment's names are below one of its own, which a certificate and a DNS record for all of them can
cover, and no environment can take a name of another's.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 253
"""Characters of a whole name, without the final dot: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4"""
_LABEL: Final = re.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def base(environment: str, domain: str) -> str:
    """What all of an environment's host names end in: ``dev.example.com``."""
    return f"{environment}.{domain}"


def host(environment: str, domain: str, service: str) -> str:
    """The host name of a service: ``grafana.dev.example.com``.

    Args:
        environment: The environment's name.
        domain: What names of environments are below: ``example.com``.
        service: The service's name, one label.

    Raises:
        ValueError: The service's name is no label, or the whole is too long: neither comes of an environment
            that was checked.
    """
    if not _LABEL.fullmatch(service):
        raise ValueError(f"{service!r} is no label of a host name")
    name = f"{service}.{base(environment, domain)}"
    if len(name) > LONGEST:
        raise ValueError(f"{name} is longer than {LONGEST} characters")
    return name


def wildcard(environment: str, domain: str) -> str:
    """The name that stands for all of an environment's hosts: ``*.dev.example.com``."""
    return f"*.{base(environment, domain)}"
