"""What an environment offers, and the page that says so."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from infra.catalog.charts import charts
from infra.catalog.services import groups, services
from infra.environment import Environment, find, load, project_root
from infra.problems import BadInput
from infra.resources import RecordedResource
from operations.services import Entry, catalogue, one, together
from operations.services_page import page

ROOT = project_root(Path(__file__))
NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
RELEASE = "kubernetes:helm.sh/v3:Release"
ROUTE = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"


def resource(type_: str, name: str, **inputs: Any) -> RecordedResource:
    return RecordedResource(urn=f"urn:pulumi:s::p::{type_}::{name}", type=type_, name=name, inputs=inputs)


MONITORING = resource(RELEASE, "monitoring", chart="oci://ghcr.io/x/kube-prometheus-stack", version="1")
VELERO = resource(RELEASE, "velero", chart="velero")
TEAM = resource("mlcluster:tenancy:Team", "fraud")
GRAFANA = resource(ROUTE, "grafana", spec={"hostnames": ["grafana.dev.ml.example.com"]})
DEPLOYED = {
    "resources": [
        {"urn": f"urn:pulumi:real::mlcluster::{RELEASE}::monitoring"},
        {"urn": f"urn:pulumi:real::mlcluster::{RELEASE}::velero", "delete": True},
    ]
}


@pytest.fixture(scope="module")
def dev() -> Environment:
    return load(find("dev", ROOT))


def by_name(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries}


def test_services_are_there_by_what_the_program_makes(dev: Environment) -> None:
    found = by_name(catalogue(dev, [MONITORING, TEAM], None))
    assert list(found) == ["teams", "grafana", "prometheus", "alertmanager"]
    assert catalogue(dev, [], None) == ()


def test_an_address_is_one_that_the_gateway_leads_on(dev: Environment) -> None:
    with_route = by_name(catalogue(dev, [MONITORING, GRAFANA], None))
    assert with_route["grafana"].address == "https://grafana.dev.ml.example.com"
    assert with_route["grafana"].forward is None
    assert with_route["prometheus"].address is None
    without = by_name(catalogue(dev, [MONITORING], None))
    assert without["grafana"].address is None
    assert "port-forward" in str(without["grafana"].forward)


def test_versions_are_those_of_the_pins_and_the_owner_is_the_environment_s(dev: Environment) -> None:
    entry = by_name(catalogue(dev, [VELERO], None))["backup"]
    pin = charts()["velero"]
    assert (entry.version, entry.app, entry.owner) == (pin.version, pin.app, dev.owner)


def test_what_is_deployed_is_up(dev: Environment) -> None:
    found = by_name(catalogue(dev, [MONITORING, VELERO], DEPLOYED))
    assert (found["grafana"].state, found["backup"].state) == ("up", "not up")
    assert {entry.state for entry in catalogue(dev, [MONITORING], {})} == {"not up"}
    assert {entry.state for entry in catalogue(dev, [MONITORING], None)} == {"unknown"}


def test_stacks_offer_together_what_each_does(dev: Environment) -> None:
    lake = resource("mlcluster:storage:DataLake", "lake")
    both = together([catalogue(dev, [VELERO], None), catalogue(dev, [lake, VELERO], {})])
    assert [(entry.name, entry.state) for entry in both] == [("lake", "not up"), ("backup", "unknown")]


def test_an_unknown_service_gets_a_hint(dev: Environment) -> None:
    entries = catalogue(dev, [MONITORING], None)
    assert one(entries, "grafana").title == "Grafana"
    with pytest.raises(BadInput, match="did you mean grafana"):
        one(entries, "grafna")


@pytest.mark.parametrize("name", sorted(services()))
def test_facts_of_a_service_hold(name: str) -> None:
    service = services()[name]
    assert (service.chart is None) != (service.component is None)
    assert service.chart is None or service.chart in charts()
    assert service.group in groups()
    assert service.docs.startswith("https://") or (ROOT / "docs" / service.docs).is_file()
    assert service.use.format(env="x") != ""
    assert service.what.endswith(".")


def test_components_of_services_are_ones_that_there_are() -> None:
    code = "\n".join(file.read_text() for file in (ROOT / "components").rglob("*.py"))
    for service in services().values():
        if service.component is not None and service.component.startswith("mlcluster:"):
            assert f'"{service.component}"' in code


class Reader(HTMLParser):
    """Reads a page: its text, its links, what it loads, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.links.append(str(given["href"]))
        self.loads += [str(given[key]) for key in ("src", "srcset", "data") if key in given]
        self.loads += [str(given.get("href"))] if tag == "link" else []
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["style"], ["script"]):
            self.text += data


def test_a_page_says_it_all_and_loads_nothing(dev: Environment) -> None:
    entries = catalogue(dev, [MONITORING, GRAFANA, TEAM], DEPLOYED)
    text = page(dev, entries, NOW)
    read = Reader(text)
    assert read.open == []
    assert read.loads == []
    assert "url(" not in text
    assert "@import" not in text
    for entry in entries:
        assert entry.title in read.text
        assert entry.what in read.text
        assert entry.use in read.text
    assert "https://grafana.dev.ml.example.com" in read.links
    assert "3 of 4 up on 2026-11-23 12:30 UTC" in read.text
    assert read.text.index("Start here") < read.text.index("Watch and pay")


def test_a_page_shows_what_is_said_and_does_not_run_it(dev: Environment) -> None:
    nasty = dev.model_copy(update={"owner": "<script>alert('x')</script>&\""})
    text = page(nasty, catalogue(nasty, [MONITORING], None), NOW)
    assert "<script>alert" not in text
    assert "<script>alert('x')</script>&\"" in Reader(text).text
    assert "state unknown on" in text
