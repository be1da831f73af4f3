"""An FSx for Lustre file system as teams mount it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.batch import v1 as batch
from pulumi_kubernetes.networking import v1 as networking

from components.storage.volumes import Volume, bound
from infra import naming
from infra.environment.storage.lustre import Link
from infra.handles import FileSystem, LustreHandle, TeamSpace
from infra.labels import Scope

_COMPONENT = "lustre"
_DRIVER: Final = "fsx.csi.aws.com"
_SYSTEM: Final = "kube-system"
_MOUNTED: Final = "/lustre"
_OPTIONS: Final = ("flock",)
"""Locks that hold across nodes, which libraries of datasets take:
https://docs.aws.amazon.com/fsx/latest/LustreGuide/mount-fs-auto-mount-onreboot.html"""
_IMAGE: Final = "public.ecr.aws/docker/library/busybox:1.37.0"


@dataclass(frozen=True, kw_only=True)
class LustreVolumesArgs:
    """What the volumes of a file system need."""

    scope: Scope
    name: str
    """The file system's name in the environment file."""
    system: LustreHandle
    links: tuple[Link, ...]
    teams: Mapping[str, TeamSpace]
    after: tuple[pulumi.Resource, ...] = ()
    """The driver, and nodes that it runs on."""
    shared: bool = False
    """Whether another stack has the volume of the whole file system already, and these teams are but more."""


class LustreVolumes(pulumi.ComponentResource):
    """A volume for each team on a folder of its own, and one for each link, in each of its namespaces.

    Teams see nothing of the file system but those: the driver mounts folders of it (filesets), and nobody but
    the administrators makes volumes. The folders are made first, by a job that has all of the file system.
    """

    handle: FileSystem

    def __init__(self, name: str, args: LustreVolumesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:LustreVolumes", name, {}, opts)
        self._name, self._args = name, args
        folders = self._folders()
        for team, space in args.teams.items():
            for volume in self._volumes(team, space):
                bound(
                    f"{self._name}-{volume.namespace}-{volume.claim}",
                    volume,
                    args.scope,
                    self._labels(team),
                    self._child(folders, *space.ready),
                )
        self.handle = FileSystem(
            kind="lustre",
            claims={team: (args.name, *self._link_claims()) for team in args.teams},
            storage_classes={},
            ready=(self,),
        )
        self.register_outputs({})

    def _folders(self) -> batch.Job:
        """Makes the teams' folders, writable for whatever a pod runs as; links that are written to likewise.

        FSx has no call for that, its root is root's alone, and a folder that is not there cannot be mounted.
        """
        whole = self._volume(f"lustre-{self._args.name}", _SYSTEM, "", read_only=False)
        wait = self._child(*self._args.system.ready, *self._args.after)
        if not self._args.shared:
            self._silenced()
            wait = self._child(bound(self._name, whole, self._args.scope, self._labels(), wait))
        folders = folders_of(self._args.teams, self._args.links)
        return batch.Job(
            self._name,
            metadata={
                # A job cannot be changed: for other folders there is another job, with another name.
                "name": naming.physical(self._args.scope.environment, "folders", self._args.name, *folders),
                "namespace": _SYSTEM,
                "labels": self._labels(),
            },
            spec=job_spec(whole.claim, folders, _pods(self._args.name)),
            opts=wait,
        )

    def _silenced(self) -> None:
        """The volume is mounted by the node: the pods of such jobs have nothing to say to anybody."""
        networking.NetworkPolicy(
            self._name,
            metadata={
                "name": f"folders-{self._args.name}",
                "namespace": _SYSTEM,
                "labels": self._labels(),
            },
            spec={
                "podSelector": {"matchLabels": _pods(self._args.name)},
                "policyTypes": ["Ingress", "Egress"],
            },
            opts=self._child(*self._args.after),
        )

    def _volumes(self, team: str, space: TeamSpace) -> Iterator[Volume]:
        for namespace in space.namespaces:
            yield self._volume(self._args.name, namespace, f"/{team_folder(team)}", read_only=False)
            for link, claim in zip(self._args.links, self._link_claims(), strict=True):
                yield self._volume(claim, namespace, link.folder, read_only=link.read_only)

    def _volume(self, claim: str, namespace: str, folder: str, *, read_only: bool) -> Volume:
        """A volume on a folder: https://docs.aws.amazon.com/fsx/latest/LustreGuide/mounting-from-fileset.html.

        The driver mounts ``dnsname@tcp:/mountname``, and a fileset is written behind the mount name.
        """
        system = self._args.system
        return Volume(
            claim=claim,
            namespace=namespace,
            driver=_DRIVER,
            handle=pulumi.Output.concat(system.id, ":", namespace, ":", claim),
            attributes={
                "dnsname": system.dns_name,
                "mountname": pulumi.Output.concat(system.mount_name, folder),
            },
            capacity=system.capacity,
            read_only=read_only,
            options=_OPTIONS,
        )

    def _link_claims(self) -> list[str]:
        return [f"{self._args.name}-{link.claim}" for link in self._args.links]

    def _labels(self, team: str | None = None) -> dict[str, str]:
        return self._args.scope.labels(_COMPONENT, team=team)

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))


def team_folder(team: str) -> str:
    """A team's own folder in the file system."""
    return f"teams/{team}"


def folders_of(teams: Mapping[str, TeamSpace], links: Sequence[Link]) -> list[str]:
    """The folders that pods write to."""
    return [*map(team_folder, sorted(teams)), *(link.path for link in links if not link.read_only)]


def _pods(system: str) -> dict[str, str]:
    """Labels of the pods that make folders in a file system."""
    return {"app.kubernetes.io/name": "lustre-folders", "app.kubernetes.io/instance": system}


def job_spec(claim: str, folders: Sequence[str], labels: Mapping[str, str]) -> dict[str, Any]:
    """A job that makes folders, and is content where they exist; names are arguments, never a script.

    It is root, as whom all that is new belongs to on a file system; of root's rights it has those over files
    of others, which folders that came from the lake may be.
    """
    made = f'mkdir -p "{_MOUNTED}/$folder" && chmod 0777 "{_MOUNTED}/$folder"'
    script = f'for folder in "$@"; do {made} || exit 1; done'
    return {
        "backoffLimit": 10,
        "template": {
            "metadata": {"labels": dict(labels)},
            "spec": {
                "restartPolicy": "OnFailure",
                "automountServiceAccountToken": False,
                "priorityClassName": "system-cluster-critical",
                "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [
                    {
                        "name": "folders",
                        "image": _IMAGE,
                        "command": ["sh", "-c", script, "folders"],
                        "args": list(folders),
                        "resources": {
                            "requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "16Mi"},
                            "limits": {"memory": "64Mi", "ephemeral-storage": "64Mi"},
                        },
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "readOnlyRootFilesystem": True,
                            "capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE", "FOWNER"]},
                        },
                        "volumeMounts": [{"name": "all", "mountPath": _MOUNTED}],
                    }
                ],
                "volumes": [{"name": "all", "persistentVolumeClaim": {"claimName": claim}}],
            },
        },
    }
