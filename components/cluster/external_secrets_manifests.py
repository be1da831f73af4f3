"""What external-secrets is made of: Helm values and stores, in their own terms."""

from __future__ import annotations

from typing import Any, Final

from components.cluster.edge_policies import FOLDER_TAG, PLATFORM, team_folder
from components.ingress import anyone, prometheus_to
from components.scheduling import resources, spread
from infra.labels import MANAGED_BY_LABEL, PRODUCT, TEAM_LABEL
from infra.places import Place

API: Final = "external-secrets.io/v1"
NAMESPACE: Final = "external-secrets"
ACCOUNT: Final = "external-secrets"
_WEBHOOK: Final = 10250
_METRICS: Final = 8080
PLATFORM_STORE: Final = "platform"
"""Name of the ClusterSecretStore of the platform's own secrets."""
TEAM_STORE: Final = "team"
"""Name of the SecretStore in each of a team's namespaces."""
MEMBER_ROLE: Final = "mlcluster-secrets"
"""Name of the ClusterRole that members of teams have in their namespaces."""

_UNUSED: Final = ("ClusterExternalSecret", "ClusterPushSecret", "PushSecret", "ClusterGenerator")
"""Kinds that would reach over namespaces, or write into stores; nothing here uses them."""
_ALL_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
_READ: Final = ("get", "list", "watch")


def values(replicas: int) -> dict[str, Any]:
    """Values of the chart.

    It is not given to the built-in roles `edit` and `admin`: who makes a store chooses what it reads.

    Args:
        replicas: Pods of each of its parts; of the first, one does the work.
    """
    several = replicas > 1
    return {
        "installCRDs": True,
        "crds": {f"create{kind}": False for kind in _UNUSED},
        **{f"process{kind}": False for kind in _UNUSED},
        "leaderElect": several,
        "serviceAccount": {"create": True, "name": ACCOUNT},
        "rbac": {"serviceAccountTokenCreate": False, "aggregateToEdit": False, "aggregateToAdmin": False},
        "resources": resources("20m", "128Mi", most="512Mi"),
        **_hygiene("external-secrets", replicas),
        "webhook": {
            "resources": resources("10m", "64Mi", most="256Mi"),
            **_hygiene("external-secrets-webhook", replicas),
        },
        "certController": {
            "resources": resources("10m", "128Mi", most="512Mi"),
            **_hygiene("external-secrets-cert-controller", replicas),
        },
    }


def ways_in() -> list[dict[str, Any]]:
    """Who may speak to its pods: the API server to the webhook, and Prometheus."""
    return [anyone(_WEBHOOK), prometheus_to(_METRICS)]


def _hygiene(name: str, replicas: int) -> dict[str, Any]:
    return {
        "replicaCount": replicas,
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "topologySpreadConstraints": spread({"app.kubernetes.io/name": name}),
    }


def platform_store(place: Place, reader: Any) -> dict[str, Any]:
    """The specification of the store of the platform's secrets, for namespaces of ours but no team's.

    Args:
        place: Where the secrets are.
        reader: ARN of the role that reads.
    """
    ours = {
        "matchLabels": {MANAGED_BY_LABEL: PRODUCT},
        "matchExpressions": [{"key": TEAM_LABEL, "operator": "DoesNotExist"}],
    }
    return {**_store(place, reader, PLATFORM), "conditions": [{"namespaceSelector": ours}]}


def team_store(place: Place, reader: Any, team: str) -> dict[str, Any]:
    """The specification of the store in a team's namespace, for the team's secrets."""
    return _store(place, reader, team_folder(team))


def _store(place: Place, reader: Any, folder: str) -> dict[str, Any]:
    aws = {
        "service": "SecretsManager",
        "region": place.region,
        "role": reader,
        "sessionTags": [{"key": FOLDER_TAG, "value": folder}],
    }
    return {"provider": {"aws": aws}}


def member_rules() -> list[dict[str, Any]]:
    """What members of a team may do in its namespaces: have secrets and passwords, but make no stores."""
    return [
        _rule("external-secrets.io", ["externalsecrets"], _ALL_VERBS),
        _rule("external-secrets.io", ["secretstores"], _READ),
        _rule("generators.external-secrets.io", ["passwords"], _ALL_VERBS),
    ]


def _rule(group: str, kinds: list[str], verbs: tuple[str, ...]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": kinds, "verbs": list(verbs)}
