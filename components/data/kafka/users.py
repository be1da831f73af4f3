"""What teams are in Kafka, and how their passwords get to them: plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from infra import kafka as names
from infra.environment.kafka import Quota

SECRETS_API: Final = "external-secrets.io/v1"
_WRITE: Final = ("Write", "Describe")
_READ: Final = ("Read", "Describe", "DescribeConfigs")


def user(team: str, topics: Mapping[str, Iterable[str]], quota: Quota) -> dict[str, Any]:
    """The specification of a team's KafkaUser: nothing is allowed but what is here.

    Args:
        team: The team.
        topics: Names of those that it may ``write``, and of those that it may ``read``.
        quota: What it may take of brokers.
    """
    limits = {
        "producerByteRate": quota.write,
        "consumerByteRate": quota.read,
        "requestPercentage": quota.requests,
    }
    given = {key: int(value) for key, value in limits.items() if value is not None}
    return {
        "authentication": {"type": "scram-sha-512"},
        "authorization": {"type": "simple", "acls": acls(team, topics)},
        **({"quotas": given} if given else {}),
    }


def acls(team: str, topics: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    """A team's rights: to topics by their names, to groups and transactions by how these begin.

    Which operation needs which right: https://kafka.apache.org/43/security/authorization-and-acls/
    """
    own = names.own(team)
    return [
        *(_allow("topic", name, _WRITE) for name in sorted(topics["write"])),
        *(_allow("topic", name, _READ) for name in sorted(topics["read"])),
        _allow("group", own, ("Read", "Describe", "Delete"), pattern="prefix"),
        _allow("transactionalId", own, _WRITE, pattern="prefix"),
    ]


def _allow(kind: str, name: str, operations: Iterable[str], pattern: str = "literal") -> dict[str, Any]:
    return {
        "type": "allow",
        "resource": {"type": kind, "name": name, "patternType": pattern},
        "operations": list(operations),
        "host": "*",
    }


def reading(team: str, account: str) -> list[dict[str, Any]]:
    """Rules of who copies a team's password: that Secret, the brokers' certificate, and no others.

    Args:
        team: The team.
        account: The ServiceAccount in whose name it is copied, for a while at a time.
    """
    secrets = [names.user(team), names.AUTHORITY]
    return [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": secrets, "verbs": ["get"]},
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts/token"],
            "resourceNames": [account],
            "verbs": ["create"],
        },
    ]


def store(account: str, namespaces: Iterable[str]) -> dict[str, Any]:
    """The specification of the ClusterSecretStore of a team: its password, for its namespaces alone.

    https://external-secrets.io/latest/provider/kubernetes/
    """
    certificate = {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": "ca.crt"}
    return {
        "provider": {
            "kubernetes": {
                "remoteNamespace": names.NAMESPACE,
                "server": {
                    "url": "https://kubernetes.default.svc",
                    "caProvider": {**certificate, "namespace": names.NAMESPACE},
                },
                "auth": {"serviceAccount": {"name": account, "namespace": names.NAMESPACE}},
            }
        },
        "conditions": [{"namespaces": list(namespaces)}],
    }


def secret(team: str, store_name: str, bootstrap: Any, refresh_s: int) -> dict[str, Any]:
    """The specification of the ExternalSecret in each of a team's namespaces."""
    mine = names.user(team)
    found = {
        "password": (mine, "password"),
        "jaas": (mine, "sasl.jaas.config"),
        "authority": (names.AUTHORITY, "ca.crt"),
    }
    data = {
        "username": mine,
        "password": "{{ .password }}",
        "bootstrap": bootstrap,
        "sasl.jaas.config": "{{ .jaas }}",
        "ca.crt": "{{ .authority }}",
    }
    return {
        "refreshPolicy": "Periodic",
        "refreshInterval": f"{refresh_s}s",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": store_name},
        "target": {
            "name": names.TEAM_SECRET,
            "creationPolicy": "Owner",
            "template": {"engineVersion": "v2", "data": data},
        },
        "data": [
            {"secretKey": entry, "remoteRef": {"key": key, "property": one}}
            for entry, (key, one) in found.items()
        ],
    }


def way_out() -> dict[str, Any]:
    """The specification of a network policy that lets a team's pods out to brokers."""
    brokers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": names.NAMESPACE}},
        "podSelector": {"matchLabels": {names.CLUSTER_LABEL: names.CLUSTER, "strimzi.io/kind": "Kafka"}},
    }
    ports = [{"protocol": "TCP", "port": names.SCRAM_PORT}]
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [brokers], "ports": ports}],
    }
