"""Whether the place for the state is there, and as strict as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

from infra.problems import BadInput
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient
from operations.guards import Failure, Refusal
from operations.state import look


def check(patient: Patient) -> Iterator[Finding]:
    """Bucket and key of an environment that names its state."""
    environment = patient.environment
    if environment.state is None or environment.state_place is None:
        return
    try:
        found = look(environment.state, environment.state_place, {}, _session(patient))
    except (BadInput, Refusal, Failure) as error:
        yield failed("state", str(error), f"mlcluster init {environment.name}")
        return
    if not found.open:
        yield passed("state", f"{found.place.bucket} and its key are as they should be")
        return
    lacking = ", ".join(setting.what for setting in found.open)
    hint = f"mlcluster init {environment.name}"
    missing = failed if any(setting.what == "bucket" for setting in found.open) else warning
    yield missing("state", f"{found.place.bucket}: not as it should be: {lacking}", hint)


def _session(patient: Patient) -> SimpleNamespace:
    """As much of a session as is needed, with the patient's clients."""
    region = str(patient.environment.region)
    return SimpleNamespace(client=lambda service, region_name=region: patient.connect(service, region_name))
