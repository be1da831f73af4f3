"""The mesh, the gateway, the login, and what leads through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from components.mesh.gateway import Gateway, GatewayArgs
from components.mesh.istio import Istio, IstioArgs
from components.mesh.login import Login, LoginArgs
from components.mesh.policies import TeamPolicies, TeamPoliciesArgs
from components.mesh.route import Route, RouteArgs
from components.observability.prometheus_values import Console as GrafanaConsole
from infra import hostnames
from infra.environment import Environment
from infra.handles import Edge, GatewayHandle, Metrics, TeamSpace
from infra.mesh import Membership
from stacks import wiring

_GRAFANA: Final = "grafana"
_BELIEVING: Final = {_GRAFANA: {"app.kubernetes.io/name": "grafana"}}
"""Labels of the pods of consoles that believe what the gateway tells of people."""


@dataclass(frozen=True, kw_only=True)
class MeshStack:
    """The mesh as others use it; nothing of it is there where the environment has none."""

    gateway: GatewayHandle | None = None
    ready: tuple[pulumi.Resource, ...] = ()
    """What is in the mesh comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class Console:
    """A service that people open in a browser."""

    namespace: str
    """Where it is; one of the environment's own, with its labels."""
    service: str
    """Name of its Service."""
    port: int
    component: str
    """The component that it is part of, for labels."""
    ready: tuple[pulumi.Resource, ...]
    """The service itself, which outlives the route to it."""
    pods: Mapping[str, str] | None = None
    """Labels of its pods, where it believes what the gateway tells of people."""


def membership(env: Environment) -> Membership | None:
    """How teams' namespaces are part of the mesh; None without one."""
    if env.mesh is None:
        return None
    return Membership(mode=env.mesh.mode, revision=env.mesh.revision, gateway=env.mesh.gateway is not None)


def watcher(env: Environment) -> Mapping[str, str]:
    """Labels by which Prometheus is part of the mesh, so that it can look into what takes in nothing plain.

    An ambient mesh takes single pods in, as they are. Sidecars hand metrics out by a port of their own that
    is not encrypted, so for those it stays outside:
    https://istio.io/v1.29/docs/ops/integrations/prometheus/
    """
    there = membership(env)
    watched = env.monitoring is not None and there is not None and there.mode == "ambient"
    return there.labels if watched and there is not None else {}


def deploy(
    env: Environment, edge: Edge, after: tuple[pulumi.Resource, ...], opts: pulumi.ResourceOptions
) -> MeshStack:
    """The mesh with its gateway and the login, as far as the environment has them.

    Args:
        env: The environment.
        edge: Certificates, load balancers, names and secrets.
        after: What pods need to run.
        opts: Options of the components.
    """
    if env.mesh is None:
        return MeshStack()
    args = IstioArgs(
        scope=env.scope,
        mesh=env.mesh,
        replicas=wiring.replicas(env),
        login=_asks(env),
        site=wiring.charts_of(env),
        after=after,
    )
    ready = Istio("istio", args, opts).ready
    gateway = _gateway(env, edge, ready, opts)
    if gateway is not None:
        _login(env, edge, gateway, ready, opts)
    return MeshStack(gateway=gateway, ready=ready)


def elsewhere(env: Environment) -> MeshStack:
    """The mesh that another stack has made for an environment."""
    if env.mesh is None or env.mesh.gateway is None or env.domain is None:
        return MeshStack()
    base = hostnames.base(env.home, env.domain.name)
    return MeshStack(gateway=GatewayHandle(base=base, login=_asks(env), ready=()))


def policies(
    env: Environment, mesh: MeshStack, teams: Mapping[str, TeamSpace], opts: pulumi.ResourceOptions
) -> None:
    """Who may speak to teams' pods, where there is a mesh."""
    if env.mesh is None:
        return
    for team, space in teams.items():
        args = TeamPoliciesArgs(
            scope=env.scope,
            team=team,
            space=space,
            gateway=env.mesh.gateway is not None,
            scraped=bool(watcher(env)),
            after=mesh.ready,
        )
        TeamPolicies(f"mesh-{team}", args, opts)


