"""Service quotas, against the environment at its largest and what else runs in the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from infra.catalog import instances, quotas
from infra.catalog.quotas import Market, Quota
from infra.labels import ENVIRONMENT_TAG
from operations.doctor.demands import demands
from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient

_RUNNING: Final = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]


def check(patient: Patient) -> Iterator[Finding]:
    """Whether each quota has room for the environment besides what is there already and not its own."""
    needed = demands(patient.environment)
    limits = _limits(patient, needed)
    used = _used(patient)
    for quota, need in sorted(needed.items()):
        limit = limits.get(quota)
        if limit is None:
            hint = f"look at quota {quota.code} of {quota.service}: {need:g} are needed"
            yield warning("quota", f"{quota.name}: AWS does not say", hint)
            continue
        yield _judged(quota, need, used[quota], limit)


def _judged(quota: Quota, need: float, used: float, limit: float) -> Finding:
    others = f" besides {used:g} in use" if used else ""
    words = f"{quota.name}: {need:g} at most{others}, of {limit:g}"
    if need + used <= limit:
        return passed("quota", words)
    ask = (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {need + used:g}"
    )
    return failed("quota", words, ask)


def _limits(patient: Patient, needed: Iterable[Quota]) -> dict[Quota, float]:
    """What the account has; a quota that was never raised is listed with AWS' default."""
    found = {}
    for service in sorted({quota.service for quota in needed}):
        for page in patient.pages("service-quotas", "list_service_quotas", ServiceCode=service):
            for one in page["Quotas"]:
                found[service, one["QuotaCode"]] = float(one["Value"])
    return {
        quota: found[quota.service, quota.code] for quota in needed if (quota.service, quota.code) in found
    }


def _used(patient: Patient) -> Counter[Quota]:
    """What the rest of the account takes of the quotas that many share."""
    used: Counter[Quota] = Counter()
    for counted in _COUNTED:
        counted(patient, used)
    return used


def _instances(patient: Patient, used: Counter[Quota]) -> None:
    for page in patient.pages("ec2", "describe_instances", Filters=_RUNNING):
        for instance in (one for group in page["Reservations"] for one in group["Instances"]):
            if patient.owns(instance) or instance.get("InstanceLifecycle") == "capacity-block":
                continue
            market: Market = "spot" if instance.get("InstanceLifecycle") == "spot" else "on-demand"
            used[quotas.vcpus(instance["InstanceType"], market)] += _vcpus(instance)


def _vcpus(instance: Mapping[str, Any]) -> int:
    """What an instance counts: what it was started with, else what its type has."""
    cpu = instance.get("CpuOptions")
    if cpu:
        return int(cpu["CoreCount"] * cpu["ThreadsPerCore"])
    shape = instances.shapes().get(instance["InstanceType"])
    return 0 if shape is None else shape.vcpu


def _addresses(patient: Patient, used: Counter[Quota]) -> None:
    found = patient.aws("ec2").describe_addresses()["Addresses"]
    used[quotas.quota("addresses")] += sum(not patient.owns(one) for one in found)


def _networks(patient: Patient, used: Counter[Quota]) -> None:
    for page in patient.pages("ec2", "describe_vpcs"):
        used[quotas.quota("networks")] += sum(not patient.owns(one) for one in page["Vpcs"])


def _clusters(patient: Patient, used: Counter[Quota]) -> None:
    names = [name for page in patient.pages("eks", "list_clusters") for name in page["clusters"]]
    for name in names:
        cluster = patient.aws("eks").describe_cluster(name=name)["cluster"]
        used[quotas.quota("clusters")] += cluster.get("tags", {}).get(ENVIRONMENT_TAG) != _name(patient)


_COUNTED: Final[tuple[Callable[[Patient, Counter[Quota]], None], ...]] = (
    _instances,
    _addresses,
    _networks,
    _clusters,
)


def _name(patient: Patient) -> str:
    return patient.environment.name
