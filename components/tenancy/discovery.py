"""What tells a team's pods where data is: a ConfigMap in each of its namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import yaml
from pulumi_kubernetes.core import v1 as core

from components.tenancy import access
from infra import ceph, kafka
from infra.handles import TeamSpace
from infra.labels import Scope

CONFIG_MAP: Final = "data-sources"
"""The ConfigMap, in each of a team's namespaces."""
DOCUMENT: Final = "data-sources.yaml"
"""Its entry for people and for programs that want more than names."""

_COMPONENT: Final = "discovery"
_MECHANISMS: Final = {"scram": "SCRAM-SHA-512", "iam": "OAUTHBEARER"}
"""How Kafka calls the ways in."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Kafka, as a team sees it."""

    auth: str
    """``scram`` or ``iam``."""
    secret: bool
    """Whether the team has a Secret with its password."""
    registry: str | None = None
    connect: str | None = None
    topics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Topics that the team may write or read, and what is to be known of each: `access`, and more."""

    def open_to(self, access: str) -> list[str]:
        """Names of the topics that the team may ``read`` or ``write``, sorted."""
        return sorted(name for name, topic in self.topics.items() if access in topic["access"])


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a team has, as far as its environment's file tells."""

    team: str
    region: str | None = None
    """Of the lake; None: it is not at AWS."""
    lake: bool = False
    endpoint: str | None = None
    """Where the lake is spoken to, if it is not S3 itself; then pods have keys."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """Volume claims, and what is on each."""
    classes: Mapping[str, str] = field(default_factory=dict)
    """Storage classes of the team's own, and what they are of."""
    stream: Stream | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is only known when it is there."""

    buckets: Mapping[str, str] = field(default_factory=dict)
    """By zone of the lake."""
    database: str | None = None
    """The database of tables in the catalog."""
    bootstrap: str | None = None
    """Kafka's brokers."""
    events: str | None = None
    """Where Spark's logs of events go."""
    artifacts: str | None = None
    """Where pipelines leave what steps pass on; below it a folder for each team."""


@dataclass(frozen=True, kw_only=True)
class DataSourcesArgs:
    """Whose pods are told what."""

    scope: Scope
    sources: Sources
    found: pulumi.Input[Mapping[str, Any]]
    """The fields of `Found`."""
    space: TeamSpace


class DataSources(pulumi.ComponentResource):
    """The ConfigMap `data-sources` in each of a team's namespaces.

    A pod has it all in its environment by ``envFrom: [{configMapRef: {name: data-sources}}]``. It is made of
    what the stack has made, so it is never of yesterday; a pod that runs has what there was when it started.
    """

    def __init__(self, name: str, args: DataSourcesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:tenancy:DataSources", name, {}, opts)
        labels = args.scope.labels(_COMPONENT, team=args.sources.team)
        for namespace in args.space.namespaces:
            core.ConfigMap(
                f"{name}-{namespace}",
                metadata={"name": CONFIG_MAP, "namespace": namespace, "labels": labels},
                data=self._data(args, namespace),
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.space.ready)),
            )
        self.register_outputs({})

    @staticmethod
    def _data(args: DataSourcesArgs, namespace: str) -> pulumi.Output[dict[str, str]]:
        return pulumi.Output.from_input(args.found).apply(
            lambda known: entries(args.sources, Found(**known), namespace)
        )


def entries(sources: Sources, found: Found, namespace: str) -> dict[str, str]:
    """Entries of the ConfigMap in a namespace: variables of the environment, and the document."""
    return {**variables(sources, found, namespace), DOCUMENT: document(sources, found, namespace)}


def variables(sources: Sources, found: Found, namespace: str) -> dict[str, str]:
    """Variables of the environment, sorted; of what there is not, there is none.

    Args:
        sources: What the team has.
        found: Where it is.
        namespace: The pod's.
    """
    given: dict[str, str | None] = {
        "TEAM": sources.team,
        "LAKE_REGION": sources.region if sources.lake else None,
        "LAKE_ENDPOINT": sources.endpoint,
        "LAKE_KEYS": ceph.secret(namespace) if sources.endpoint else None,
        **{f"LAKE_{zone.upper()}": _own(bucket, sources.team) for zone, bucket in found.buckets.items()},
        "CATALOG_DATABASE": found.database or None,
        "SPARK_EVENTS": found.events or None,
        "PIPELINE_ARTIFACTS": _artifacts(sources, found),
        **_stream(sources.stream, found.bootstrap),
    }
    return {name: value for name, value in sorted(given.items()) if value is not None}


def _stream(stream: Stream | None, bootstrap: str | None) -> dict[str, str | None]:
    if stream is None or bootstrap is None:
        return {}
    return {
        "KAFKA_BOOTSTRAP": bootstrap,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": _MECHANISMS[stream.auth],
        "KAFKA_SECRET": kafka.TEAM_SECRET if stream.secret else None,
        "KAFKA_TOPICS_READ": ",".join(stream.open_to("read")) or None,
        "KAFKA_TOPICS_WRITE": ",".join(stream.open_to("write")) or None,
        "KAFKA_CONNECT": stream.connect,
        "SCHEMA_REGISTRY": stream.registry,
    }


def document(sources: Sources, found: Found, namespace: str) -> str:
    """The same for people, with what is to be known of each topic and claim, as YAML."""
    lake = {
        "region": sources.region,
        "endpoint": sources.endpoint,
        "keys": ceph.secret(namespace) if sources.endpoint else None,
        "zones": {zone: _own(bucket, sources.team) for zone, bucket in found.buckets.items()},
    }
    parts: dict[str, Any] = {
        "team": sources.team,
        "lake": lake if sources.lake else None,
        "catalog": {"kind": "glue", "database": found.database} if found.database else None,
        "files": {"claims": dict(sources.claims), "storage_classes": dict(sources.classes)},
        "kafka": _streaming(sources.stream, found.bootstrap),
        "spark": {"events": found.events} if found.events else None,
        "pipelines": {"artifacts": _artifacts(sources, found)} if found.artifacts else None,
    }
    return yaml.safe_dump(_present(parts), sort_keys=False)


def _streaming(stream: Stream | None, bootstrap: str | None) -> dict[str, Any] | None:
    if stream is None or bootstrap is None:
        return None
    return {
        "bootstrap": bootstrap,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": _MECHANISMS[stream.auth],
        "secret": kafka.TEAM_SECRET if stream.secret else None,
        "schema_registry": stream.registry,
        "connect": stream.connect,
        "topics": {name: dict(topic) for name, topic in sorted(stream.topics.items())},
    }


def _present(value: Any) -> Any:
    """What has something in it."""
    if not isinstance(value, Mapping):
        return value
    inside = {key: _present(item) for key, item in value.items()}
    return {key: item for key, item in inside.items() if item is not None and item != {}}


def _own(bucket: str, team: str) -> str:
    """The team's part of a zone of the lake."""
    return f"s3://{bucket}/{access.prefix(team)}"


def _artifacts(sources: Sources, found: Found) -> str | None:
    """Where artifacts of the team's pipelines are."""
    return f"{found.artifacts}/{sources.team}/artifacts/" if found.artifacts else None
