"""Whether EKS still runs the environment's version of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator

from operations.doctor.finding import Finding, failed, passed, warning
from operations.doctor.patient import Patient

_UPGRADE = "upgrade one minor version at a time: docs/how-to/upgrade.md"


def check(patient: Patient) -> Iterator[Finding]:
    """Which support EKS gives the version today."""
    cluster = patient.environment.cluster
    if cluster is None or cluster.version is None:
        return
    answer = patient.aws("eks").describe_cluster_versions(clusterVersions=[cluster.version])
    found = {one["clusterVersion"]: one for one in answer["clusterVersions"]}.get(cluster.version, {})
    status = found.get("versionStatus", "UNSUPPORTED")
    if status == "STANDARD_SUPPORT":
        until = found["endOfStandardSupportDate"].date()
        yield passed("kubernetes", f"{cluster.version} is in standard support until {until}")
    elif status == "EXTENDED_SUPPORT":
        until = found["endOfExtendedSupportDate"].date()
        words = f"{cluster.version} is in extended support, at six times the price, until {until}"
        yield warning("kubernetes", words, _UPGRADE)
    else:
        yield failed("kubernetes", f"EKS does not support {cluster.version}", _UPGRADE)
