"""A mesh with its gateway and login, from nothing to nothing."""

from __future__ import annotations

import pytest

from tests.lifecycle.conftest import Project, ops

pytestmark = pytest.mark.engine

LAB = """\
config:
  mlcluster:environment:
    owner: ml-platform
    platform: kubernetes
    cluster: {context: lab}
    domain:
      name: ml.example.com
      login: {issuer: https://login.example.com, client_id: consoles, secret: login}
    certificates: {authority: private}
    secrets: {}
    mesh: {revision: v1-29, gateway: {}}
    teams:
      fraud: {members: ["oidc:fraud-scientists"], cpu: 6, memory: 16GiB}
"""
KINDS = {
    *("Gateway", "HTTPRoute", "EnvoyFilter", "PeerAuthentication", "AuthorizationPolicy", "Certificate"),
    "ExternalSecret",
}


def test_up(lab: Project) -> None:
    assert set(ops(lab, "up")) == {"create"}
    assert {item.type for item in lab.items()} >= KINDS


def test_another_up_has_nothing_to_do(lab: Project) -> None:
    assert ops(lab, "up") == {}


def test_another_revision_comes_up_beside_the_one_before(lab: Project) -> None:
    lab.edit("lab", "{revision: v1-29,", "{revision: v1-30, previous: v1-29,")
    changes = ops(lab, "up")
    # The component of the new control plane and its release; nothing is replaced or taken away.
    assert changes["create"] == 2
    assert set(changes) == {"create", "update"}


def test_the_one_before_goes_when_it_is_not_named_any_more(lab: Project) -> None:
    lab.edit("lab", " previous: v1-29,", "")
    assert ops(lab, "up") == {"delete": 2}


def test_down_leaves_nothing(lab: Project) -> None:
    result, left = lab.down("lab")
    assert (result.result, result.errors, left) == ("succeeded", (), ())
    assert lab.items() == ()
