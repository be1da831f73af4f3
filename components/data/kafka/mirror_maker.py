"""Copies of topics of another Kafka cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.data.kafka import beside
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.environment.kafka.mirror import Mirror
from infra.labels import Scope

CALLED: Final = "mirror"
"""What it is called: its objects, its user, its group."""
_COPIES: Final = ("Alter", "AlterConfigs", *beside.ALL)
_OWN: Final = r".*[\-\.]internal, .*\.replica, __.*"
"""Topics that are Kafka's or MirrorMaker's own."""


@dataclass(frozen=True, kw_only=True)
class MirrorMakerArgs:
    """What MirrorMaker needs."""

    scope: Scope
    kafka: Kafka
    mirror: Mirror
    after: tuple[pulumi.Resource, ...] = ()
    """Kafka; it outlives it."""


class MirrorMaker(pulumi.ComponentResource):
    """MirrorMaker 2: it writes copies here, and nothing but copies; what it may do there is there decided."""

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: MirrorMakerArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:MirrorMaker", name, {}, opts)
        writer = beside.Thing(kind="KafkaUser", called=CALLED, spec=beside.user(acls(args.mirror)))
        spec = mirror_maker(args.kafka, args.mirror)
        pods = beside.Thing(kind="KafkaMirrorMaker2", called=CALLED, spec=spec)
        user = beside.custom(f"{name}-user", writer, args.scope, self, args.after)
        workers = beside.custom(name, pods, args.scope, self, [user])
        self.ready = (workers,)
        self.register_outputs({})


def acls(mirror: Mirror) -> list[dict[str, Any]]:
    """What it may do here: https://kafka.apache.org/43/operations/geo-replication-cross-cluster-data-mirroring/."""
    return [
        beside.allow("topic", f"{mirror.name}.", _COPIES, "prefix"),
        beside.allow("topic", "heartbeats", beside.ALL),
        beside.allow("topic", "mm2-offset-syncs.", _COPIES, "prefix"),
        beside.allow("group", "*", beside.GROUP),
        *beside.own_rights(CALLED),
    ]


def mirror_maker(kafka: Kafka, mirror: Mirror) -> dict[str, Any]:
    """The specification of the KafkaMirrorMaker2."""
    connectors = {
        "topicsPattern": mirror.topics,
        "topicsExcludePattern": _OWN,
        "groupsPattern": mirror.groups,
        "sourceConnector": {
            "tasksMax": mirror.tasks,
            "autoRestart": {"enabled": True},
            "config": {
                "replication.factor": kafka.copies,
                "offset-syncs.topic.replication.factor": -1,
                "sync.topic.acls.enabled": "false",  # who may read copies is for this file to say
            },
        },
        "checkpointConnector": {
            "autoRestart": {"enabled": True},
            "config": {
                "checkpoints.topic.replication.factor": kafka.copies,
                "sync.group.offsets.enabled": "true",
            },
        },
    }
    return {
        "version": kafka.version,
        "replicas": mirror.workers,
        "target": {
            "alias": "here",
            "bootstrapServers": names.bootstrap(names.TLS_PORT),
            **beside.storing(CALLED),
            **beside.entering(CALLED),
            "config": beside.state_copies(kafka),
        },
        "mirrors": [{"source": source(mirror), **connectors}],
        **beside.placed(CALLED, "KafkaMirrorMaker2", mirror.cpu, mirror.memory),
    }


def source(mirror: Mirror) -> dict[str, Any]:
    """The other cluster, over TLS: its certificate is checked, against the world's authorities or its own."""
    trusted = (
        [] if mirror.authorities is None else [{"secretName": mirror.authorities, "certificate": "ca.crt"}]
    )
    return {
        "alias": mirror.name,
        "bootstrapServers": ",".join(mirror.servers),
        "tls": {"trustedCertificates": trusted},
        "authentication": _who(mirror),
    }


def _who(mirror: Mirror) -> dict[str, Any]:
    if mirror.user is None:
        keys = {"secretName": mirror.secret, "certificate": "user.crt", "key": "user.key"}
        return {"type": "tls", "certificateAndKey": keys}
    password = {"secretName": mirror.secret, "password": "password"}
    return {"type": "scram-sha-512", "username": mirror.user, "passwordSecret": password}
