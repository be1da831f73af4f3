"""Pipelines of an environment, and what brings to it what is in Git."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pulumi

from components.data.pipelines import argo_values, delivery_values, team_manifests, templates
from components.data.pipelines.argo import (
    ArgoWorkflows,
    ArgoWorkflowsArgs,
    PipelinesSpace,
    PipelinesSpaceArgs,
)
from components.data.pipelines.argo_values import Around
from components.data.pipelines.delivery import (
    ContinuousDelivery,
    ContinuousDeliveryArgs,
    TeamDelivery,
    TeamDeliveryArgs,
    TeamProject,
    TeamProjectArgs,
    Vault,
)
from components.data.pipelines.delivery_values import Front
from components.data.pipelines.quality import quality_template
from components.data.pipelines.team import TeamPipelines, TeamPipelinesArgs
from components.data.pipelines.team_manifests import At
from components.tenancy import access, manifests
from infra import hostnames
from infra.environment import Environment
from infra.environment.pipelines import Pipelines
from infra.environment.pipelines.delivery import Delivery
from infra.environment.teams import PHASES
from infra.handles import Database, ObjectStore, PipelinePlatform, TeamSpace
from stacks import mesh, postgres, wiring
from stacks.ground import Ground
from stacks.mesh import Console

_HOST: Final = "pipelines"
_DATABASE: Final = "argo"


def deploy(ground: Ground, server: postgres.Server | None) -> PipelinePlatform | None:
    """The platform's part; None where the environment has none."""
    env = ground.env
    if env.pipelines is None:
        return None
    ready = _workflows(ground, env.pipelines, server)
    if env.pipelines.delivery is not None:
        ready = (*ready, *_delivery(ground, env.pipelines.delivery))
    return PipelinePlatform(kind="argo", artifacts=_artifacts(ground.lake), ready=ready)


def elsewhere(env: Environment, told: Callable[[str], pulumi.Output[Any]]) -> PipelinePlatform | None:
    """The platform's part, that another stack has made.

    Args:
        env: The environment.
        told: What that stack tells by a name.
    """
    if env.pipelines is None:
        return None
    artifacts: pulumi.Output[Any] = told("services").apply(
        lambda services: services["pipelines"].get("artifacts")
    )
    return PipelinePlatform(kind="argo", artifacts=artifacts)


def before_teams(ground: Ground, handle: PipelinePlatform) -> tuple[pulumi.Resource, ...]:
    """What has to be there as long as teams' namespaces are: their projects in Argo CD."""
    env = ground.env
    if env.pipelines is None or env.pipelines.delivery is None:
        return ()
    made: list[pulumi.Resource] = []
    for name, team in env.teams.items():
        # One that is leaving has its project still, and may neither see nor deliver any more.
        repositories = () if team.offboard else env.pipelines.delivery.repositories.get(name, ())
        args = TeamProjectArgs(
            scope=env.scope,
            team=name,
            namespaces=tuple(manifests.namespace(name, phase) for phase in PHASES),
            repositories=repositories,
            groups=() if team.offboard else _as_in_tokens(env, team.groups),
            after=handle.ready,
        )
        made.extend(TeamProject(f"project-{name}", args, ground.opts).ready)
    return tuple(made)


def teams(ground: Ground, handle: PipelinePlatform, spaces: Mapping[str, TeamSpace]) -> None:
    """What each team has of it."""
    env = ground.env
    pipelines = env.pipelines
    if pipelines is None:
        return
    for team, space in spaces.items():
        groups = manifests.member_groups(team, env.teams[team])
        args = TeamPipelinesArgs(
            scope=env.scope,
            team=team,
            space=space,
            groups=groups,
            account=access.SERVICE_ACCOUNT,
            at=_at(env, team, ground.lake),
            bucket="" if ground.lake is None else ground.lake.buckets[team_manifests.ZONE],
            semaphores=pipelines.semaphores.get(team, {}),
            after=handle.ready,
        )
        TeamPipelines(f"pipelines-{team}", args, ground.opts)
        if pipelines.delivery is not None:
            delivered = TeamDeliveryArgs(
                scope=env.scope, team=team, space=space, members=groups, after=handle.ready
            )
            TeamDelivery(f"delivery-{team}", delivered, ground.opts)


