"""Scratch on the nodes' local NVMe disks."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.rbac import v1 as rbac
from pulumi_kubernetes.storage import v1 as storage

from components import ingress
from components.storage import scratch_manifests as manifests
from infra import deadlines
from infra.labels import Scope

_COMPONENT = "scratch"


@dataclass(frozen=True, kw_only=True)
class LocalScratchArgs:
    """What scratch on local disks needs."""

    scope: Scope
    after: tuple[pulumi.Resource, ...] = ()
    """The nodes that the provisioner runs on."""


class LocalScratch(pulumi.ComponentResource):
    """A storage class of folders on local NVMe disks, by Rancher's local-path provisioner.

    Nodes join their NVMe disks into one array (nodeadm's RAID0), which images, logs and every emptyDir are
    on: that is scratch already, and nothing beats it. The class adds claims to it: scratch that a pod's
    restart on the same node survives, and that StatefulSets can ask for. A provisioner that hands out whole
    disks (sig-storage's) would take them from images and emptyDir, and gives the same disk to a pod that
    wants 10 GiB as to one that wants all of it; so this one makes folders, with no quota on them.
    """

    storage_class: str

    def __init__(self, name: str, args: LocalScratchArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:LocalScratch", name, {}, opts)
        self._name, self._args = name, args
        space = self._namespace()
        ingress.closed(name, space, args.scope.labels(_COMPONENT), parent=self)
        rights = self._rights(space)
        provisioner = self._provisioner(space, rights)
        self._class(provisioner)
        self.storage_class = manifests.CLASS
        self.register_outputs({"storage_class": self.storage_class})

    def _namespace(self) -> core.Namespace:
        """Its pods mount folders of the nodes, which only the level `privileged` allows."""
        return core.Namespace(
            self._name,
            metadata={
                "name": manifests.NAMESPACE,
                "labels": {
                    **self._args.scope.labels(_COMPONENT),
                    "pod-security.kubernetes.io/enforce": "privileged",
                },
            },
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=deadlines.NAMESPACE),
        )

    def _rights(self, space: core.Namespace) -> list[pulumi.Resource]:
        account = core.ServiceAccount(self._name, metadata=self._metadata(space), opts=self._child())
        whole = rbac.ClusterRole(
            self._name, metadata=self._metadata(), rules=manifests.cluster_rules(), opts=self._child()
        )
        own = rbac.Role(
            self._name, metadata=self._metadata(space), rules=manifests.namespace_rules(), opts=self._child()
        )
        subject = {"kind": "ServiceAccount", "name": manifests.ACCOUNT, "namespace": manifests.NAMESPACE}
        group = "rbac.authorization.k8s.io"
        return [
            rbac.ClusterRoleBinding(
                self._name,
                metadata=self._metadata(),
                role_ref={"api_group": group, "kind": "ClusterRole", "name": manifests.ACCOUNT},
                subjects=[subject],
                opts=self._child(whole, account),
            ),
            rbac.RoleBinding(
                self._name,
                metadata=self._metadata(space),
                role_ref={"api_group": group, "kind": "Role", "name": manifests.ACCOUNT},
                subjects=[subject],
                opts=self._child(own, account),
            ),
        ]

    def _provisioner(self, space: core.Namespace, rights: list[pulumi.Resource]) -> apps.Deployment:
        config = core.ConfigMap(
            self._name,
            metadata=self._metadata(space, manifests.CONFIG),
            data=manifests.configuration(),
            opts=self._child(),
        )
        return apps.Deployment(
            self._name,
            metadata=self._metadata(space),
            spec=manifests.deployment_spec(),
            opts=self._child(config, *rights, *self._args.after),
        )

    def _class(self, provisioner: apps.Deployment) -> None:
        storage.StorageClass(
            self._name,
            metadata={"name": manifests.CLASS, "labels": self._args.scope.labels(_COMPONENT)},
            provisioner=manifests.PROVISIONER,
            allowed_topologies=manifests.topologies(),
            volume_binding_mode="WaitForFirstConsumer",
            reclaim_policy="Delete",
            opts=self._child(provisioner),
        )

    def _metadata(
        self, space: core.Namespace | None = None, name: str = manifests.ACCOUNT
    ) -> dict[str, object]:
        made: dict[str, object] = {"name": name, "labels": self._args.scope.labels(_COMPONENT)}
        return made if space is None else {**made, "namespace": space.metadata["name"]}

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))
