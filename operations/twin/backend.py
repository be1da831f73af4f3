"""What stands behind a package that the twin serves: plain values in, plain values out.

`serving` speaks the engine's protocol (gRPC, secrets, unknowns, error details) and calls a `PackageBackend`
with plain Python values. Two packages exist: `aws` (moto and memory) and `kubernetes`. `AwsView` is the
little that the Kubernetes side sees of the AWS one: control planes and node groups, of which it makes nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

ENVIRONMENT_KEYS: Final = ("mlcluster:environment", "mlcluster.io/environment")
"""The AWS tag and the Kubernetes label that name the environment a thing belongs to."""


class Unknown:
    """The value of something that exists only after creation; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()
"""Stands wherever a value is not known yet; occurs only during previews, at any depth."""


@dataclass(frozen=True)
class Diff:
    """How wanted inputs differ from what exists; without `changed` there is nothing to do."""

    changed: tuple[str, ...] = ()
    """Top-level input properties that differ, sorted."""
    replaces: tuple[str, ...] = ()
    """Those of them that cannot be changed in place: any makes the engine replace the resource."""
    delete_before_replace: bool = False
    """Whether the old resource must go first, because two with that identity cannot exist side by side."""


class Refused(Exception):
    """The provider says no; the message is shown to the user as it is."""


