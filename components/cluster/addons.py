"""The add-ons that EKS maintains: networking, names, disks and identities of pods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.cluster.addon_choice import NODE_HEALTH, RIGHTS
from components.identity import PodIdentity, PodIdentityArgs
from infra import cni
from infra.catalog import versions
from infra.handles import ClusterHandle, NetworkHandle
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "addons"


@dataclass(frozen=True, kw_only=True)
class ClusterAddonsArgs:
    """What add-ons need."""

    scope: Scope
    place: Place
    cluster: ClusterHandle
    network: NetworkHandle
    """Where the pods are: the CNI is told, no other add-on."""
    names: tuple[str, ...]
    """Those that `addon_choice` says; all run on every node, or all run somewhere."""
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before they can start, and outlives them."""


class ClusterAddons(pulumi.ComponentResource):
    """Some of a cluster's add-ons, at the versions that the catalog pins for its Kubernetes version.

    Where the cluster is upgraded they follow: they wait for it, as they wait for it when it is made.
    """

    def __init__(self, name: str, args: ClusterAddonsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:cluster:ClusterAddons", name, {}, opts)
        self._name, self._args = name, args
        for addon in args.names:
            self._addon(addon, after=[*args.after, *self._rights(addon)])
        self.register_outputs({})

    def _addon(self, addon: str, after: list[pulumi.Resource]) -> None:
        tags = self._args.scope.tags(_COMPONENT)
        aws.eks.Addon(
            f"{self._name}-{addon}",
            cluster_name=self._args.cluster.id,
            addon_name=addon,
            addon_version=versions.version(self._args.cluster.version).addons[addon].version,
            configuration_values=self._networking(tags) if addon == "vpc-cni" else configuration(addon, tags),
            # The configuration is ours: what somebody changed by hand on the cluster is put right.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _networking(self, tags: Mapping[str, str]) -> pulumi.Input[str]:
        """The configuration of the CNI, which names subnets where pods have their own."""
        region, network = self._args.place.region, self._args.network
        how, group = network.addresses, self._args.cluster.security_group_id
        if not how.apart:
            return networking(tags, cni.configuration(how, region=region, subnets={}, security_group=""))
        return pulumi.Output.all(subnets=network.pods, security_group=group).apply(
            lambda known: networking(tags, cni.configuration(how, region=region, **known))
        )

    def _rights(self, addon: str) -> tuple[pulumi.Resource, ...]:
        """The role of the add-on's pods. They still use it while the add-on goes, so it goes last."""
        rights = RIGHTS.get(addon)
        if rights is None:
            return ()
        return PodIdentity(
            f"{self._name}-{rights.role}",
            PodIdentityArgs(
                scope=self._args.scope,
                place=self._args.place,
                cluster=self._args.cluster,
                namespace="kube-system",
                service_account=rights.account,
                role=rights.role,
                description=rights.description,
                component=_COMPONENT,
                statements=rights.policy,
                managed=rights.managed,
            ),
            pulumi.ResourceOptions(parent=self),
        ).rights


def networking(tags: Mapping[str, str], addresses: Mapping[str, Any]) -> str:
    """The configuration of the CNI as JSON.

    Args:
        tags: Tags for the network interfaces that it makes, by which leftovers are found.
        addresses: What `infra.cni` says of them.
    """
    environment = {**addresses["env"], "ADDITIONAL_ENI_TAGS": json.dumps(dict(tags))}
    # Network policies are not enforced unless asked for.
    return json.dumps({"enableNetworkPolicy": "true", **addresses, "env": environment})


def configuration(addon: str, tags: Mapping[str, str]) -> str | None:
    """The configuration of any other add-on as JSON, or None where its defaults do.

    The keys are those of the add-ons' schemas, as `aws eks describe-addon-configuration` prints them.

    Args:
        addon: Its name.
        tags: Tags for what the add-on creates at AWS on its own, so that leftovers of a cluster are found
        again.
    """
    values: dict[str, dict[str, Any]] = {
        "aws-ebs-csi-driver": {"controller": {"extraVolumeTags": dict(tags)}},
        # Left alone it stays off nodes with taints, which are those with GPUs:
        # https://docs.aws.amazon.com/eks/latest/userguide/s3-csi-create.html
        "aws-mountpoint-s3-csi-driver": {"node": {"tolerateAllTaints": True}},
        # The agent itself tolerates all; the part of it that asks the GPUs does not:
        # https://github.com/aws/eks-node-monitoring-agent/blob/main/charts/eks-node-monitoring-agent/values.yaml
        NODE_HEALTH: {"dcgmAgent": {"tolerations": [{"operator": "Exists"}]}},
    }
    return json.dumps(values[addon]) if addon in values else None
