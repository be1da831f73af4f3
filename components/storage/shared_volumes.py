"""An EFS file system as teams and people mount it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.storage import v1 as storage

from components.storage import shared_settings
from components.storage.volumes import Volume, bound
from infra.environment.storage.shared import Person
from infra.handles import EfsHandle, FileSystem, TeamSpace
from infra.labels import Scope

_COMPONENT = "shared"


@dataclass(frozen=True, kw_only=True)
class SharedVolumesArgs:
    """What the volumes of a file system need."""

    scope: Scope
    name: str
    """The file system's name in the environment file."""
    system: EfsHandle
    people: Mapping[str, Person]
    """Those with homes; of whom some may be in teams that another stack has."""
    teams: Mapping[str, TeamSpace]
    after: tuple[pulumi.Resource, ...] = ()
    """The driver, and nodes that it runs on."""


class SharedVolumes(pulumi.ComponentResource):
    """A storage class for each team, and the homes of people in their teams' exploration namespaces.

    Files of a class belong to its team, those of a home to its person, whatever pods run as.
    """

    handle: FileSystem

    def __init__(self, name: str, args: SharedVolumesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:SharedVolumes", name, {}, opts)
        self._name, self._args = name, args
        for team in args.teams:
            self._class(team)
        for person, one in args.people.items():
            if one.team in args.teams:
                self._home(person, one)
        self.handle = FileSystem(
            kind="shared",
            claims={team: self._homes_of(team) for team in args.teams},
            storage_classes={team: self._class_name(team) for team in args.teams},
            ready=(self,),
        )
        self.register_outputs({})

    def _class(self, team: str) -> None:
        storage.StorageClass(
            f"{self._name}-{team}",
            metadata={"name": self._class_name(team), "labels": self._labels(team)},
            provisioner=shared_settings.DRIVER,
            parameters=shared_settings.class_parameters(self._args.system.id, team),
            mount_options=["tls"],
            volume_binding_mode="Immediate",  # it is in every zone: there is no node to wait for
            reclaim_policy="Delete",  # of the access point; the folder stays
            opts=self._child(*self._args.system.ready, *self._args.after),
        )

    def _home(self, person: str, one: Person) -> None:
        """A volume by an access point: ``<file system>::<access point>`` is how the driver wants it."""
        space = self._args.teams[one.team]
        volume = Volume(
            claim=f"{self._args.name}-{person}",
            namespace=space.namespaces[0],
            driver=shared_settings.DRIVER,
            handle=pulumi.Output.concat(self._args.system.id, "::", self._args.system.homes[person]),
            attributes={"encryptInTransit": "true"},
            capacity=shared_settings.SHOWN,
        )
        wait = self._child(*self._args.system.ready, *self._args.after, *space.ready)
        bound(f"{self._name}-{person}", volume, self._args.scope, self._labels(one.team), wait)

    def _homes_of(self, team: str) -> tuple[str, ...]:
        mine = (person for person, one in self._args.people.items() if one.team == team)
        return tuple(f"{self._args.name}-{person}" for person in mine)

    def _class_name(self, team: str) -> str:
        return f"{self._args.name}-{team}"

    def _labels(self, team: str) -> dict[str, str]:
        return self._args.scope.labels(_COMPONENT, team=team)

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(after))
