"""Topics of serverless MSK, which has no API for them: a job makes them, as any client of Kafka could."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.core import v1 as core

from components import namespaces, scheduling
from components.data.msk import settings
from components.data.msk.door import COMPONENT
from components.data.msk.topics import configuration
from components.identity import PodIdentity, PodIdentityArgs
from infra import iam
from infra import kafka as names
from infra.environment.kafka import Kafka
from infra.handles import ClusterHandle, EventStream
from infra.labels import Scope
from infra.places import Place

ACCOUNT: Final = "topics"
COPIES: Final = 3
"""Of each partition, by MSK's own decision."""
_FIXED: Final = frozenset({"min.insync.replicas"})
"""Settings that serverless clusters do not let be set."""
_AT_FIRST: Final = "cleanup.policy"
"""The setting that can only be chosen when a topic is made.
https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html"""
_USER: Final = 1001
_BIN: Final = "/opt/kafka/bin"
_CLIENT: Final = """\
security.protocol=SASL_SSL
sasl.mechanism=AWS_MSK_IAM
sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;
sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
"""
"""https://github.com/aws/aws-msk-iam-auth"""
_HEAD: Final = f"""\
set -eu
printf %s {shlex.quote(_CLIENT)} > /tmp/client.properties
kafka() {{ tool="$1"; shift; {_BIN}/kafka-"$tool".sh --bootstrap-server "$BOOTSTRAP" \
--command-config /tmp/client.properties "$@"; }}
partitions() {{
  kafka topics --describe --topic "$1" | sed -n 's/.*PartitionCount: *\\([0-9]*\\).*/\\1/p' | head -n 1
}}
topic() {{
  name="$1"; wanted="$2"; policy="$3"; changeable="$4"
  kafka topics --create --if-not-exists --topic "$name" --partitions "$wanted" \
--replication-factor {COPIES} --config "$policy"
  there="$(partitions "$name")"
  if [ "$there" -gt "$wanted" ]; then
    echo "$name has $there partitions, which cannot become $wanted" >&2; exit 1
  fi
  if [ "$there" -lt "$wanted" ]; then kafka topics --alter --topic "$name" --partitions "$wanted"; fi
  if [ -n "$changeable" ]; then
    kafka configs --alter --entity-type topics --entity-name "$name" --add-config "$changeable"
  fi
}}
"""


@dataclass(frozen=True, kw_only=True)
class TopicJobArgs:
    """Which topics, and where."""

    scope: Scope
    place: Place
    kafka: Kafka
    image: str
    """Of Kafka, with what lets its tools enter by IAM."""
    stream: EventStream
    cluster: ClusterHandle
    after: tuple[pulumi.Resource, ...] = ()
    """What pods need."""


class TopicJob(pulumi.ComponentResource):
    """A job that makes topics what the file says, and runs again when that changes.

    It takes none away: a topic that leaves the file stays, with what is in it, until somebody deletes it.
    """

    made: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: TopicJobArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:TopicJob", name, {}, opts)
        self._name, self._args = name, args
        space = namespaces.namespace(
            name, names.NAMESPACE, self._labels, "restricted", parent=self, after=args.after
        )
        account = core.ServiceAccount(
            name,
            metadata={"name": ACCOUNT, "namespace": names.NAMESPACE, "labels": self._labels},
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )
        job = batch.Job(
            name,
            metadata={"name": ACCOUNT, "namespace": names.NAMESPACE, "labels": self._labels},
            spec=job_spec(args.image, script(args.kafka), args.stream.bootstrap),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[account, *args.stream.ready, *self._rights()],
                delete_before_replace=True,
                custom_timeouts=pulumi.CustomTimeouts(create="20m", update="20m"),
            ),
        )
        self.made = (job,)
        self.register_outputs({})

    @property
    def _labels(self) -> dict[str, str]:
        return self._args.scope.labels(COMPONENT)

    def _rights(self) -> tuple[pulumi.Resource, ...]:
        args = self._args
        identity = PodIdentityArgs(
            scope=args.scope,
            place=args.place,
            cluster=args.cluster,
            namespace=names.NAMESPACE,
            service_account=ACCOUNT,
            role="topics",
            description="Makes topics of Kafka",
            component=COMPONENT,
            statements=policy(args.place, args.scope.environment, args.kafka),
        )
        return PodIdentity(self._name, identity, pulumi.ResourceOptions(parent=self)).rights


def script(kafka: Kafka) -> str:
    """What the job does, as a shell has it."""
    return _HEAD + "".join(f"topic {shlex.join(_arguments(name, kafka))}\n" for name in sorted(kafka.topics))


def _arguments(name: str, kafka: Kafka) -> list[str]:
    topic = kafka.topics[name]
    given = {
        key: value for key, value in configuration(name, topic, kafka, COPIES).items() if key not in _FIXED
    }
    changeable = ",".join(f"{key}={value}" for key, value in given.items() if key != _AT_FIRST)
    return [name, str(topic.partitions), f"{_AT_FIRST}={given[_AT_FIRST]}", changeable]


def policy(place: Place, environment: str, kafka: Kafka) -> str:
    """What the job may do: make exactly these topics, and change them; it reads and writes none."""
    cluster = settings.cluster_name(environment)
    topics = [place.arn("kafka", f"topic/{cluster}/*/{name}") for name in sorted(kafka.topics)]
    entering = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"]
    shaping = [
        "kafka-cluster:CreateTopic",
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:AlterTopic",
        "kafka-cluster:DescribeTopicDynamicConfiguration",
        "kafka-cluster:AlterTopicDynamicConfiguration",
    ]
    there = place.arn("kafka", f"cluster/{cluster}/*")
    return iam.document(
        {"Effect": "Allow", "Action": entering, "Resource": there},
        {"Effect": "Allow", "Action": shaping, "Resource": topics},
    )


def job_spec(image: str, shell: str, bootstrap: pulumi.Input[str]) -> dict[str, Any]:
    """The specification of the job."""
    container: Mapping[str, Any] = {
        "name": "topics",
        "image": image,
        "command": ["/bin/sh", "-c", shell],
        "env": [
            {"name": "BOOTSTRAP", "value": bootstrap},
            {"name": "LOG_DIR", "value": "/tmp"},  # noqa: S108 - the container's own
        ],
        "resources": scheduling.resources("100m", "512Mi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the container's own
    }
    return {
        "backoffLimit": 6,
        "template": {
            "spec": {
                "restartPolicy": "OnFailure",
                "serviceAccountName": ACCOUNT,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": _USER,
                    "fsGroup": _USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [dict(container)],
                "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}],
            }
        },
    }
