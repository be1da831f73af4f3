"""cert-manager: certificates, asked for, answered for and renewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import ingress, namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.cluster import cert_manager_manifests as manifests
from components.cluster import edge_policies
from components.identity import PodIdentity, PodIdentityArgs
from infra.environment.certificates import Certificates
from infra.handles import ClusterHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT: Final = "certificates"


@dataclass(frozen=True, kw_only=True)
class Challenges:
    """Where an ACME authority's challenges are answered: in a zone of Route 53."""

    place: Place
    cluster: ClusterHandle
    zone: str
    """Id of the hosted zone."""
    base: str
    """The domain that all names are below: ``dev.example.com``."""


@dataclass(frozen=True, kw_only=True)
class CertManagerArgs:
    """What cert-manager needs."""

    scope: Scope
    certificates: Certificates
    challenges: Challenges | None = None
    """Required for ACME authorities."""
    replicas: int = 1
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """What its pods need, and outlives it."""


class CertManager(pulumi.ComponentResource):
    """cert-manager and one ClusterIssuer, which has the same name whoever signs.

    The release is done when cert-manager's own check of its webhook succeeded; issuers come after it. What
    asks for certificates comes after `ready`, and goes before it.
    """

    issuer: str
    """Name of the ClusterIssuer."""
    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: CertManagerArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:CertManager", name, {}, opts)
        self._name, self._args = name, args
        space = namespaces.namespace(
            name,
            manifests.NAMESPACE,
            args.scope.labels(_COMPONENT),
            "restricted",
            parent=self,
            after=args.after,
        )
        ingress.closed(name, space, args.scope.labels(_COMPONENT), manifests.ways_in(), parent=self)
        rights = () if args.challenges is None else self._rights(args.challenges)
        chart = Chart(
            name,
            ChartArgs(
                chart="cert-manager",
                namespace=manifests.NAMESPACE,
                values=manifests.values(args.replicas),
                after=(space, *rights, *args.after),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.issuer = manifests.ISSUER
        self.ready = (chart.release, self._issuer(chart.release))
        self.register_outputs({"issuer": self.issuer})

    def _rights(self, challenges: Challenges) -> tuple[pulumi.Resource, ...]:
        identity = PodIdentity(
            self._name,
            PodIdentityArgs(
                scope=self._args.scope,
                place=challenges.place,
                cluster=challenges.cluster,
                namespace=manifests.NAMESPACE,
                service_account=manifests.ACCOUNT,
                role="certificates",
                description="Answers to the challenges of an ACME authority",
                component=_COMPONENT,
                statements=edge_policies.challenges(challenges.place, challenges.zone, challenges.base),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        return identity.rights

    def _issuer(self, chart: pulumi.Resource) -> pulumi.Resource:
        certificates, challenges = self._args.certificates, self._args.challenges
        if certificates.authority != "private":
            if challenges is None:
                raise ValueError(
                    "an ACME authority has its challenges answered in a zone: it was never checked"
                )
            solver = manifests.solver(challenges.base, challenges.zone, challenges.place.region)
            return self._custom(
                "ClusterIssuer", manifests.ISSUER, manifests.acme(certificates, solver), [chart]
            )
        if certificates.secret is not None:
            spec = manifests.signed_by(certificates.secret)
            return self._custom("ClusterIssuer", manifests.ISSUER, spec, [chart])
        return self._own_authority(chart)

    def _own_authority(self, chart: pulumi.Resource) -> pulumi.Resource:
        """An authority that signs itself, whose key never leaves the cluster."""
        first = self._custom("ClusterIssuer", manifests.ROOT, {"selfSigned": {}}, [chart])
        spec = manifests.root(self._args.scope.environment)
        root = self._custom("Certificate", manifests.ROOT, spec, [first], manifests.NAMESPACE)
        return self._custom("ClusterIssuer", manifests.ISSUER, manifests.signed_by(manifests.ROOT), [root])

    def _custom(
        self,
        kind: str,
        name: str,
        spec: Mapping[str, Any],
        after: list[pulumi.Resource],
        namespace: str | None = None,
    ) -> pulumi.Resource:
        place = {} if namespace is None else {"namespace": namespace}
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{kind.lower()}-{name}",
            api_version=manifests.API,
            kind=kind,
            metadata={"name": name, **place, "labels": self._args.scope.labels(_COMPONENT)},
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        return made
