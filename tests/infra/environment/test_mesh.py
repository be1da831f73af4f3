"""What the sections `mesh` and `mesh.gateway` may say, and what they need of others."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra.environment.mesh import Mesh
from infra.problems import BadInput
from tests.infra.environment.samples import MISSING, on_premises, small

WHOLE: dict[str, Any] = {
    "domain": {
        "name": "ml.example.com",
        "hosted_zone": "Z0123456789ABCDEFGHIJ",
        "login": {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"},
    },
    "certificates": {"authority": "acme", "email": "ml-platform@example.com"},
    "secrets": {},
    "mesh": {"gateway": {"sources": ["198.51.100.0/24"]}},
}


def test_a_mesh_alone_has_defaults_worth_having() -> None:
    mesh = small({"mesh": {}}).mesh
    assert mesh is not None
    assert (mesh.mode, mesh.revision, mesh.previous, mesh.gateway) == ("ambient", "stable", None, None)


def test_without_the_section_there_is_none() -> None:
    assert small().mesh is None


def test_a_whole_one_is_right() -> None:
    env = small(copy.deepcopy(WHOLE))
    assert env.mesh is not None
    assert env.mesh.gateway is not None
    assert env.mesh.gateway.limits.per_client == 50


def with_changes(changes: dict[str, Any]) -> dict[str, Any]:
    gone = {path for path, value in changes.items() if value is MISSING}
    whole = {path: value for path, value in copy.deepcopy(WHOLE).items() if path not in gone}
    return whole | {path: value for path, value in changes.items() if path not in gone or "." in path}


def told(changes: dict[str, Any]) -> str:
    with pytest.raises(BadInput) as bad:
        small(with_changes(changes))
    return str(bad.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mesh.mode": "sidecars"}, "mesh.mode: sidecars"),
        ({"mesh.revision": "1.29"}, 'mesh.revision: "1.29" is not a name for a revision; write small'),
        ({"mesh.previous": "stable"}, "mesh.previous: stable is the revision itself; write the one before"),
        ({"mesh.gateway_api": False}, "mesh.gateway_api: false leaves the cluster without kinds"),
        ({"mesh.gateway.sources": ["everywhere"]}, "mesh.gateway.sources[0]: everywhere is not a range"),
        ({"mesh.gateway.limits": {"per_client": 0}}, "mesh.gateway.limits.per_client: 0"),
        (
            {"mesh.gateway.limits": {"burst": 10}},
            "mesh.gateway.limits.burst: 10 is below per_client, 50; write at least 50",
        ),
        (
            {"mesh.gateway.limits": {"per_client": 9000, "burst": 9000}},
            "mesh.gateway.limits: 5000 is below per_client, 9000; write at least 9000",
        ),
        (
            {"mesh.gateway": {}},
            "mesh.gateway.sources: is missing, and the gateway has public addresses; write the ranges",
        ),
        (
            {"mesh": MISSING},
            "domain.login: is there, but no gateway that asks for it; write mesh: {gateway: {…}}",
        ),
        ({"mesh": {}}, "domain.login: is there, but no gateway that asks for it"),
        ({"domain": MISSING}, "domain: is missing, which mesh.gateway has its hosts in; write domain:"),
        ({"certificates": MISSING}, "certificates: is missing, which mesh.gateway needs for HTTPS"),
        ({"domain.login.secret": MISSING}, "domain.login.secret: is missing"),
    ],
)
def test_a_mistake_is_told_with_what_to_write(changes: dict[str, Any], message: str) -> None:
    assert message in told(changes)


def test_each_mistake_is_told_once() -> None:
    assert told({"mesh.gateway": {}}).count("\n") == 0


def test_private_names_need_no_sources() -> None:
    private = {"domain.private": True, "certificates": {"authority": "private"}, "mesh.gateway": {}}
    env = small({**copy.deepcopy(WHOLE), **private})
    assert env.mesh is not None
    assert env.mesh.gateway is not None
    assert env.mesh.gateway.sources == ()


def test_a_cluster_of_somebody_elses_may_have_the_gateway_api() -> None:
    mesh = on_premises({"mesh": {"gateway_api": False}}).mesh
    assert mesh is not None
    assert not mesh.gateway_api


def test_somebody_elses_load_balancers_are_theirs_to_close() -> None:
    env = on_premises(
        {
            "domain": {"name": "ml.example.com"},
            "certificates": {"authority": "private"},
            "mesh": {"gateway": {}},
        }
    )
    assert env.mesh is not None
    assert env.mesh.gateway is not None


def test_a_mesh_needs_a_cluster() -> None:
    gone = dict.fromkeys(("cluster", "network", "pools", "teams"), MISSING)
    with pytest.raises(BadInput, match="mesh: needs a cluster"):
        small({**gone, "mesh": {}})


def test_what_comes_with_the_default_revision_has_a_limit_for_everybody() -> None:
    limits = Mesh.model_validate({"gateway": {}}).gateway
    assert limits is not None
    assert limits.limits.in_all >= limits.limits.burst >= limits.limits.per_client
