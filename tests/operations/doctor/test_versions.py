from datetime import UTC, datetime

import pytest

from operations.doctor import versions
from tests.operations.doctor.conftest import Account, edited, patient

DAY = datetime(2027, 3, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "status"),
    [("STANDARD_SUPPORT", "passed"), ("EXTENDED_SUPPORT", "warning"), ("UNSUPPORTED", "failed")],
)
def test_the_support_is_what_eks_says(account: Account, said: str, status: str) -> None:
    version = {
        "clusterVersion": "1.35",
        "versionStatus": said,
        "endOfStandardSupportDate": DAY,
        "endOfExtendedSupportDate": DAY,
    }
    account.answer("eks", "DescribeClusterVersions", {"clusterVersions": [version]})
    (only,) = versions.check(patient(edited("prod"), account))
    assert only.status == status
    assert "1.35" in only.words


def test_a_version_that_eks_does_not_know_fails(account: Account) -> None:
    account.answer("eks", "DescribeClusterVersions", {"clusterVersions": []})
    (only,) = versions.check(patient(edited("prod"), account))
    assert only.status == "failed"
