"""Custom kinds that no chart brings, or whose chart never upgrades them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from infra.catalog.definitions import definitions


@dataclass(frozen=True, kw_only=True)
class DefinitionsArgs:
    """Which kinds."""

    project: str
    """The project, as the catalog calls it: ``gateway-api``."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before them, and outlives them."""


class Definitions(pulumi.ComponentResource):
    """The CustomResourceDefinitions of a project, as resources: an `up` upgrades them like anything else.

    Helm installs what is in a chart's `crds/` folder and never looks at it again
    (https://helm.sh/docs/chart_best_practices/custom_resource_definitions/). When definitions go, so does
    every object of their kinds: what makes objects depends on `ready`, and so goes before.
    """

    ready: tuple[pulumi.Resource, ...]

    def __init__(self, name: str, args: DefinitionsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:charts:Definitions", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        self.ready = tuple(
            # The typed resource would have schemas written in its own spelling.
            CustomResource(
                one["metadata"]["name"],
                api_version=one["apiVersion"],
                kind=one["kind"],
                metadata=one["metadata"],
                spec=one["spec"],
                opts=child,
            )
            for one in definitions(args.project)
        )
        self.register_outputs({})
