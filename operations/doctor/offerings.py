"""Whether AWS offers the pools' instance types in the zones where their nodes are to be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from infra.problems import either
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient


def check(patient: Patient) -> Iterator[Finding]:
    """Each pool needs one of its types in at least one of its zones; better all in all."""
    pools = patient.environment.pools
    wanted = sorted({name for pool in pools.values() for name in pool.instances})
    offered = _offered(patient, wanted)
    for name, pool in pools.items():
        zones = [pool.zone] if pool.zone else list(patient.environment.zones)
        missing = [
            f"{kind} in {zone}" for kind in pool.instances for zone in zones if zone not in offered[kind]
        ]
        if not missing:
            yield passed("instances", f"pool {name}: {either(pool.instances)} in every zone")
        elif len(missing) == len(pool.instances) * len(zones):
            elsewhere = sorted(set().union(*(offered[kind] for kind in pool.instances)))
            hint = (
                f"it is offered in {', '.join(elsewhere)}" if elsewhere else "choose another type or region"
            )
            yield failed("instances", f"pool {name}: AWS does not offer {either(missing)}", hint)
        else:
            words = f"pool {name}: AWS does not offer {either(missing)}"
            yield warning("instances", words, "nodes will come up elsewhere; add alternatives to instances")


def _offered(patient: Patient, types: list[str]) -> dict[str, set[str]]:
    """Zones by instance type."""
    found: dict[str, set[str]] = defaultdict(set)
    pages = patient.pages(
        "ec2",
        "describe_instance_type_offerings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": types}],
    )
    for page in pages if types else ():
        for offering in page["InstanceTypeOfferings"]:
            found[offering["InstanceType"]].add(offering["Location"])
    return found
