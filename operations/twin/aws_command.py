"""The `aws` command that engines on a twin find first: lets them into the twin's cluster.

`eks get-token` is answered with the certificate of the control plane's administrator, since no AWS is there
to check a token; every other call goes to the real AWS CLI, if there is one. `plugins` writes the script that
runs this file. It needs nothing but the standard library, for which Python takes a fiftieth of a second.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_NOT_FOUND = 127
"""What shells return for a command that is not there."""


def credential(certificate: Path, key: Path, api_version: str) -> str:
    """An answer to client-go's request for credentials, as JSON.

    https://kubernetes.io/docs/reference/config-api/client-authentication.v1beta1/
    """
    status = {"clientCertificateData": certificate.read_text(), "clientKeyData": key.read_text()}
    return json.dumps({"apiVersion": api_version, "kind": "ExecCredential", "status": status})


def requested(environment: str) -> str:
    """The version of the API that the client speaks, from what it passes in KUBERNETES_EXEC_INFO."""
    try:
        return str(json.loads(environment)["apiVersion"])
    except (ValueError, KeyError, TypeError):
        return "client.authentication.k8s.io/v1beta1"


def operation(arguments: Sequence[str]) -> list[str]:
    """The service and the operation of a call: its first two words that are neither options nor their values.

    All of AWS' options before them that take no value are switches for debugging or paging.
    """
    words: list[str] = []
    skipped = False
    for argument in arguments:
        if skipped:
            skipped = False
        elif argument.startswith("--"):
            skipped = "=" not in argument and not argument.startswith("--no-") and argument != "--debug"
        else:
            words.append(argument)
    return words[:2]


def main(own: Path, certificate: Path, key: Path, arguments: list[str]) -> int:
    """Answers one call.

    Args:
        own: The folder of the script, where the real command is not looked for.
        certificate: Of the administrator.
        key: Of the administrator.
        arguments: Of the call.
    """
    if operation(arguments) != ["eks", "get-token"]:
        return _pass_on(own, arguments)
    try:
        sys.stdout.write(credential(certificate, key, requested(os.environ.get("KUBERNETES_EXEC_INFO", ""))))
    except OSError as error:
        sys.stderr.write(f"the twin has no control plane: {error}\n")
        return 1
    return 0


def _pass_on(own: Path, arguments: list[str]) -> int:
    folders = [
        folder for folder in os.environ.get("PATH", "").split(os.pathsep) if folder and Path(folder) != own
    ]
    real = shutil.which("aws", path=os.pathsep.join(folders))
    if real is None:
        sys.stderr.write("aws: not installed; the twin itself answers `aws eks get-token` only\n")
        return _NOT_FOUND
    return os.execv(real, ["aws", *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))
