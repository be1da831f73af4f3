from typing import Any

from infra.environment.pools import Pool
from infra.environment.pools.image import ssm_parameter
from operations.doctor import images
from tests.operations.doctor.conftest import Account, edited, patient


def test_images_that_are_missing_fail_and_the_others_pass(account: Account) -> None:
    prod = edited("prod")
    lacking = ssm_parameter(prod.pools["train"].image, prod.pools["train"].shape, "1.35")
    account.answer("ssm", "GetParameters", {"InvalidParameters": [lacking]})
    found = {one.words.split()[1].rstrip(":"): one for one in images.check(patient(prod, account))}
    assert set(found) == set(prod.pools)
    for name, pool in prod.pools.items():
        missing = ssm_parameter(pool.image, pool.shape, "1.35") == lacking
        assert found[name].status == ("failed" if missing else "passed")
    assert "for this version yet" in found["train"].hint


def test_a_pinned_release_that_is_not_there_says_where_it_is_pinned(account: Account) -> None:
    written: dict[str, Any] = {"instances": ["m7i.large"], "image": {"release": "1.35.2-20260720"}}
    pool = Pool.model_validate(written)
    parameter = ssm_parameter(pool.image, pool.shape, "1.35")
    assert "20260720" in parameter
    account.answer("ssm", "GetParameters", {"InvalidParameters": [parameter]})
    (only,) = images.check(patient(edited("prod", pools={"system": pool}), account))
    assert only.status == "failed"
    assert only.hint == "write another pools.system.image.release"