def publish(
    env: Environment, mesh: MeshStack, name: str, console: Console, opts: pulumi.ResourceOptions
) -> str | None:
    """Leads a host to a console: only where there is a gateway that asks who people are.

    Args:
        env: The environment.
        mesh: The mesh.
        name: The console's part of its host name: ``grafana``.
        console: The console.
        opts: Options of the component.

    Returns:
        The whole host name; None where it is let out nowhere.
    """
    if mesh.gateway is None or not mesh.gateway.login:
        return None
    args = RouteArgs(
        scope=env.scope,
        gateway=mesh.gateway,
        host=name,
        namespace=console.namespace,
        service=console.service,
        port=console.port,
        component=console.component,
        pods=console.pods,
        after=console.ready,
    )
    return Route(f"route-{name}", args, opts).host


def grafana(env: Environment) -> GrafanaConsole | None:
    """How people get at Grafana: it believes the gateway who they are; None where it is not let out.

    https://grafana.com/docs/grafana/latest/setup-grafana/configure-access/configure-authentication/auth-proxy/
    """
    if env.domain is None or not _asks(env):
        return None
    proxy = {
        "enabled": True,
        "header_name": "X-Auth-Request-Email",
        "header_property": "email",
        "headers": "Name:X-Auth-Request-Preferred-Username",
        "auto_sign_up": True,
    }
    url = f"https://{hostnames.host(env.name, env.domain.name, _GRAFANA)}"
    return GrafanaConsole(url=url, settings={"auth.proxy": proxy})


def consoles(
    env: Environment, mesh: MeshStack, metrics: Metrics | None, opts: pulumi.ResourceOptions
) -> None:
    """Leads hosts to the consoles of what watches the environment."""
    if metrics is None:
        return
    for name, (service, port) in metrics.consoles.items():
        console = Console(
            namespace=metrics.namespace,
            service=service,
            port=port,
            component="monitoring",
            ready=metrics.ready,
            pods=_BELIEVING.get(name),
        )
        publish(env, mesh, name, console, opts)


def _asks(env: Environment) -> bool:
    """Whether people are asked who they are."""
    there = env.mesh is not None and env.mesh.gateway is not None
    return there and env.domain is not None and env.domain.login is not None


def _gateway(
    env: Environment, edge: Edge, mesh: tuple[pulumi.Resource, ...], opts: pulumi.ResourceOptions
) -> GatewayHandle | None:
    if env.mesh is None or env.mesh.gateway is None:
        return None
    if env.domain is None or edge.issuer is None:
        raise ValueError(f"{env.name} has a gateway without a domain or certificates: it was never checked")
    args = GatewayArgs(
        scope=env.scope,
        gateway=env.mesh.gateway,
        revision=env.mesh.revision,
        domain=env.domain.name,
        issuer=edge.issuer,
        at_aws=env.platform == "aws",
        public=not env.domain.private,
        login=_asks(env),
        replicas=wiring.replicas(env),
        site=wiring.charts_of(env),
        after=(*mesh, *edge.ready),
    )
    return Gateway("gateway", args, opts).handle


def _login(
    env: Environment,
    edge: Edge,
    gateway: GatewayHandle,
    mesh: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> None:
    there = membership(env)
    if env.domain is None or env.domain.login is None or env.secrets is None or there is None:
        return
    login = env.domain.login
    key = None if edge.store is None else f"mlcluster/{env.name}/platform/{login.secret}"
    args = LoginArgs(
        scope=env.scope,
        login=login,
        gateway=gateway,
        membership=there,
        key=key,
        store=edge.store,
        refresh_s=int(env.secrets.refresh),
        replicas=wiring.replicas(env),
        site=wiring.charts_of(env),
        after=(*mesh, *edge.ready),
    )
    Login("login", args, opts)
