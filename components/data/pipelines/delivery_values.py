"""What Argo CD is made of: Helm values, rules and projects, in their own terms.

It may do in the cluster what brings teams' things to their namespaces, and no more: one list of kinds says
what it knows of, what its rights are for, and what projects let teams bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from components.scheduling import resources, spread
from infra import mesh
from infra.environment.domain import Login
from infra.environment.teams import PHASES

NAMESPACE: Final = "argocd"
RELEASE: Final = "argocd"
SERVER: Final = f"{RELEASE}-server"
PORT: Final = 80
"""Of the server's Service; it is encrypted at the gateway."""
HOST: Final = "delivery"
"""Its part of the host name."""
CLUSTER: Final = "https://kubernetes.default.svc"
LOGIN_SECRET: Final = "argocd-login"  # noqa: S105 - its name
CLIENT_SECRET: Final = "client-secret"  # noqa: S105 - the key that it is under
OF_ARGO_CD: Final = {"app.kubernetes.io/part-of": "argocd"}
"""Label of Secrets that Argo CD's configuration may refer to:
https://argo-cd.readthedocs.io/en/stable/operator-manual/user-management/#sensitive-data-and-sso-client-secrets"""
CREDENTIALS: Final = {"argocd.argoproj.io/secret-type": "repo-creds"}
"""Label of Secrets with credentials of repositories:
https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repository-credentials"""

_SERVER_PORT: Final = 8080
_METRICS_PORTS: Final = (8082, 8083, 8084)
"""Of controller, server and the one that reads repositories."""

DELIVERED: Final[Mapping[str, Mapping[str, str]]] = {
    "": {"ConfigMap": "configmaps", "PersistentVolumeClaim": "persistentvolumeclaims", "Service": "services"},
    "apps": {"Deployment": "deployments", "StatefulSet": "statefulsets"},
    "argoproj.io": {"CronWorkflow": "cronworkflows", "WorkflowTemplate": "workflowtemplates"},
    "autoscaling": {"HorizontalPodAutoscaler": "horizontalpodautoscalers"},
    "batch": {"CronJob": "cronjobs", "Job": "jobs"},
    "external-secrets.io": {"ExternalSecret": "externalsecrets"},
    "policy": {"PodDisruptionBudget": "poddisruptionbudgets"},
    "serving.kserve.io": {"InferenceService": "inferenceservices"},
    "sparkoperator.k8s.io": {
        "ScheduledSparkApplication": "scheduledsparkapplications",
        "SparkApplication": "sparkapplications",
    },
}
"""What teams may bring, by API group, with its plural; all of it is in namespaces."""
_SEEN: Final[Mapping[str, Mapping[str, str]]] = {
    "": {"Pod": "pods"},
    "apps": {"ReplicaSet": "replicasets"},
    "argoproj.io": {"Workflow": "workflows"},
}
"""What comes of that."""
_READ: Final = ("get", "list", "watch")
_APPLICATIONS: Final = ("create", "delete", *_READ, "patch", "update")


@dataclass(frozen=True, kw_only=True)
class Front:
    """How people get at its console."""

    host: str
    """The whole host name."""
    login: Login
    secret: str = LOGIN_SECRET
    """The Secret with the client's secret."""
    admins: tuple[str, ...] = ()
    """Groups that may do everything."""


def values(front: Front | None, replicas: int, *, monitored: bool) -> dict[str, Any]:
    """Values of the chart `argo-cd`.

    Args:
        front: How people get at its console; None: nobody logs in, so there is none, and Applications are
            seen by kubectl.
        replicas: Pods of what may have several.
        monitored: Whether there is somebody who reads metrics.
    """
    watched = {"metrics": {"enabled": monitored, "serviceMonitor": {"enabled": monitored}}}
    return {
        "crds": {"install": True, "keep": True},
        "global": {
            "domain": "" if front is None else front.host,
            "logging": {"format": "json"},
            # One of our own says it for the whole namespace.
            "networkPolicy": {"create": False},
        },
        "configs": {
            "cm": settings(front),
            "params": {
                "server.insecure": True,
                "application.namespaces": ",".join(f"*-{phase}" for phase in PHASES),
            },
            "rbac": rbac(front),
        },
        "controller": {
            # One of them works for one cluster: https://argo-cd.readthedocs.io/en/stable/operator-manual/high_availability/
            "replicas": 1,
            "resources": resources("250m", "512Mi", most="2Gi"),
            "clusterRoleRules": {"enabled": True, "rules": controller_rules()},
            **watched,
        },
        "server": {
            **_spread("server", replicas if front is not None else 0),
            "resources": resources("50m", "128Mi", most="512Mi"),
            "clusterRoleRules": {"enabled": True, "rules": server_rules()},
            **watched,
        },
        "repoServer": {
            **_spread("repo-server", replicas),
            "resources": resources("100m", "256Mi", most="1Gi"),
            **watched,
        },
        "redis": {"resources": resources("50m", "64Mi", most="256Mi")},
        "redisSecretInit": {"resources": resources("10m", "32Mi", most="128Mi")},
        # People come from the provider itself, sets of applications and messages are for nobody yet.
        "dex": {"enabled": False},
        "applicationSet": {"replicas": 0, "resources": resources("50m", "64Mi", most="256Mi")},
        "notifications": {"enabled": False},
    }


