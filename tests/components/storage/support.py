"""What the tests of storage have in common."""

from __future__ import annotations

import json
from typing import Any

import pulumi_kubernetes as kubernetes

from infra.handles import TeamSpace
from tests.components.support import Found, known

PHASES = ("exploration", "training", "serving")


def spaces(*teams: str) -> dict[str, TeamSpace]:
    return {
        team: TeamSpace(namespaces=tuple(f"{team}-{phase}" for phase in PHASES), ready=()) for team in teams
    }


def volumes(found: Found) -> dict[str, dict[str, Any]]:
    """Specs of the volumes by ``namespace/claim``."""
    specs = [one.inputs["spec"] for one in found.all("PersistentVolume")]
    return {f"{spec['claimRef']['namespace']}/{spec['claimRef']['name']}": dict(spec) for spec in specs}


def claims(found: Found) -> dict[str, dict[str, Any]]:
    """Specs of the claims by ``namespace/claim``."""
    return {
        f"{one.inputs['metadata']['namespace']}/{one.inputs['metadata']['name']}": dict(one.inputs["spec"])
        for one in found.all("PersistentVolumeClaim")
    }


def check_pairs(found: Found) -> None:
    """Each claim gets the volume that waits for it and that it names; no two have one handle."""
    have, want = volumes(found), claims(found)
    assert have.keys() == want.keys()
    names = {one.inputs["metadata"]["name"]: one.inputs["spec"] for one in found.all("PersistentVolume")}
    for key, claim in want.items():
        volume = names[claim["volumeName"]]
        assert f"{volume['claimRef']['namespace']}/{volume['claimRef']['name']}" == key
        assert claim["accessModes"] == volume["accessModes"]
        assert claim["storageClassName"] == volume["storageClassName"] == ""
        assert volume["persistentVolumeReclaimPolicy"] == "Retain"
    handles = [volume["csi"]["volumeHandle"] for volume in have.values()]
    assert len(set(handles)) == len(handles)


__all__ = ["PHASES", "check_pairs", "claims", "json", "known", "kubernetes", "spaces", "volumes"]
