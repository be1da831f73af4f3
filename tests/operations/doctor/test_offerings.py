from infra.environment.pools import Pool
from operations.doctor import offerings
from tests.operations.doctor.conftest import Account, edited, patient


def offered(account: Account, *where: tuple[str, str]) -> None:
    answer = [{"InstanceType": kind, "Location": zone} for kind, zone in where]
    account.answer("ec2", "DescribeInstanceTypeOfferings", {"InstanceTypeOfferings": answer})


def status(account: Account, **pool: object) -> tuple[str, str]:
    made = Pool.model_validate({"instances": ["p5.48xlarge"], **pool})
    (only,) = offerings.check(patient(edited("prod", pools={"train": made}), account))
    return only.status, only.hint


def test_moto_offers_what_prod_asks_for(account: Account) -> None:
    found = list(offerings.check(patient(edited("prod"), account)))
    assert len(found) == len(edited("prod").pools)
    assert {one.subject for one in found} == {"instances"}


def test_a_type_that_is_offered_elsewhere_fails_and_says_where(account: Account) -> None:
    offered(account, ("p5.48xlarge", "us-east-1f"))
    assert status(account, zone="us-east-1a") == ("failed", "it is offered in us-east-1f")


def test_a_type_that_lacks_in_one_zone_is_a_warning(account: Account) -> None:
    offered(account, ("p5.48xlarge", "us-east-1a"))
    assert status(account)[0] == "warning"


def test_a_type_that_is_everywhere_passes(account: Account) -> None:
    offered(account, *(("p5.48xlarge", zone) for zone in edited("prod").zones))
    assert status(account) == ("passed", "")


def test_a_type_that_is_nowhere_fails(account: Account) -> None:
    offered(account)
    assert status(account) == ("failed", "choose another type or region")
