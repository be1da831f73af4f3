"""A team's way into Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components.data.kafka import manifests, users
from components.data.kafka.cluster import COMPONENT
from infra import kafka as names
from infra.environment.kafka import Kafka, topics_of
from infra.handles import EventStream, TeamSpace
from infra.labels import Scope

_SECRETS: Final = "external-secrets"
"""The namespace of external-secrets, and its ServiceAccount."""
_RBAC: Final = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class TeamAccessArgs:
    """Which team, and to what."""

    scope: Scope
    team: str
    kafka: Kafka
    stream: EventStream
    space: TeamSpace
    refresh_s: int
    """Seconds after which the password is looked at again."""
    secrets: tuple[pulumi.Resource, ...] = ()
    """external-secrets, which outlives it."""


class TeamAccess(pulumi.ComponentResource):
    """A team's user, with the rights that topics give it, and its password in the team's namespaces.

    Strimzi makes up the password; external-secrets copies it in the name of an account that can read this
    one Secret. It is in no plan, log or state.
    """

    def __init__(self, name: str, args: TeamAccessArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:KafkaAccess", name, {}, opts)
        self._name, self._args = name, args
        self._account = names.user(args.team)
        user = self._user()
        store = self._store(self._reader(), user)
        for namespace in args.space.namespaces:
            self._secret(namespace, store)
            networking.NetworkPolicy(
                f"{name}-{namespace}",
                metadata=self._metadata("kafka", namespace),
                spec=users.way_out(),
                opts=self._after(*args.space.ready),
            )
        self.register_outputs({})

    def _user(self) -> pulumi.Resource:
        args, user = self._args, names.user(self._args.team)
        spec = users.user(args.team, topics_of(args.kafka, args.team), args.kafka.quota_of(args.team))
        metadata = self._metadata(user, names.NAMESPACE, {names.CLUSTER_LABEL: names.CLUSTER})
        made: pulumi.Resource = CustomResource(
            self._name,
            api_version=names.API,
            kind="KafkaUser",
            metadata={**metadata, "annotations": dict(manifests.READY)},
            spec=spec,
            opts=self._after(*args.stream.ready),
        )
        return made

    def _reader(self) -> pulumi.Resource:
        """An account that can read the team's password, and may be borrowed by external-secrets."""
        account = core.ServiceAccount(
            self._name,
            metadata=self._metadata(self._account, names.NAMESPACE),
            automount_service_account_token=False,
            opts=self._after(*self._args.stream.ready),
        )
        role = rbac.Role(
            self._name,
            metadata=self._metadata(self._account, names.NAMESPACE),
            rules=users.reading(self._args.team, self._account),
            opts=self._after(account),
        )
        made: pulumi.Resource = rbac.RoleBinding(
            self._name,
            metadata=self._metadata(self._account, names.NAMESPACE),
            role_ref={"api_group": _RBAC, "kind": "Role", "name": self._account},
            subjects=[
                {"kind": "ServiceAccount", "name": self._account, "namespace": names.NAMESPACE},
                {"kind": "ServiceAccount", "name": _SECRETS, "namespace": _SECRETS},
            ],
            opts=self._after(role),
        )
        return made

    def _store(self, reader: pulumi.Resource, user: pulumi.Resource) -> pulumi.Resource:
        made: pulumi.Resource = CustomResource(
            self._name,
            api_version=users.SECRETS_API,
            kind="ClusterSecretStore",
            metadata={"name": f"kafka-{self._args.team}", "labels": self._labels()},
            spec=users.store(self._account, self._args.space.namespaces),
            opts=self._after(reader, user, *self._args.secrets),
        )
        return made

    def _secret(self, namespace: str, store: pulumi.Resource) -> None:
        args = self._args
        CustomResource(
            f"{self._name}-{namespace}",
            api_version=users.SECRETS_API,
            kind="ExternalSecret",
            metadata=self._metadata(names.TEAM_SECRET, namespace),
            spec=users.secret(args.team, f"kafka-{args.team}", args.stream.bootstrap, args.refresh_s),
            opts=self._after(store, *args.space.ready),
        )

    def _metadata(self, name: str, namespace: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
        return {"name": name, "namespace": namespace, "labels": {**self._labels(), **(labels or {})}}

    def _labels(self) -> dict[str, str]:
        return self._args.scope.labels(COMPONENT, self._args.team)

    def _after(self, *others: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(others))
