"""A service's database: its role, its password, and its Secret in the service's namespace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components.data.postgres import cluster_manifests, names, rds_job, sharing
from components.passwords import PASSWORD, GeneratedPassword, GeneratedPasswordArgs
from infra.handles import Database
from infra.labels import Scope

_RBAC: Final = "rbac.authorization.k8s.io"
_APIS: Final = {
    **dict.fromkeys(("Database", "DatabaseRole"), cluster_manifests.API),
    **dict.fromkeys(("ExternalSecret", "SecretStore"), sharing.STORE_API),
}


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """How databases are made on a server at RDS."""

    secret_arn: pulumi.Output[str]
    """The administrator's secret in AWS Secrets Manager; pods of the Job's service account may read it."""
    region: str


@dataclass(frozen=True, kw_only=True)
class ServiceDatabaseArgs:
    """What a service's database needs."""

    scope: Scope
    database: str
    """Its name, and that of its role: small letters, digits and underscores."""
    namespace: str
    """Where the service is."""
    host: pulumi.Input[str]
    """Where the server is."""
    administrator: Administrator | None
    """None: CloudNativePG makes it."""
    rotation: int
    """Which of its passwords."""
    keep: bool
    """Whether it must not be removed."""
    after: tuple[pulumi.Resource, ...]
    """The server, the service's namespace, and external-secrets; they outlive it."""


class ServiceDatabase(pulumi.ComponentResource):
    """A database of one service, that nobody else can connect to.

    Another rotation is another Secret beside the one before, under another name, which the service's pods
    then name: they start anew, and only when all is done the old one goes. No value is in the state.
    """

    handle: Database

    def __init__(self, name: str, args: ServiceDatabaseArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:ServiceDatabase", name, {}, opts)
        self._name, self._args = name, args
        password = self._password()
        made = self._in_cluster(password) if args.administrator is None else self._at_rds(args, password)
        copy = self._copy(password)
        self.handle = Database(
            host=args.host,
            port=names.PORT,
            name=args.database,
            secret=names.secret(args.database, args.rotation),
            ready=(*made, copy),
        )
        self.register_outputs({"secret": self.handle.secret})

    def _password(self) -> tuple[pulumi.Resource, ...]:
        args = self._args
        wanted = GeneratedPasswordArgs(
            namespace=names.NAMESPACE,
            secret=names.password(args.database, args.rotation),
            labels=names.labels(args.scope),
            data={"username": args.database, "password": PASSWORD},
            after=args.after,
        )
        name = f"{self._name}-{args.rotation}"
        return GeneratedPassword(name, wanted, pulumi.ResourceOptions(parent=self)).ready

    def _in_cluster(self, password: tuple[pulumi.Resource, ...]) -> tuple[pulumi.Resource, ...]:
        """What CloudNativePG makes a role and a database of."""
        args = self._args
        networking.NetworkPolicy(
            self._name,
            metadata=self._metadata(f"{args.database}-{args.namespace}", names.NAMESPACE),
            spec=cluster_manifests.from_service(args.namespace),
            opts=self._after(args.after),
        )
        role = self._custom(
            "DatabaseRole",
            self._metadata(args.database, names.NAMESPACE, cluster_manifests.APPLIED),
            cluster_manifests.role(args.database, args.rotation, keep=args.keep),
            self._after(password),
        )
        database = self._custom(
            "Database",
            self._metadata(args.database, names.NAMESPACE, cluster_manifests.APPLIED),
            cluster_manifests.database(args.database, keep=args.keep),
            self._after((role,), protect=args.keep),
        )
        return (database,)

    def _at_rds(
        self, args: ServiceDatabaseArgs, password: tuple[pulumi.Resource, ...]
    ) -> tuple[pulumi.Resource, ...]:
        """A Job that makes them with psql; another one whenever what it does is another."""
        if args.administrator is None:
            raise ValueError("a server in the cluster has no administrator")
        job = rds_job.Making(database=args.database, rotation=args.rotation, region=args.administrator.region)
        statements = core.ConfigMap(
            self._name,
            metadata=self._metadata(job.name, names.NAMESPACE),
            data=rds_job.files(),
            opts=self._after(args.after),
        )
        spec = pulumi.Output.all(host=args.host, secret_arn=args.administrator.secret_arn).apply(
            lambda known: rds_job.spec(job, **known)
        )
        made = batch.Job(
            self._name,
            metadata=self._metadata(job.name, names.NAMESPACE),
            spec=spec,
            opts=self._after((*password, statements)),
        )
        return (made,)

    def _copy(self, password: tuple[pulumi.Resource, ...]) -> pulumi.Resource:
        """The service's Secret."""
        args = self._args
        account = sharing.account(args.database)
        core.ServiceAccount(
            self._name,
            metadata=self._metadata(account, args.namespace),
            automount_service_account_token=False,
            opts=self._after(args.after),
        )
        reading = self._allow(
            names.NAMESPACE,
            sharing.read_password(args.database, args.rotation),
            {"kind": "ServiceAccount", "name": account, "namespace": args.namespace},
        )
        being = self._allow(
            args.namespace,
            sharing.act_as(args.database),
            {"kind": "ServiceAccount", "name": sharing.ACCOUNT, "namespace": sharing.ACCOUNT},
        )
        store = self._custom(
            "SecretStore",
            self._metadata(account, args.namespace),
            sharing.store(args.database),
            self._after((reading, being)),
        )
        spec = pulumi.Output.from_input(args.host).apply(
            lambda host: sharing.copy(args.database, args.rotation, host)
        )
        return self._custom(
            "ExternalSecret",
            self._metadata(
                names.secret(args.database, args.rotation), args.namespace, cluster_manifests.READY
            ),
            spec,
            self._after((store, *password)),
            suffix=f"-{args.rotation}",
        )

    def _allow(self, namespace: str, rules: list[dict[str, Any]], who: dict[str, str]) -> pulumi.Resource:
        called = sharing.account(self._args.database)
        metadata = self._metadata(called, namespace)
        role = rbac.Role(
            f"{self._name}-{namespace}", metadata=metadata, rules=rules, opts=self._after(self._args.after)
        )
        bound: pulumi.Resource = rbac.RoleBinding(
            f"{self._name}-{namespace}",
            metadata=metadata,
            role_ref={"api_group": _RBAC, "kind": "Role", "name": called},
            subjects=[who],
            opts=self._after((role,)),
        )
        return bound

    def _custom(
        self,
        kind: str,
        metadata: Mapping[str, Any],
        spec: pulumi.Input[Mapping[str, Any]],
        opts: pulumi.ResourceOptions,
        suffix: str = "",
    ) -> pulumi.Resource:
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{kind.lower()}{suffix}",
            api_version=_APIS[kind],
            kind=kind,
            metadata=metadata,
            spec=spec,
            opts=opts,
        )
        return made

    def _after(
        self, resources: tuple[pulumi.Resource, ...], *, protect: bool = False
    ) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(resources), protect=protect or None)

    def _metadata(
        self, name: str, namespace: str, annotations: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        noted = {"annotations": dict(annotations)} if annotations else {}
        return {"name": name, "namespace": namespace, "labels": names.labels(self._args.scope), **noted}
