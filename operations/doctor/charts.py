"""Whether charts can be had from the environment's mirror, and know the values that it adds."""

from __future__ import annotations

from collections.abc import Iterator

from infra.catalog.chart_keys import doubts
from infra.problems import BadInput
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient
from operations.mirror.check import Unasked, complete

_SUBJECT = "charts"


def check(patient: Patient) -> Iterator[Finding]:
    """What the mirror lacks, and keys of `extra_values` that are probably misspelt."""
    environment = patient.environment
    for problem in doubts(environment.extra_values):
        yield warning(_SUBJECT, f"{problem.path}: {problem.message}", problem.hint)
    if environment.mirror is None:
        return
    try:
        complete(environment, patient.root)
    except BadInput as bad:
        for problem in bad.problems:
            yield failed(_SUBJECT, f"{problem.value} {problem.message}", problem.hint)
    except Unasked as error:
        yield warning(_SUBJECT, str(error), f"look yourself: mlcluster mirror {environment.name} --list")
    else:
        yield passed(_SUBJECT, f"{environment.mirror} has them all")
