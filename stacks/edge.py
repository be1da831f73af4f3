"""What leads into a cluster, and what its services keep to themselves: names, certificates, secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from components.cluster.cert_manager import CertManager, CertManagerArgs, Challenges
from components.cluster.cert_manager_manifests import ISSUER
from components.cluster.controllers import ControllerIdentities, ControllerIdentitiesArgs
from components.cluster.external_dns import ExternalDns, ExternalDnsArgs
from components.cluster.external_secrets import (
    AtSecretsManager,
    ExternalSecrets,
    ExternalSecretsArgs,
    TeamSecrets,
    TeamSecretsArgs,
)
from components.cluster.external_secrets_manifests import PLATFORM_STORE
from components.cluster.load_balancer import LoadBalancers, LoadBalancersArgs
from components.tenancy import manifests
from infra import hostnames
from infra.environment import Environment
from infra.environment.domain import Domain
from infra.handles import ClusterHandle, Edge, NetworkHandle, TeamSpace
from stacks import wiring


def on_aws(
    env: Environment,
    network: NetworkHandle,
    cluster: ClusterHandle,
    after: tuple[pulumi.Resource, ...],
    cloud: pulumi.ResourceOptions,
    opts: pulumi.ResourceOptions,
) -> Edge:
    """The edge of a cluster at AWS.

    Args:
        env: The environment.
        network: The cluster's network.
        cluster: The cluster.
        after: What pods need to run.
        cloud: Options of what is only at AWS.
        opts: Options of what is in the cluster too.
    """
    identities = _identities(env, cluster, cloud)
    doors: tuple[pulumi.Resource, ...] = ()
    if env.domain is not None:
        doors = _doors(env, env.domain, network, cluster, (*after, *identities.rights), opts)
    keeper = AtSecretsManager(place=wiring.place_of(env), cluster=cluster)
    certificates = _certificates(env, _challenges(env, cluster), after, opts)
    return _edge(doors, certificates, _secrets(env, keeper, after, opts))


def on_existing_cluster(env: Environment, opts: pulumi.ResourceOptions) -> Edge:
    """The edge of a cluster that somebody else made: its load balancers and names are theirs."""
    return _edge((), _certificates(env, None, (), opts), _secrets(env, None, (), opts))


def team_secrets(
    env: Environment, edge: Edge, teams: Mapping[str, TeamSpace], opts: pulumi.ResourceOptions
) -> None:
    """Each team's way to its secrets, where there are any."""
    if env.secrets is None:
        return
    place = wiring.place_of(env) if env.platform == "aws" else None
    for name, space in teams.items():
        args = TeamSecretsArgs(
            scope=env.scope,
            team=name,
            namespaces=space.namespaces,
            groups=manifests.member_groups(name, env.teams[name]),
            home=env.home,
            place=place,
            after=(*edge.ready, *space.ready),
        )
        TeamSecrets(f"secrets-{name}", args, opts)


def elsewhere(env: Environment) -> Edge:
    """The edge that another stack has made for an environment."""
    at_aws = env.platform == "aws"
    return Edge(
        issuer=None if env.certificates is None else ISSUER,
        store=PLATFORM_STORE if env.secrets is not None and at_aws else None,
        passwords=env.secrets is not None,
    )


def _identities(
    env: Environment, cluster: ClusterHandle, opts: pulumi.ResourceOptions
) -> ControllerIdentities:
    """Who controllers are at AWS, those of the environment's own and those that others install."""
    zones = () if env.cluster is None else env.cluster.hosted_zones
    domain = env.domain
    args = ControllerIdentitiesArgs(
        scope=env.scope,
        place=wiring.place_of(env),
        cluster=cluster,
        hosted_zones=zones if domain is None else (str(domain.hosted_zone),),
        base=None if domain is None else hostnames.base(env.name, domain.name),
    )
    return ControllerIdentities("controllers", args, opts)


def _doors(
    env: Environment,
    domain: Domain,
    network: NetworkHandle,
    cluster: ClusterHandle,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> tuple[pulumi.Resource, ...]:
    """Load balancers, and their names."""
    common: dict[str, Any] = {
        "scope": env.scope,
        "place": wiring.place_of(env),
        "cluster": cluster,
        "site": wiring.charts_of(env),
        "after": after,
    }
    balancers = LoadBalancersArgs(**common, network=network, replicas=wiring.replicas(env))
    names = ExternalDnsArgs(
        **common,
        zone=str(domain.hosted_zone),
        base=hostnames.base(env.name, domain.name),
        private=domain.private,
    )
    return (
        *LoadBalancers("load-balancers", balancers, opts).ready,
        *ExternalDns("external-dns", names, opts).ready,
    )


def _challenges(env: Environment, cluster: ClusterHandle) -> Challenges | None:
    """Where an ACME authority is answered, if there is one."""
    if env.certificates is None or env.certificates.authority == "private" or env.domain is None:
        return None
    return Challenges(
        place=wiring.place_of(env),
        cluster=cluster,
        zone=str(env.domain.hosted_zone),
        base=hostnames.base(env.name, env.domain.name),
    )


def _certificates(
    env: Environment,
    challenges: Challenges | None,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> CertManager | None:
    if env.certificates is None:
        return None
    args = CertManagerArgs(
        scope=env.scope,
        certificates=env.certificates,
        challenges=challenges,
        replicas=wiring.replicas(env),
        site=wiring.charts_of(env),
        after=after,
    )
    return CertManager("cert-manager", args, opts)


def _secrets(
    env: Environment,
    keeper: AtSecretsManager | None,
    after: tuple[pulumi.Resource, ...],
    opts: pulumi.ResourceOptions,
) -> ExternalSecrets | None:
    if env.secrets is None:
        return None
    args = ExternalSecretsArgs(
        scope=env.scope, aws=keeper, replicas=wiring.replicas(env), site=wiring.charts_of(env), after=after
    )
    return ExternalSecrets("external-secrets", args, opts)


def _edge(
    doors: tuple[pulumi.Resource, ...], certificates: CertManager | None, secrets: ExternalSecrets | None
) -> Edge:
    return Edge(
        issuer=None if certificates is None else certificates.issuer,
        store=None if secrets is None else secrets.store,
        passwords=secrets is not None,
        ready=(
            *doors,
            *(() if certificates is None else certificates.ready),
            *(() if secrets is None else secrets.ready),
        ),
    )