class PartlyCreated(Refused):
    """The resource exists, but is not ready: the engine records it and the next `up` finishes the job."""

    def __init__(self, message: str, id_: str, state: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.id = id_
        self.state = dict(state)


@dataclass(frozen=True, order=True)
class Item:
    """One thing that exists in a twin."""

    service: str
    """"ec2", "eks", "s3", ..., or "kubernetes"."""
    type: str
    """The service's own word: "vpc", "nodegroup"; for Kubernetes the kind."""
    id: str
    """What names it within its type; Kubernetes objects are "namespace/name"."""
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Tags on AWS, labels on Kubernetes."""

    @property
    def environment(self) -> str | None:
        """The environment that the tags name; None where they name none."""
        return next((self.tags[key] for key in ENVIRONMENT_KEYS if key in self.tags), None)


class PackageBackend(Protocol):
    """One configured provider of a package; calls come from several threads, so it locks what it must.

    Every method may raise `Refused`. `news` are inputs as `check` returned them. Types are tokens such as
    "aws:ec2/vpc:Vpc" or "kubernetes:core/v1:Namespace"; property names are the SDK's camelCase.
    """

    def configure(self, config: Mapping[str, Any]) -> None:
        """Takes the provider's configuration; refuses an account or cluster that it must not touch.

        Values are as the engine has them: SDKs encode all but strings as JSON ("true", '["123456789012"]').
        """

    def check(
        self, urn: str, type_: str, olds: Mapping[str, Any], news: Mapping[str, Any], autoname_seed: bytes
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Returns the inputs with defaults and generated names, and failures as (property, reason).

        `olds` are the resource's present inputs, empty when it is new: a generated name is kept. The same
        seed gives the same name.
        """

    def diff(
        self,
        type_: str,
        id_: str,
        old_inputs: Mapping[str, Any],
        old_state: Mapping[str, Any],
        news: Mapping[str, Any],
    ) -> Diff:
        """Compares, without touching anything; `news` may hold `UNKNOWN`."""

    def preview(self, urn: str, type_: str, news: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the state as far as it is known before creation, `UNKNOWN` for the rest."""

    def create(
        self, urn: str, type_: str, news: Mapping[str, Any], timeout: float
    ) -> tuple[str, dict[str, Any]]:
        """Creates and returns (id, state); `PartlyCreated` when it exists but is not ready.

        `timeout` is in seconds, 0 for the type's default.
        """

    def read(
        self, type_: str, id_: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Returns (inputs, state) as they really are, or None when it is gone.

        `inputs` and `state` are the last known ones, both empty on import: only inputs that were given before
        (all, on import) are returned, so that defaults do not look like drift.
        """

    def update(  # noqa: PLR0913, PLR0917 - the engine's own call carries all of these
        self,
        urn: str,
        type_: str,
        id_: str,
        old_state: Mapping[str, Any],
        news: Mapping[str, Any],
        timeout: float,
        preview: bool,
    ) -> dict[str, Any]:
        """Changes it in place and returns the state; a `preview` changes nothing, may return `UNKNOWN`."""

    def delete(self, urn: str, type_: str, id_: str, state: Mapping[str, Any], timeout: float) -> None:
        """Deletes it; deleting what is gone already succeeds."""

    def invoke(self, token: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Answers a data source such as "aws:index/getRegion:getRegion"."""


class Package(Protocol):
    """All that a twin holds of one package, whichever provider made it; lives as long as the daemon."""

    def session(self) -> PackageBackend:
        """Returns a backend for one more provider instance, not configured yet.

        Engines connect once for each provider of a program, and several engines may run at the same time,
        each with its own account, region or cluster: what `configure` is told counts for that session only.
        Sessions hold nothing else; what they create belongs to the package.
        """

    def inventory(self) -> tuple[Item, ...]:
        """Lists what exists and was created by a user, so not what an account or cluster has by default."""

    def save(self) -> None:
        """Writes everything to the folder it was opened on, atomically; cheap when nothing changed."""

    def close(self) -> None:
        """Ends what it started (processes, threads) without saving; it is not used afterwards."""


@dataclass(frozen=True)
class Cluster:
    """An EKS control plane that exists in the twin."""

    account: str
    region: str
    name: str
    endpoint: str
    version: str
    """Kubernetes version, such as "1.35"."""
    certificate_authority: str
    """Base64, as kubeconfig files hold it."""


@dataclass(frozen=True)
class ApiServer:
    """Where the API of a twin's clusters really answers."""

    endpoint: str
    """URL."""
    certificate_authority: str
    """Base64, as kubeconfig files hold it."""


@dataclass(frozen=True)
class Taint:
    """A taint of a node group, in Kubernetes' spelling."""

    key: str
    value: str
    effect: str
    """NoSchedule, PreferNoSchedule or NoExecute."""


@dataclass(frozen=True)
class NodeGroup:
    """A managed node group that exists in the twin: all that nodes are made from."""

    account: str
    region: str
    cluster: str
    name: str
    version: str
    """Kubernetes version of its nodes."""
    instance_types: tuple[str, ...]
    desired: int
    min: int
    max: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    subnets: tuple[str, ...]
    zones: tuple[str, ...]
    """Zone of each subnet, in the same order."""
    capacity_type: str
    """ON_DEMAND, SPOT or CAPACITY_BLOCK."""
    efa_interfaces: int
    """Network interfaces of type efa or efa-only in its launch template; 0 without EFA."""
    huge_pages: int = 0
    """Bytes of each node that its user data sets aside in pages of 2MiB."""
    max_pods: int | None = None
    """Pods that each node takes, where its user data says so."""


class AwsView(Protocol):
    """What the Kubernetes side sees of the AWS side."""

    def clusters(self) -> tuple[Cluster, ...]:
        """Returns the control planes that exist, sorted by account, region and name."""

    def node_groups(self) -> tuple[NodeGroup, ...]:
        """Returns the node groups that exist, sorted by account, region, cluster and name."""

    def addons(self) -> tuple[str, ...]:
        """Returns the names of the add-ons that clusters have, sorted."""

    def on_node_groups(self, callback: Callable[[], None]) -> None:
        """Calls back after a cluster or node group was created, changed or deleted, in that thread.

        The callback reads `clusters()` and `node_groups()` anew and may wait until nodes have followed, as
        AWS does before it says that a group is active; it must not raise, nor be called with a lock held.
        """

    def serve_clusters(self, api_server: Callable[[], ApiServer]) -> None:
        """Lets clusters give `api_server` as theirs; it is called when one is created, and may wait."""
