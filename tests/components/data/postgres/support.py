"""Postgres of both kinds, recorded with a database on it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pulumi
from pulumi_kubernetes.core import v1 as core

from infra.environment import Environment
from infra.handles import Database, Edge, Metrics
from stacks import postgres
from stacks.ground import Ground
from stacks.mesh import MeshStack
from tests.components.support import Found, cluster, lake, network, record_component
from tests.infra.environment.samples import small

DOMAIN = {"name": "ml.example.com", "hosted_zone": "Z0123456789ABCDEFGHIJ"}
HOME = "pipelines"
"""The service's namespace."""


def environment(section: dict[str, Any], **changes: Any) -> Environment:
    edge = {"secrets": {}, "domain": DOMAIN, "certificates": {"email": "ml-platform@example.com"}}
    return small({**edge, "postgres": section, **changes}, region="eu-west-1")


def recorded(
    section: dict[str, Any],
    *,
    watched: bool = False,
    without_lake: bool = False,
    protected: bool = False,
) -> tuple[Found, Database]:
    """What there is, and the handle that the service is given."""
    return _recorded(json.dumps(section), watched, without_lake, protected)


@cache
def _recorded(section: str, watched: bool, without_lake: bool, protected: bool) -> tuple[Found, Database]:
    env = environment(json.loads(section), **({"lifetime": {"protect": True}} if protected else {}))
    given: list[Database] = []

    def build(opts: pulumi.ResourceOptions) -> None:
        home = core.Namespace("home", metadata={"name": HOME}, opts=opts)
        nodes = core.ConfigMap("nodes", metadata={"name": "nodes", "namespace": "default"}, opts=opts)
        prometheus = Metrics(namespace="monitoring", address="", consoles={}, ready=(nodes,))
        ground = Ground(
            env=env,
            cluster=cluster(),
            network=network(),
            lake=None if without_lake else lake(),
            edge=Edge(issuer="ca", passwords=True, ready=(nodes,)),
            web=MeshStack(),
            metrics=prometheus if watched else None,
            after=(nodes,),
            opts=opts,
        )
        server = postgres.deploy(ground)
        assert server is not None
        given.append(postgres.database(ground, server, "pipelines", HOME, after=(home,)))

    return record_component(build), given[0]
