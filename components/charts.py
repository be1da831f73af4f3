"""A Helm chart of somebody else's, installed as Helm's users expect it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes

from components.definitions import Definitions, DefinitionsArgs
from infra.catalog.charts import ChartPin, chart

_REVISIONS: Final = 5
"""Revisions that Helm keeps, a Secret each: enough to see what changed lately. Left alone it keeps all."""


@dataclass(frozen=True, kw_only=True)
class ChartSite:
    """Where an environment has its charts from, and what it adds to their values."""

    mirror: str | None = None
    """``oci://registry/path``: charts are in ``charts`` below it, images beside that. None: from upstream."""
    extra_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By chart, values that win over all others."""

    def values(self, pin: ChartPin, given: Mapping[str, Any]) -> dict[str, Any]:
        """A release's values: those of its component, with images from the mirror, and what the site adds."""
        redirected = {} if self.mirror is None else pin.redirected(self.mirror)
        ours = merged(merged(redirected, pin.upgrading), given)
        return merged(ours, self.extra_values.get(pin.name, {}))

    def source(self, pin: ChartPin) -> dict[str, Any]:
        """The arguments of a release that say where its chart comes from."""
        if self.mirror is not None:
            return {"chart": pin.mirrored(self.mirror), "version": pin.version}
        where = {} if pin.in_registry else {"repository_opts": {"repo": pin.repository}}
        return {"chart": pin.reference, "version": pin.version, **where}


@dataclass(frozen=True, kw_only=True)
class ChartArgs:
    """What to install, and how."""

    chart: str
    """Its name in the catalog, which pins version and repository."""
    namespace: str
    """Where the release is."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Its values, over the chart's own; outputs may be anywhere in them."""
    create_namespace: bool = False
    """Whether Helm makes the namespace; it never deletes one."""
    timeout_s: int = 600
    """Seconds in which everything in it has to be ready."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before it, and outlives it."""
    site: ChartSite = field(default_factory=ChartSite)
    """Where charts come from; `wiring.charts_of(env)`."""


class Chart(pulumi.ComponentResource):
    """A release of a pinned chart.

    It is atomic: an upgrade that fails is rolled back, an installation that fails is removed, so that the
    next run starts clean. It is done when everything in it is ready. What the chart has in its `crds/`
    folder, which Helm installs once and never upgrades, is left out where something else brings those kinds.
    """

    release: kubernetes.helm.v3.Release

    def __init__(self, name: str, args: ChartArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:charts:Chart", name, {}, opts)
        pin = chart(args.chart)
        kinds = self._kinds(name, pin)
        self.release = kubernetes.helm.v3.Release(
            name,
            name=name,
            namespace=args.namespace,
            create_namespace=args.create_namespace,
            **args.site.source(pin),
            values=args.site.values(pin, args.values),
            skip_crds=pin.skips_crds or None,
            atomic=True,
            cleanup_on_fail=True,
            timeout=args.timeout_s,
            max_history=_REVISIONS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after, *kinds]),
        )
        self.register_outputs({"status": self.release.status})

    def _kinds(self, name: str, pin: ChartPin) -> tuple[pulumi.Resource, ...]:
        """The chart's kinds, where the catalog has them."""
        if pin.definitions is None:
            return ()
        args = DefinitionsArgs(project=pin.definitions)
        return Definitions(f"{name}-kinds", args, pulumi.ResourceOptions(parent=self)).ready


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Values with others over them, as Helm merges: maps key by key, anything else as a whole."""
    both = {**base, **over}
    for key in base.keys() & over.keys():
        if isinstance(base[key], Mapping) and isinstance(over[key], Mapping):
            both[key] = merged(base[key], over[key])
    return both
