"""Whether the images that pools boot are there."""

from __future__ import annotations

from collections.abc import Iterator

from infra.environment.pools.image import ssm_parameter
from operations.doctor.finding import Finding, failed, passed
from operations.doctor.patient import Patient

_AT_ONCE = 10
"""Parameters that GetParameters takes:
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


def check(patient: Patient) -> Iterator[Finding]:
    """The public parameter of each pool's image: of the pinned release, or of the newest."""
    cluster = patient.environment.cluster
    version = None if cluster is None else cluster.version
    if version is None:
        return
    wanted = {
        name: ssm_parameter(pool.image, pool.shape, version)
        for name, pool in patient.environment.pools.items()
    }
    missing = _missing(patient, sorted(set(wanted.values())))
    for name, parameter in wanted.items():
        if parameter not in missing:
            yield passed("images", f"pool {name}: {parameter}")
            continue
        release = patient.environment.pools[name].image.release
        hint = f"write another pools.{name}.image.release" if release else "EKS has none for this version yet"
        yield failed("images", f"pool {name}: there is no {parameter}", hint)


def _missing(patient: Patient, names: list[str]) -> set[str]:
    asked = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]
    answers = [patient.aws("ssm").get_parameters(Names=some) for some in asked]
    return {name for answer in answers for name in answer.get("InvalidParameters", ())}
