from operations.doctor import state
from operations.doctor.patient import Patient
from operations.state import look
from tests.operations.doctor.conftest import Account, edited, patient


def prod(account: Account) -> Patient:
    return patient(edited("prod"), account)


def test_a_state_that_has_no_place_yet_fails_and_says_what_makes_one(account: Account) -> None:
    (only,) = state.check(prod(account))
    assert only.status == "failed"
    assert only.hint == "mlcluster init prod"


def test_what_init_made_passes_and_what_was_weakened_since_is_a_warning(account: Account) -> None:
    environment = edited("prod")
    assert environment.state is not None
    assert environment.state_place is not None
    for setting in look(environment.state, environment.state_place, {}).open:
        assert setting.apply is not None
        setting.apply()
    (only,) = state.check(prod(account))
    assert only.status == "passed"
    bucket = environment.state_place.bucket
    account.connect("s3", "us-east-1").delete_public_access_block(Bucket=bucket)
    (weaker,) = state.check(prod(account))
    assert weaker.status == "warning"
    assert bucket in weaker.words


def test_an_environment_that_keeps_its_state_elsewhere_is_not_asked(account: Account) -> None:
    assert list(state.check(patient(edited("prod", state=None), account))) == []
