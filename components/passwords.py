"""Secrets of services, of which no plan, log or state ever has the value: external-secrets writes them.

Both components need external-secrets in the cluster (the section `secrets`), and a namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

_API: Final = "external-secrets.io/v1"
_GENERATORS: Final = "generators.external-secrets.io/v1alpha1"
PASSWORD: Final = "{{ .password }}"  # noqa: S105 - what stands for it
"""What stands for the password in the entries of a Secret."""


@dataclass(frozen=True, kw_only=True)
class GeneratedPasswordArgs:
    """Where a password is wanted, and as what."""

    namespace: str
    secret: str
    """Name of the Secret that gets it."""
    labels: Mapping[str, str]
    data: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"password": PASSWORD}))
    """Entries of the Secret; `PASSWORD` in a value stands for the password. Default: that alone."""
    length: int = 32
    """Characters: letters and digits."""
    after: tuple[pulumi.Resource, ...] = ()
    """The namespace, and external-secrets; they outlive it."""


class GeneratedPassword(pulumi.ComponentResource):
    """A Secret with a password that is made in the cluster, once, and that nobody is told."""

    ready: tuple[pulumi.Resource, ...]
    """What reads the Secret comes after these. It may have to wait for the Secret a moment longer."""

    def __init__(self, name: str, args: GeneratedPasswordArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:passwords:GeneratedPassword", name, {}, opts)
        metadata = {"name": args.secret, "namespace": args.namespace, "labels": dict(args.labels)}
        generator = CustomResource(
            name,
            api_version=_GENERATORS,
            kind="Password",
            metadata=metadata,
            spec=generator_spec(args.length),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        secret = CustomResource(
            f"{name}-secret",
            api_version=_API,
            kind="ExternalSecret",
            metadata=metadata,
            spec=generated(args.secret, args.data),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[generator]),
        )
        self.ready = (secret,)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class StoredSecretArgs:
    """Which of the platform's secrets is wanted, and where."""

    namespace: str
    secret: str
    """Name of the Secret that gets it."""
    labels: Mapping[str, str]
    store: str
    """Name of the ClusterSecretStore."""
    key: str
    """The secret's whole name in the store: ``mlcluster/dev/platform/login``."""
    properties: Mapping[str, str]
    """Entries of the Secret, and the keys that the stored one, which is a JSON object, has them under."""
    refresh_s: int
    """Seconds after which it is read again."""
    after: tuple[pulumi.Resource, ...] = ()
    """The namespace, and the store; they outlive it."""


class StoredSecret(pulumi.ComponentResource):
    """A Secret with what is in AWS Secrets Manager."""

    ready: tuple[pulumi.Resource, ...]
    """What reads the Secret comes after these. It may have to wait for the Secret a moment longer."""

    def __init__(self, name: str, args: StoredSecretArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:passwords:StoredSecret", name, {}, opts)
        secret = CustomResource(
            name,
            api_version=_API,
            kind="ExternalSecret",
            metadata={"name": args.secret, "namespace": args.namespace, "labels": dict(args.labels)},
            spec=stored(args.secret, args.store, args.key, args.properties, refresh_s=args.refresh_s),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        self.ready = (secret,)
        self.register_outputs({})


def generator_spec(length: int) -> dict[str, Any]:
    """The specification of a generator of passwords that need no quoting anywhere."""
    return {"length": length, "digits": length // 4, "symbols": 0, "noUpper": False, "allowRepeat": True}


def generated(secret: str, data: Mapping[str, str]) -> dict[str, Any]:
    """The specification of an ExternalSecret that has the generator of its name asked once.

    Asked again, it would give another password, which no database knows.
    """
    generator = {"apiVersion": _GENERATORS, "kind": "Password", "name": secret}
    return {
        "refreshPolicy": "CreatedOnce",
        "target": {
            "name": secret,
            "creationPolicy": "Owner",
            "template": {"engineVersion": "v2", "data": dict(data)},
        },
        "dataFrom": [{"sourceRef": {"generatorRef": generator}}],
    }


def stored(
    secret: str, store: str, key: str, properties: Mapping[str, str], *, refresh_s: int
) -> dict[str, Any]:
    """The specification of an ExternalSecret that has entries of a stored secret."""
    return {
        "refreshPolicy": "Periodic",
        "refreshInterval": f"{refresh_s}s",
        "secretStoreRef": {"kind": "ClusterSecretStore", "name": store},
        "target": {"name": secret, "creationPolicy": "Owner"},
        "data": [
            {"secretKey": entry, "remoteRef": {"key": key, "property": one}}
            for entry, one in properties.items()
        ],
    }
