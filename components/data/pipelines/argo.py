"""Argo Workflows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components import namespaces
from components.charts import Chart, ChartArgs, ChartSite
from components.data.pipelines import argo_values, team_manifests
from components.data.pipelines.argo_values import NAMESPACE, RELEASE, SERVER, Around
from infra.environment.pipelines import Pipelines
from infra.labels import Scope
from infra.mesh import Membership

COMPONENT: Final = "pipelines"
API: Final = "argoproj.io/v1alpha1"
_RBAC: Final = "rbac.authorization.k8s.io"


@dataclass(frozen=True, kw_only=True)
class PipelinesSpaceArgs:
    """What the place of Argo Workflows needs."""

    scope: Scope
    membership: Membership | None = None
    """How it is part of the mesh; None: it is not."""
    metrics: str | None = None
    """The namespace of Prometheus; None: there is none."""
    after: tuple[pulumi.Resource, ...] = ()
    """What pods need, and the mesh; they outlive it."""


class PipelinesSpace(pulumi.ComponentResource):
    """The namespace of Argo Workflows, and who may speak to what is in it."""

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: PipelinesSpaceArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:PipelinesSpace", name, {}, opts)
        meshed = {} if args.membership is None else args.membership.labels
        labels = args.scope.labels(COMPONENT)
        space = namespaces.namespace(
            name, NAMESPACE, {**labels, **meshed}, "restricted", parent=self, after=args.after
        )
        closed = networking.NetworkPolicy(
            name,
            metadata={"name": "ways-in", "namespace": NAMESPACE, "labels": labels},
            spec=argo_values.ways_in(args.membership, args.metrics),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[space]),
        )
        self.ready = (space, closed)
        self.register_outputs({})


@dataclass(frozen=True, kw_only=True)
class ArgoWorkflowsArgs:
    """What Argo Workflows needs."""

    scope: Scope
    pipelines: Pipelines
    around: Around
    templates: Mapping[str, Mapping[str, Any]]
    """Specifications of templates that all teams share, by name."""
    site: ChartSite = field(default_factory=ChartSite)
    after: tuple[pulumi.Resource, ...] = ()
    """Its namespace, and what brings monitors' kinds; they outlive it."""


class ArgoWorkflows(pulumi.ComponentResource):
    """The controller, which runs workflows in all namespaces, the server, and templates for all teams.

    The server knows what there is, and does nothing in its own name: people come with a token of the
    cluster's, and may what it lets them.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: ArgoWorkflowsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:data:ArgoWorkflows", name, {}, opts)
        self._name, self._args = name, args
        rights = self._server_rights()
        database = () if args.around.database is None else args.around.database.ready
        chart = Chart(
            RELEASE,
            ChartArgs(
                chart="argo-workflows",
                namespace=NAMESPACE,
                values=argo_values.values(args.pipelines, args.around),
                after=(*args.after, *rights, *database),
                site=args.site,
            ),
            pulumi.ResourceOptions(parent=self),
        ).release
        roles = [self._role(role, rules) for role, rules in team_manifests.roles().items()]
        templates = [self._template(one, spec, chart) for one, spec in args.templates.items()]
        self.ready = (chart, *roles, *templates)
        self.register_outputs({})

    def _server_rights(self) -> tuple[pulumi.Resource, ...]:
        name = f"{self._name}-server"
        who = {"kind": "ServiceAccount", "name": SERVER, "namespace": NAMESPACE}
        after = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
        wide, here = self._metadata(f"mlcluster-{SERVER}"), self._metadata(SERVER, NAMESPACE)
        everywhere = rbac.ClusterRole(name, metadata=wide, rules=argo_values.server_rules(), opts=after)
        at_home = rbac.Role(
            name,
            metadata=here,
            rules=argo_values.server_rules_at_home(self._args.around.database),
            opts=after,
        )
        return (
            rbac.ClusterRoleBinding(
                name,
                metadata=wide,
                role_ref={"api_group": _RBAC, "kind": "ClusterRole", "name": wide["name"]},
                subjects=[who],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[everywhere]),
            ),
            rbac.RoleBinding(
                name,
                metadata=here,
                role_ref={"api_group": _RBAC, "kind": "Role", "name": here["name"]},
                subjects=[who],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[at_home]),
            ),
        )

    def _role(self, name: str, rules: list[dict[str, Any]]) -> pulumi.Resource:
        """Rights that teams' own part gives to whom it says."""
        made: pulumi.Resource = rbac.ClusterRole(
            name.removeprefix("mlcluster-"),
            metadata=self._metadata(name),
            rules=rules,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made

    def _template(self, name: str, spec: Mapping[str, Any], chart: pulumi.Resource) -> pulumi.Resource:
        made: pulumi.Resource = CustomResource(
            f"{self._name}-{name}",
            api_version=API,
            kind="ClusterWorkflowTemplate",
            metadata=self._metadata(name),
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[chart]),
        )
        return made

    def _metadata(self, name: str, namespace: str | None = None) -> dict[str, Any]:
        where = {} if namespace is None else {"namespace": namespace}
        return {"name": name, **where, "labels": self._args.scope.labels(COMPONENT)}
