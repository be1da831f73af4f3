"""How the GPUs of a node are shared among pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, Strict, ValidationError, ValidationInfo, model_validator

from infra.catalog.accelerators import mig_profiles, mps_clients
from infra.catalog.instances import Shape, shape
from infra.environment.fields import Form
from infra.environment.section import Section
from infra.problems import Wrong, did_you_mean

GPU = "nvidia.com/gpu"
"""The resource that pods ask for to get a GPU, or a share of one."""
PLUGIN_LABEL = "nvidia.com/device-plugin.config"
"""Tells NVIDIA's device plugin which of its configurations holds on a node."""
MIG_LABEL = "nvidia.com/mig.config"
"""Tells NVIDIA's MIG manager how to cut the GPUs of a node."""

_MOST_SLICES = 64
"""Pods that take turns on one GPU. NVIDIA sets no limit; beyond this each would hardly get a turn."""

Replicas = Annotated[int, Strict(), Field(ge=2, le=_MOST_SLICES)]
Profile = Annotated[
    str,
    Form(
        pattern=r"[1-7]g\.[0-9]+gb(\+me)?",
        wrong="is not a profile of MIG",
        hint="write one such as 1g.10gb: slices of the processor, and memory",
        example="1g.10gb",
    ),
]


class Sharing(Section):
    """One way of sharing each GPU among several pods: `time_slices`, `mps` or `mig`."""

    time_slices: Replicas | None = None
    """Pods that take turns on each GPU, 2 to 64. Nothing keeps them from using up each other's memory: for
    notebooks and trials."""
    mps: Annotated[int, Strict(), Field(ge=2, le=mps_clients())] | None = None
    """Pods that use each GPU at the same time by NVIDIA's Multi-Process Service, 2 to 48, each with an equal
    part of its memory. One that crashes may take the others with it."""
    mig: Profile | None = None
    """Cuts each GPU into as many instances of this profile as it has room for, apart from each other in
    hardware. Pods ask for `nvidia.com/mig-<profile>`. Only for GPUs that can be cut."""

    @model_validator(mode="after")
    def _one_way(self) -> Sharing:
        ways = [name for name in ("time_slices", "mps", "mig") if getattr(self, name) is not None]
        if len(ways) != 1:
            raise Wrong(
                f"names {' and '.join(ways)}" if ways else "names no way of sharing",
                "write one of time_slices, mps and mig",
            )
        return self

    @property
    def config(self) -> str:
        """The name of the device plugin's configuration: ``time-slices-4``, ``mps-8``, ``mig``."""
        if self.mig:
            return "mig"
        return f"time-slices-{self.time_slices}" if self.time_slices else f"mps-{self.mps}"

    @property
    def labels(self) -> Mapping[str, str]:
        """What nodes are labelled with for NVIDIA's device plugin and MIG manager.

        The MIG manager's own layouts are named so, with a full stop for the plus of ``+me``.
        """
        cut = {MIG_LABEL: f"all-{self.mig.replace('+', '.')}"} if self.mig else {}
        return {PLUGIN_LABEL: self.config, **cut}

    @property
    def resource(self) -> str:
        """What pods ask for."""
        return mig_resource(self.mig) if self.mig else GPU

    def devices(self, of: Shape) -> Mapping[str, int]:
        """What a node of a shape offers to pods: how many of which resource."""
        of_one = mig_profiles(of).get(self.mig, 0) if self.mig else self.time_slices or self.mps or 1
        return {self.resource: of.gpu_count * of_one}


def mig_resource(profile: str) -> str:
    """What pods ask for to get a GPU instance of a profile."""
    return f"nvidia.com/mig-{profile.replace('+', '.')}"


def profiles(sharings: Iterable[Sharing | None]) -> tuple[str, ...]:
    """The profiles of MIG that some pools cut their GPUs into, sorted."""
    return tuple(sorted({one.mig for one in sharings if one is not None and one.mig}))


def possible(sharing: Sharing | None, info: ValidationInfo) -> Sharing | None:
    """`sharing`, where the pool's GPUs can be shared so."""
    instances: Sequence[str] = info.data.get("instances", ())
    if sharing is None or not instances:
        return sharing
    first = shape(instances[0])
    if first.accelerator_count:
        raise Wrong("is for NVIDIA GPUs, and the pool has Neuron devices", "leave sharing out")
    if not first.gpu_count:
        raise Wrong("is for whole NVIDIA GPUs, which the pool has none of", "leave sharing out")
    profiles = mig_profiles(first)
    if sharing.mig and not profiles:
        raise Wrong(f"cuts GPUs, which {first.gpu_name} cannot be", "write time_slices or mps")
    if sharing.mig and sharing.mig not in profiles:
        raise Wrong(f"is a profile that {first.gpu_name} does not have", did_you_mean(sharing.mig, profiles))
    image = info.data.get("image")
    if sharing.mig and image is not None and image.family == "bottlerocket":
        raise Wrong("is cut by NVIDIA's MIG manager, which Bottlerocket keeps out", "write family: al2023")
    return sharing


def named(labels: Mapping[str, str]) -> Sharing | None:
    """The sharing that a node's labels ask for; None where they ask for none that is known."""
    cut = labels.get(MIG_LABEL, "").removeprefix("all-").replace(".me", "+me")
    way, _, replicas = labels.get(PLUGIN_LABEL, "").rpartition("-")
    try:
        if cut:
            return Sharing(mig=cut)
        if replicas.isdigit() and way in {"mps", "time-slices"}:
            return Sharing.model_validate({way.replace("-", "_"): int(replicas)})
    except ValidationError:  # labels that somebody else chose
        return None
    return None


def plugin_configs(sharings: Iterable[Sharing | None]) -> dict[str, dict[str, Any]]:
    """The configurations of NVIDIA's device plugin for some pools, by the name that nodes' labels have.

    A pod can ask for one share only: two would give it no more of a GPU than one, so such pods are refused.
    https://github.com/NVIDIA/k8s-device-plugin#shared-access-to-gpus
    """
    configs = {"default": _plugin_config("none")}
    for sharing in sharings:
        if sharing is not None:
            configs[sharing.config] = _plugin_config("mixed" if sharing.mig else "none", sharing)
    return configs


def _plugin_config(mig_strategy: str, sharing: Sharing | None = None) -> dict[str, Any]:
    config: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": mig_strategy}}
    if sharing is None or sharing.mig:
        return config
    way, replicas = ("mps", sharing.mps) if sharing.mps else ("timeSlicing", sharing.time_slices)
    resources = [{"name": GPU, "replicas": replicas}]
    alone = {"failRequestsGreaterThanOne": True} if way == "timeSlicing" else {}
    return {**config, "sharing": {way: {"renameByDefault": False, **alone, "resources": resources}}}
