"""What AWS tells Karpenter of nodes that are about to go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.nodes import karpenter_policies as policies
from infra import naming
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "nodes"
_KEPT_S: Final = 300
"""Seconds that a message waits for Karpenter: older warnings are about nodes that have gone."""

EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "health": ("aws.health", "AWS Health Event"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}
"""Source and type of the events that Karpenter v1.14 understands:
https://karpenter.sh/v1.14/reference/cloudformation/#interruption-handling"""


@dataclass(frozen=True, kw_only=True)
class InterruptionQueueArgs:
    """What the queue needs."""

    scope: Scope
    place: Place


class InterruptionQueue(pulumi.ComponentResource):
    """A queue, and the rules that send EC2's and Health's warnings to it: Karpenter drains nodes in time."""

    name: pulumi.Output[str]
    arn: str
    """Known before the queue exists."""
    ready: tuple[pulumi.Resource, ...]
    """All that has to be there for warnings to arrive."""

    def __init__(self, name: str, args: InterruptionQueueArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:nodes:InterruptionQueue", name, {}, opts)
        self._name, self._args = name, args
        physical = naming.physical(args.scope.environment, "interruptions", limit=80)
        self.arn = args.place.arn("sqs", physical)
        queue = aws.sqs.Queue(
            name,
            name=physical,
            message_retention_seconds=_KEPT_S,
            sqs_managed_sse_enabled=True,
            tags=args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = self._policy(queue)
        self.ready = (policy, *(self._rule(key, queue, policy) for key in EVENTS))
        self.name = queue.name
        self.register_outputs({"name": queue.name})

    def _policy(self, queue: aws.sqs.Queue) -> aws.sqs.QueuePolicy:
        rules = [self._args.place.arn("events", f"rule/{self._physical(key)}") for key in EVENTS]
        return aws.sqs.QueuePolicy(
            self._name,
            queue_url=queue.url,
            policy=policies.queue(self.arn, rules),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rule(
        self, key: str, queue: aws.sqs.Queue, policy: aws.sqs.QueuePolicy
    ) -> aws.cloudwatch.EventTarget:
        """A rule and its target, which is returned: it is the last to come and the first to go."""
        source, kind = EVENTS[key]
        rule = aws.cloudwatch.EventRule(
            f"{self._name}-{key}",
            name=self._physical(key),
            description=f"{kind}: for Karpenter",
            event_pattern=json.dumps({"source": [source], "detail-type": [kind]}),
            tags=self._args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.cloudwatch.EventTarget(
            f"{self._name}-{key}",
            rule=rule.name,
            target_id="karpenter",
            arn=queue.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )

    def _physical(self, key: str) -> str:
        return naming.physical(self._args.scope.environment, "karpenter", key, limit=64)
