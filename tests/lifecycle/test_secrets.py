"""Values of secrets stay in the cluster: no plan, log or state has them, by the real engine on a twin.

No external-secrets runs on a twin, so the test does what it would do: it writes the Secrets that the stack's
objects ask for.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation as auto

from operations.engine import backend, ladder
from operations.engine.command import Command
from operations.progress import Silent
from operations.twin.kubernetes.api import Manifest, Ref
from operations.twin.kubernetes.client import Client
from operations.twin.kubernetes.control_plane import ControlPlane
from operations.twin.manager import Twin

pytestmark = pytest.mark.engine

NAMESPACE = "consoles"
GENERATED, STORED, ROOT = "grafana-admin", "login", "mlcluster-root"


def program() -> None:
    """External-secrets, cert-manager, a password that is generated and a secret that is stored."""
    import pulumi_kubernetes as kubernetes

    from components.cluster.cert_manager import CertManager, CertManagerArgs
    from components.cluster.external_secrets import ExternalSecrets, ExternalSecretsArgs
    from components.passwords import (
        PASSWORD,
        GeneratedPassword,
        GeneratedPasswordArgs,
        StoredSecret,
        StoredSecretArgs,
    )
    from infra.environment.certificates import Certificates
    from infra.labels import Scope

    scope = Scope("test", "somebody")
    labels = scope.labels("test")
    opts = pulumi.ResourceOptions(providers=[kubernetes.Provider("kubernetes", context="somebody-elses")])
    made = ExternalSecrets("external-secrets", ExternalSecretsArgs(scope=scope, aws=None), opts)
    authority = Certificates(authority="private")
    CertManager("cert-manager", CertManagerArgs(scope=scope, certificates=authority), opts)
    space = kubernetes.core.v1.Namespace(
        NAMESPACE,
        metadata={"name": NAMESPACE, "labels": labels},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(made.ready))),
    )
    common: dict[str, Any] = {"namespace": NAMESPACE, "labels": labels, "after": (space, *made.ready)}
    GeneratedPassword(
        GENERATED, GeneratedPasswordArgs(**common, secret=GENERATED, data={"password": PASSWORD}), opts
    )
    properties = {"client-secret": "client-secret"}
    stored = StoredSecretArgs(
        **common,
        secret=STORED,
        store="platform",
        key="mlcluster/test/platform/login",
        properties=properties,
        refresh_s=3600,
    )
    StoredSecret(STORED, stored, opts)


@dataclass
class Stage:
    """A stack on a twin, all that it ever said, and where its state is."""

    twin: Twin
    stack: auto.Stack
    said: list[str] = field(default_factory=list)

    def run(self, what: str) -> None:
        """Runs `up`, `preview`, `refresh` or `destroy`."""
        self.stack.workspace.env_vars = {**self.stack.workspace.env_vars, **self.twin.start().env}
        result = getattr(self.stack, what)(on_output=self.said.append)
        self.said += [result.stdout, result.stderr]

    def kubernetes(self) -> Client:
        return Client(ControlPlane(self.twin.folder).ensure, lambda: None)

    def written(self) -> str:
        """The state as it is exported and as it lies there, with its history, and all that was said."""
        state = json.dumps(self.stack.export_stack().deployment)
        files = [path for path in self.twin.folder.rglob("*.json*") if ".pulumi" in path.parts]
        assert files, "the state is not where it was"
        return "\n".join([state, *self.said, *(path.read_text(errors="replace") for path in files)])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    root: Path = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(root / "no-such-file"))
        twin = Twin("secrets", root / "secrets")
        place = backend.of_twin(twin.folder, twin.start().env, checkpoints=True)
        project = auto.ProjectSettings("secrets-test", "python", backend=auto.ProjectBackend(place.url))
        options = auto.LocalWorkspaceOptions(
            project_settings=project,
            pulumi_command=Command(ladder.find(Silent())),
            env_vars=place.variables,
        )
        stack = auto.create_or_select_stack("test", "secrets-test", program, opts=options)
        try:
            yield Stage(twin, stack)
        finally:
            twin.reset()


def asked_for(client: Client) -> list[tuple[str, str]]:
    """Namespaces and names of the Secrets that objects of the stack ask for."""
    kinds = (("external-secrets.io/v1", "ExternalSecret"), ("cert-manager.io/v1", "Certificate"))
    found = [one for version, kind in kinds for one in client.list(version, kind)]
    return [(one["metadata"]["namespace"], _target(one)) for one in found]


def _target(asking: Manifest) -> str:
    spec = asking["spec"]
    return str(spec["secretName"] if "secretName" in spec else spec["target"]["name"])


def test_values_are_nowhere_but_in_the_cluster(stage: Stage) -> None:
    stage.run("preview")
    stage.run("up")
    client = stage.kubernetes()
    wanted = asked_for(client)
    assert {name for _namespace, name in wanted} == {GENERATED, STORED, ROOT}
    values = {name: secrets.token_hex(24) for _namespace, name in wanted}
    for namespace, name in wanted:
        client.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name, "namespace": namespace},
                "stringData": {"value": values[name]},
            },
            manager="external-secrets",
        )
    for what in ("refresh", "preview", "up"):
        stage.run(what)
    written = stage.written()
    assert GENERATED in written, "what is looked for would be found"
    assert "mlcluster/test/platform/login" in written
    for name, value in values.items():
        assert value not in written, name
        assert base64.b64encode(value.encode()).decode() not in written, name


def test_a_password_stays_as_it_is(stage: Stage) -> None:
    live = stage.kubernetes().get(Ref("v1", "Secret", GENERATED, NAMESPACE))
    assert live is not None
    before = live["data"]
    stage.run("up")
    after = stage.kubernetes().get(Ref("v1", "Secret", GENERATED, NAMESPACE))
    assert after is not None
    assert after["data"] == before


def test_nothing_stays_when_it_goes(stage: Stage) -> None:
    stage.run("destroy")
    client = stage.kubernetes()
    assert client.get(Ref("v1", "Namespace", NAMESPACE)) is None
    assert client.get(Ref("v1", "Secret", GENERATED, NAMESPACE)) is None
