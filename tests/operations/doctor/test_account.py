import pytest

from operations.doctor import account as who
from tests.operations.doctor.conftest import Account, edited, patient


def test_the_right_account_passes_and_an_outsider_is_warned_of(account: Account) -> None:
    first, second = who.check(patient(edited("prod"), account))
    assert (first.status, second.status) == ("passed", "warning")
    assert "cluster.admins" in second.words


def test_another_account_fails(account: Account) -> None:
    (only,) = who.check(patient(edited("dev"), account))
    assert only.status == "failed"
    assert "123456789012" in only.words
    assert "111122223333" in only.words


def test_without_credentials_it_says_how_to_log_in(account: Account) -> None:
    account.answer("sts", "GetCallerIdentity", "ExpiredToken")
    (only,) = who.check(patient(edited("prod"), account))
    assert only.status == "failed"
    assert "aws sso login" in only.hint


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:sts::1:assumed-role/admin/session", "arn:aws:iam::1:role/admin"),
        ("arn:aws:iam::1:user/somebody", "arn:aws:iam::1:user/somebody"),
        ("arn:aws-cn:sts::1:assumed-role/admin/a@b", "arn:aws-cn:iam::1:role/admin"),
    ],
)
def test_a_session_is_known_by_its_role(arn: str, expected: str) -> None:
    assert who.principal(arn) == expected