def _spread(component: str, replicas: int) -> dict[str, Any]:
    return {
        "replicas": replicas,
        "pdb": {"enabled": replicas > 1, "minAvailable": 1},
        "topologySpreadConstraints": spread({"app.kubernetes.io/name": f"argocd-{component}"}),
    }


def settings(front: Front | None) -> dict[str, Any]:
    """Entries of Argo CD's own configuration.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/argocd-cm-yaml/
    """
    included = [
        {"apiGroups": [group], "kinds": sorted({*DELIVERED.get(group, ()), *_SEEN.get(group, ())})}
        for group in sorted({*DELIVERED, *_SEEN})
    ]
    return {
        "admin.enabled": False,
        "application.resourceTrackingMethod": "annotation",
        "resource.inclusions": yaml.safe_dump(included, sort_keys=False),
        "resource.respectRBAC": "normal",
        **({} if front is None else {"oidc.config": _provider(front)}),
    }


def _provider(front: Front) -> str:
    return yaml.safe_dump(
        {
            "name": "login",
            "issuer": front.login.issuer,
            "clientID": front.login.client_id,
            "clientSecret": f"${front.secret}:{CLIENT_SECRET}",
            "requestedScopes": ["openid", "profile", "email", "groups"],
        },
        sort_keys=False,
    )


def rbac(front: Front | None) -> dict[str, Any]:
    """Who may do what in the console: nobody anything, but for admins; projects say it of teams."""
    if front is None:
        return {"policy.default": "", "policy.csv": ""}
    return {
        "policy.default": "",
        "policy.csv": "".join(f"g, {group}, role:admin\n" for group in front.admins),
        "scopes": f"[{front.login.groups_claim}]",
    }


def controller_rules() -> list[dict[str, Any]]:
    """What the controller may do in the whole cluster; upstream's may do everything."""
    return [
        *_rules(DELIVERED, ("create", "delete", *_READ, "patch", "update")),
        *_rules(_SEEN, _READ),
        _rule("argoproj.io", ["applications"], ("delete", *_READ, "patch", "update")),
        _rule("", ["events"], ("create", "list")),
    ]


def server_rules() -> list[dict[str, Any]]:
    """What the server may do in the whole cluster, for those whom projects let."""
    return [
        *_rules(DELIVERED, ("delete", "get", "patch")),
        *_rules(_SEEN, ("get",)),
        _rule("", ["pods/log"], ("get",)),
        _rule("argoproj.io", ["applications"], _APPLICATIONS),
        _rule("", ["events"], ("create", "list")),
    ]


def member_rules() -> list[dict[str, Any]]:
    """What members may do in their namespaces: have Applications."""
    return [_rule("argoproj.io", ["applications"], _APPLICATIONS)]


def project(
    team: str, namespaces: Sequence[str], repositories: Iterable[str], groups: Iterable[str]
) -> dict[str, Any]:
    """The specification of a team's AppProject.

    https://argo-cd.readthedocs.io/en/stable/user-guide/projects/

    Args:
        team: The team's name, and the project's.
        namespaces: The team's.
        repositories: Where it may deliver from; none: nowhere.
        groups: Groups of the provider that its members are in.
    """
    may = [("applications", "get"), ("applications", "sync"), ("applications", "action/*"), ("logs", "get")]
    who = f"proj:{team}:member"
    return {
        "description": f"The team {team}: from its repositories into its namespaces",
        "sourceRepos": list(repositories),
        "sourceNamespaces": list(namespaces),
        "destinations": [{"server": CLUSTER, "namespace": one} for one in namespaces],
        "clusterResourceWhitelist": [],
        "namespaceResourceWhitelist": [
            {"group": group, "kind": kind} for group, kinds in DELIVERED.items() for kind in kinds
        ],
        "roles": [
            {
                "name": "member",
                "description": "Sees and syncs what is the team's",
                # Argo CD wants those with a comma in quotes.
                "groups": [f'"{one}"' if "," in one else one for one in groups],
                "policies": [f"p, {who}, {kind}, {verb}, {team}/*, allow" for kind, verb in may],
            }
        ],
    }


def ways_in(*, gateway: bool, metrics: str | None) -> dict[str, Any]:
    """The specification of the namespace's network policy: its own pods, the gateway, who reads metrics."""
    rules: list[dict[str, Any]] = [{"from": [{"podSelector": {}}]}]
    if gateway:
        rules.append({"from": [mesh.in_namespace(mesh.GATEWAYS)], "ports": [_tcp(_SERVER_PORT)]})
    if metrics is not None:
        rules.append({"from": [mesh.in_namespace(metrics)], "ports": [_tcp(one) for one in _METRICS_PORTS]})
    return {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": rules}


def _tcp(port: int) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}


def _rules(kinds: Mapping[str, Mapping[str, str]], verbs: tuple[str, ...]) -> list[dict[str, Any]]:
    return [_rule(group, list(plurals.values()), verbs) for group, plurals in kinds.items()]


def _rule(group: str, kinds: list[str], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": kinds, "verbs": list(verbs)}
