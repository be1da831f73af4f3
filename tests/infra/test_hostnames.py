"""The plan of host names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import hostnames

LABELS = st.from_regex("[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


def test_a_host_is_service_environment_domain() -> None:
    assert hostnames.host("dev", "ml.example.com", "grafana") == "grafana.dev.ml.example.com"
    assert hostnames.base("dev", "ml.example.com") == "dev.ml.example.com"
    assert hostnames.wildcard("dev", "ml.example.com") == "*.dev.ml.example.com"


@given(service=LABELS, environment=LABELS)
def test_every_host_is_one_label_below_its_environments_name(service: str, environment: str) -> None:
    name = hostnames.host(environment, "example.com", service)
    assert name.partition(".")[2] == hostnames.wildcard(environment, "example.com").removeprefix("*.")
    assert name.split(".")[:2] == [service, environment]


@pytest.mark.parametrize("service", ["", "a.b", "-a", "a-", "Grafana", "a" * 64, "*", "a_b"])
def test_a_service_that_is_no_label_is_refused(service: str) -> None:
    with pytest.raises(ValueError, match="no label"):
        hostnames.host("dev", "example.com", service)


def test_a_name_that_is_too_long_is_refused() -> None:
    labels = ["a" * 61] * 3
    assert len(hostnames.host("dev", ".".join([*labels, "com"]), "s" * 59)) == hostnames.LONGEST
    with pytest.raises(ValueError, match="longer than 253"):
        hostnames.host("dev", ".".join([*labels, "com"]), "s" * 60)
