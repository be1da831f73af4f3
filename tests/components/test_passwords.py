"""Passwords: made once, in the cluster, and known to nobody here."""

from __future__ import annotations

import pulumi

from components import passwords
from components.passwords import (
    PASSWORD,
    GeneratedPassword,
    GeneratedPasswordArgs,
    StoredSecret,
    StoredSecretArgs,
)
from tests.components.storage.judging import complaints, needs_upstream
from tests.components.support import SCOPE, Found, record_component

LABELS = SCOPE.labels("test")


def recorded() -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        GeneratedPassword(
            "grafana-admin",
            GeneratedPasswordArgs(
                namespace="monitoring",
                secret="grafana-admin",
                labels=LABELS,
                data={"admin-user": "admin", "admin-password": PASSWORD},
            ),
            opts,
        )
        StoredSecret(
            "login",
            StoredSecretArgs(
                namespace="login",
                secret="login",
                labels=LABELS,
                store="platform",
                key="mlcluster/test/platform/login",
                properties={"client-secret": "client-secret"},
                refresh_s=3600,
            ),
            opts,
        )

    return record_component(build)


@needs_upstream
def test_external_secrets_own_definitions_have_nothing_against_it() -> None:
    found = recorded()
    for one in (*found.all("ExternalSecret"), *found.all("Password")):
        assert complaints(one.inputs) == []


@needs_upstream
def test_a_definition_does_complain() -> None:
    found = recorded()
    generator = found.inputs("Password")
    assert complaints({**generator, "spec": {"length": 32}})
    secret = found.inputs("ExternalSecret", "login")
    assert complaints({**secret, "spec": {**secret["spec"], "refreshPolicy": "Once"}})


def test_a_password_is_made_once() -> None:
    spec = recorded().inputs("ExternalSecret", "grafana-admin-secret")["spec"]
    assert spec["refreshPolicy"] == "CreatedOnce"
    (source,) = spec["dataFrom"]
    assert source["sourceRef"]["generatorRef"]["kind"] == "Password"
    assert source["sourceRef"]["generatorRef"]["name"] == "grafana-admin"


def test_the_secret_has_the_entries_that_are_asked_for() -> None:
    target = recorded().inputs("ExternalSecret", "grafana-admin-secret")["spec"]["target"]
    assert target["template"]["data"] == {"admin-user": "admin", "admin-password": "{{ .password }}"}


def test_passwords_are_long_and_need_no_quoting() -> None:
    spec = passwords.generator_spec(32)
    assert (spec["length"], spec["symbols"], spec["digits"]) == (32, 0, 8)
    assert spec["allowRepeat"] is True, "letters that may not repeat are fewer"


def test_what_is_stored_is_read_again() -> None:
    spec = recorded().inputs("ExternalSecret", "login")["spec"]
    assert (spec["refreshPolicy"], spec["refreshInterval"]) == ("Periodic", "3600s")
    assert spec["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "platform"}
    assert spec["data"] == [
        {
            "secretKey": "client-secret",
            "remoteRef": {"key": "mlcluster/test/platform/login", "property": "client-secret"},
        }
    ]


def test_the_generator_outlives_what_asks_it() -> None:
    found = recorded()
    assert "Password::grafana-admin" in found.before(found.one("ExternalSecret", "grafana-admin-secret"))


def test_no_secret_is_a_resource() -> None:
    assert not recorded().all("Secret")
