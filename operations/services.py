"""What an environment offers to people: each service with address, version, owner, and whether it is up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from infra.catalog import lookup, services
from infra.catalog.charts import chart
from infra.catalog.services import Service
from infra.environment import Environment
from infra.resources import RecordedResource

State = Literal["up", "not up", "unknown"]

_RELEASE: Final = "kubernetes:helm.sh/v3:Release"
_ROUTE: Final = "HTTPRoute"
_DOCS: Final = "docs/"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A service of an environment."""

    name: str
    title: str
    group: str
    what: str
    use: str
    owner: str
    docs: str
    """An address, or a file of the project."""
    state: State
    version: str | None = None
    """Of the chart that it is, or that it comes with."""
    app: str | None = None
    """Of what the chart installs."""
    address: str | None = None
    """Where a browser finds it."""
    forward: str | None = None
    """How to reach it where there is no address."""


def catalogue(
    environment: Environment, resources: Iterable[RecordedResource], deployed: Mapping[str, Any] | None
) -> tuple[Entry, ...]:
    """The services that an environment has, in the order in which people are shown them.

    Args:
        environment: The environment.
        resources: What its program asks for.
        deployed: Its stack's state; empty where it has none, None where that could not be found out.
    """
    asked = list(resources)
    hosts = dict(_hosts(asked))
    standing = None if deployed is None else _standing(deployed)
    return tuple(
        _entry(service, environment, made, hosts, standing)
        for service in services.services().values()
        if (made := _made(service, asked)) is not None
    )


def together(catalogues: Iterable[Sequence[Entry]]) -> tuple[Entry, ...]:
    """The services of several stacks, in the order in which people are shown them, each once."""
    found: dict[str, Entry] = {}
    for entries in catalogues:
        for entry in entries:
            found.setdefault(entry.name, entry)
    return tuple(found[name] for name in services.services() if name in found)


def one(entries: Iterable[Entry], name: str) -> Entry:
    """The service of a name.

    Raises:
        BadInput: There is none; the hint names the nearest.
    """
    found = {entry.name: entry for entry in entries}
    if name not in found:
        raise lookup.unknown("service", name, found)
    return found[name]


def _entry(
    service: Service,
    environment: Environment,
    made: RecordedResource,
    hosts: Mapping[str, str],
    standing: frozenset[str] | None,
) -> Entry:
    pin = None if service.chart is None else chart(service.chart)
    host = hosts.get(service.host) if service.host else None
    said = {"env": environment.name}
    return Entry(
        name=service.name,
        title=service.title,
        group=services.groups()[service.group],
        what=service.what,
        use=service.use.format(**said),
        owner=environment.owner,
        docs=service.docs if "://" in service.docs else _DOCS + service.docs,
        state=_state(made, standing),
        version=None if pin is None else pin.version,
        app=None if pin is None else pin.app,
        address=None if host is None else f"https://{host}",
        forward=None if host or service.forward is None else service.forward.format(**said),
    )


def _made(service: Service, resources: Iterable[RecordedResource]) -> RecordedResource | None:
    """The resource by which a service is there."""
    for resource in resources:
        if service.chart is not None and _is_release(resource, service.chart):
            return resource
        if service.component is not None and resource.type == service.component:
            return resource
    return None


def _is_release(resource: RecordedResource, name: str) -> bool:
    return resource.type == _RELEASE and str(resource.inputs.get("chart")).rpartition("/")[2] == name


def _hosts(resources: Iterable[RecordedResource]) -> Iterator[tuple[str, str]]:
    """Host names that the gateway leads on, by their first label."""
    for resource in resources:
        if resource.type.rpartition(":")[2] == _ROUTE:
            for host in (resource.inputs.get("spec") or {}).get("hostnames", ()):
                yield str(host).partition(".")[0], str(host)


def _standing(deployed: Mapping[str, Any]) -> frozenset[str]:
    """What is deployed, each as it is in any stack: by type and name."""
    return frozenset(
        _named(str(resource["urn"]))
        for resource in deployed.get("resources", ())
        if not resource.get("delete")
    )


def _state(made: RecordedResource, standing: frozenset[str] | None) -> State:
    if standing is None:
        return "unknown"
    return "up" if _named(made.urn) in standing else "not up"


def _named(urn: str) -> str:
    """A URN without project and stack, which differ between a recording and what is deployed."""
    return "::".join(urn.split("::")[2:])
