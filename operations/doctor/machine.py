"""What this machine has to bring: programs, a way to the cluster, and a place for the state."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from infra.environment import find
from infra.problems import BadInput
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient
from operations.engine import backend as backends
from operations.engine import ladder

_AWS_HINT = "install it: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
_KUBECTL_HINT = "install it to look into clusters: https://kubernetes.io/docs/tasks/tools"


def tools(patient: Patient) -> Iterator[Finding]:
    """The engine, and the commands that clusters are reached with."""
    try:
        engine = ladder.at_hand()
    except BadInput as bad:
        yield failed("tools", str(bad.problems[0].message), bad.problems[0].hint)
    else:
        if engine is None:
            words = "no Pulumi engine yet: the first run downloads or builds one"
            yield warning("tools", words, "do it now: mlcluster twin build")
        else:
            yield passed("tools", f"Pulumi {engine.version} ({engine.source})")
    if patient.environment.cluster is None:
        return
    if patient.environment.platform == "aws":
        yield _command("aws", _AWS_HINT, needed=True)
    yield _command("kubectl", _KUBECTL_HINT, needed=False)


def _command(name: str, hint: str, *, needed: bool) -> Finding:
    path = shutil.which(name)
    if path is not None:
        return passed("tools", f"{name} is there")
    say = failed if needed else warning
    return say("tools", f"{name} is not on PATH", hint)


def backend(patient: Patient) -> Iterator[Finding]:
    """Where the state would be kept."""
    try:
        site = backends.of_site(patient.root, find(patient.environment.name, patient.root))
    except BadInput as bad:
        for problem in bad.problems:
            yield failed("backend", f"{problem.path} {problem.message}", problem.hint)
        return
    if site.url.startswith("file://"):
        words = f"{site.url}: only this machine has it"
        hint = f"for a team: mlcluster init {patient.environment.name}"
        yield warning("backend", words, hint)
    else:
        yield passed("backend", site.url)