def _workflows(
    ground: Ground, pipelines: Pipelines, server: postgres.Server | None
) -> tuple[pulumi.Resource, ...]:
    env, metrics = ground.env, ground.metrics
    place = PipelinesSpaceArgs(
        scope=env.scope,
        membership=mesh.membership(env),
        metrics=None if metrics is None else metrics.namespace,
        after=(*ground.after, *ground.web.ready),
    )
    space = PipelinesSpace("pipelines-space", place, ground.opts)
    watched = () if metrics is None else metrics.ready
    args = ArgoWorkflowsArgs(
        scope=env.scope,
        pipelines=pipelines,
        around=Around(
            environment=env.name,
            account=access.SERVICE_ACCOUNT,
            replicas=wiring.replicas(env),
            monitored=metrics is not None,
            logs=ground.lake is not None,
            database=_database(ground, pipelines, server, space),
        ),
        templates={
            templates.MODEL_CI: templates.model_ci(lake=ground.lake is not None),
            templates.QUALITY: quality_template(),
            templates.RUN_OBJECT: templates.run_object(),
        },
        site=wiring.charts_of(env),
        after=(*space.ready, *ground.after, *watched),
    )
    argo = ArgoWorkflows("pipelines", args, ground.opts)
    console = Console(
        namespace=argo_values.NAMESPACE,
        service=argo_values.SERVER,
        port=argo_values.PORT,
        component="pipelines",
        ready=argo.ready,
    )
    mesh.publish(env, ground.web, _HOST, console, ground.opts)
    return argo.ready


def _database(
    ground: Ground, pipelines: Pipelines, server: postgres.Server | None, space: PipelinesSpace
) -> Database | None:
    """Where records of workflows are kept, if they are."""
    if pipelines.archive is None or server is None:
        return None
    return postgres.database(ground, server, _DATABASE, argo_values.NAMESPACE, after=space.ready)


def _delivery(ground: Ground, delivery: Delivery) -> tuple[pulumi.Resource, ...]:
    env, metrics = ground.env, ground.metrics
    front = _front(ground, delivery)
    watched = () if metrics is None else metrics.ready
    args = ContinuousDeliveryArgs(
        scope=env.scope,
        front=front,
        vault=_vault(ground),
        credentials=delivery.credentials,
        metrics=None if metrics is None else metrics.namespace,
        replicas=wiring.replicas(env),
        site=wiring.charts_of(env),
        after=(*ground.after, *ground.edge.ready, *watched),
    )
    argo_cd = ContinuousDelivery("delivery", args, ground.opts)
    if front is not None:
        console = Console(
            namespace=delivery_values.NAMESPACE,
            service=delivery_values.SERVER,
            port=delivery_values.PORT,
            component="delivery",
            ready=argo_cd.ready,
        )
        mesh.publish(env, ground.web, delivery_values.HOST, console, ground.opts)
    return argo_cd.ready


def _front(ground: Ground, delivery: Delivery) -> Front | None:
    """How people get at Argo CD's console: only where the gateway asks who they are."""
    env, gateway = ground.env, ground.web.gateway
    if env.domain is None or env.domain.login is None or gateway is None or not gateway.login:
        return None
    return Front(
        host=hostnames.host(env.name, env.domain.name, delivery_values.HOST),
        login=env.domain.login,
        secret=delivery_values.LOGIN_SECRET if ground.edge.store else env.domain.login.secret,
        admins=delivery.admins,
    )


def _vault(ground: Ground) -> Vault | None:
    env, store = ground.env, ground.edge.store
    if env.secrets is None or store is None:
        return None
    return Vault(store=store, folder=f"mlcluster/{env.name}/platform/", refresh_s=int(env.secrets.refresh))


def _artifacts(lake: ObjectStore | None) -> pulumi.Output[str] | None:
    return (
        None if lake is None else pulumi.Output.concat("s3://", lake.buckets[team_manifests.ZONE], "/teams")
    )


def _at(env: Environment, team: str, lake: ObjectStore | None) -> At | None:
    """Where a team's artifacts go."""
    if lake is None:
        return None
    prefix = access.prefix(team)
    if lake.endpoint is not None:
        return team_manifests.at_endpoint(prefix, lake.endpoint)
    place = wiring.place_of(env)
    host = f"s3.{place.region}.{place.dns_suffix}"
    return At(prefix=prefix, host=host, region=place.region)


def _as_in_tokens(env: Environment, groups: tuple[str, ...]) -> tuple[str, ...]:
    """Groups as the provider's tokens have them, without what Kubernetes puts before them."""
    oidc = None if env.cluster is None else env.cluster.oidc
    return groups if oidc is None else tuple(group.removeprefix(oidc.groups_prefix) for group in groups)
