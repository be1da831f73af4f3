"""Kafka Connect, which takes topics to the lake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.data.kafka import beside
from components.data.kafka.cluster import COMPONENT
from components.identity import PodIdentity, PodIdentityArgs
from infra import iam
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.environment.kafka.connect import Connect, Sink
from infra.handles import ClusterHandle, ObjectStore
from infra.labels import Scope
from infra.places import Place

CALLED: Final = "connect"
"""What it is called: its objects, its user, its group."""
ACCOUNT: Final = f"{CALLED}-connect"
"""Its ServiceAccount, which Strimzi names so."""
URL: Final = f"http://{CALLED}-connect-api.{names.NAMESPACE}.svc:8083"
_ZONE: Final = "raw"
_CLASS: Final = "io.aiven.kafka.connect.s3.AivenKafkaConnectS3SinkConnector"
"""https://github.com/Aiven-Open/cloud-storage-connectors-for-apache-kafka/tree/main/s3-sink-connector"""
_JSON: Final = "org.apache.kafka.connect.json.JsonConverter"
_BYTES: Final = "org.apache.kafka.connect.converters.ByteArrayConverter"
_STRING: Final = "org.apache.kafka.connect.storage.StringConverter"
_DAY: Final = "-".join(f"{{{{timestamp:unit={unit}}}}}" for unit in ("yyyy", "MM", "dd"))
_MS: Final = 1000
_BY_OBJECTS: Final = {"strimzi.io/use-connector-resources": "true"}
"""Makes KafkaConnectors what says which connectors there are, instead of an API that anybody may call."""


@dataclass(frozen=True, kw_only=True)
class KafkaConnectArgs:
    """What Kafka Connect needs."""

    scope: Scope
    place: Place
    kafka: Kafka
    connect: Connect
    cluster: ClusterHandle
    """Whose pods have the right to write to the lake."""
    lake: ObjectStore
    after: tuple[pulumi.Resource, ...] = ()
    """Kafka and its topics; they outlive it."""


class KafkaConnect(pulumi.ComponentResource):
    """Workers that take topics to the lake's zone `raw`, by their pods' role and a certificate.

    They read the topics of sinks and nothing else, and write below the prefixes of sinks and nowhere else.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: KafkaConnectArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:KafkaConnect", name, {}, opts)
        self._name, self._args = name, args
        rights = self._rights()
        reader = beside.Thing(kind="KafkaUser", called=CALLED, spec=beside.user(acls(args.connect)))
        spec = workers_spec(args.kafka, args.connect)
        pods = beside.Thing(kind="KafkaConnect", called=CALLED, spec=spec, annotations=_BY_OBJECTS)
        workers = self._made(pods, [self._made(reader, args.after), *rights])
        for called, sink in args.connect.sinks.items():
            task = connector(sink, args.lake.buckets[_ZONE], args.place.region)
            self._made(beside.Thing(kind="KafkaConnector", called=called, spec=task, of=CALLED), [workers])
        self.ready = (workers,)
        self.register_outputs({})

    def _rights(self) -> tuple[pulumi.Resource, ...]:
        args = self._args
        known = pulumi.Output.all(bucket=args.lake.buckets[_ZONE], key=args.lake.key_arn)
        prefixes = [sink.prefix for sink in args.connect.sinks.values()]
        identity = PodIdentityArgs(
            scope=args.scope,
            place=args.place,
            cluster=args.cluster,
            namespace=names.NAMESPACE,
            service_account=ACCOUNT,
            role="connect",
            description="Takes topics of Kafka to the lake",
            component=COMPONENT,
            statements=known.apply(lambda one: policy(args.place, one["bucket"], one["key"], prefixes)),
        )
        return PodIdentity(self._name, identity, pulumi.ResourceOptions(parent=self)).rights

    def _made(self, thing: beside.Thing, after: Iterable[pulumi.Resource]) -> pulumi.Resource:
        name = f"{self._name}-{thing.kind}-{thing.called}"
        return beside.custom(name, thing, self._args.scope, self, after)


def acls(connect: Connect) -> list[dict[str, Any]]:
    """What it may do with Kafka: read what sinks take, and keep its own state."""
    topics = sorted({topic for sink in connect.sinks.values() for topic in sink.topics})
    return [*(beside.allow("topic", topic, beside.READ) for topic in topics), *beside.own_rights(CALLED)]


def workers_spec(kafka: Kafka, connect: Connect) -> dict[str, Any]:
    """The specification of the KafkaConnect."""
    return {
        "version": kafka.version,
        "replicas": connect.workers,
        "image": connect.image,
        "bootstrapServers": names.bootstrap(names.TLS_PORT),
        **beside.storing(CALLED),
        **beside.entering(CALLED),
        "config": {
            **beside.state_copies(kafka),
            "key.converter": _STRING,
            "value.converter": _BYTES,
            "offset.flush.interval.ms": connect.every * _MS,
        },
        **beside.placed(CALLED, "KafkaConnect", connect.cpu, connect.memory),
    }


def connector(sink: Sink, bucket: pulumi.Input[str], region: str) -> dict[str, Any]:
    """The specification of a sink's KafkaConnector; with no keys in it, it has the rights of its pod."""
    suffix = "parquet" if sink.format == "parquet" else f"{sink.format}.gz"
    file = f"{{{{partition:padding=true}}}}-{{{{start_offset:padding=true}}}}.{suffix}"
    return {
        "class": _CLASS,
        "tasksMax": sink.tasks,
        "autoRestart": {"enabled": True},
        "config": {
            "topics": ",".join(sorted(sink.topics)),
            "aws.s3.bucket.name": bucket,
            "aws.s3.region": region,
            "aws.s3.sse.algorithm": "aws:kms",
            "file.name.template": f"{sink.prefix}/{{{{topic}}}}/date={_DAY}/{file}",
            "file.compression.type": "none" if sink.format == "parquet" else "gzip",
            "format.output.type": sink.format,
            "format.output.fields": "value",
            "format.output.envelope": "false",
            **_converter(sink),
        },
    }


def _converter(sink: Sink) -> dict[str, str]:
    """How records are read: https://kafka.apache.org/43/kafka-connect/user-guide/."""
    if sink.format == "csv":
        return {"value.converter": _BYTES}
    return {
        "value.converter": _JSON,
        "value.converter.schemas.enable": str(sink.format == "parquet").lower(),
    }


def policy(place: Place, bucket: str, key_arn: str, prefixes: list[str]) -> str:
    """What it may do with the lake: write below some prefixes.

    Args:
        place: Where the lake is.
        bucket: The bucket of the zone.
        key_arn: The key that it is encrypted with.
        prefixes: Prefixes of sinks, without a slash at the end.
    """
    arn = place.bucket(bucket)
    return iam.document(
        {
            "Sid": "Files",
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            "Resource": [f"{arn}/{prefix}/*" for prefix in sorted(set(prefixes))],
        },
        {
            "Sid": "Uploads",
            "Effect": "Allow",
            "Action": "s3:ListBucketMultipartUploads",
            "Resource": arn,
        },
        {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.dns_suffix}"}},
        },
    )
