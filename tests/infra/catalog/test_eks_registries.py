import re

import pytest

from infra.catalog import regions
from infra.catalog.images import eks_registry


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "602401143452.dkr.ecr.us-east-1.amazonaws.com"),
        ("eu-south-1", "590381155156.dkr.ecr.eu-south-1.amazonaws.com"),
        ("ap-east-2", "533267051163.dkr.ecr.ap-east-1.amazonaws.com"),
    ],
)
def test_a_region_has_a_registry_of_its_own(region: str, host: str) -> None:
    assert eks_registry(region) == host


def test_every_region_has_one() -> None:
    for region in regions.regions():
        assert re.fullmatch(r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com", eks_registry(region))
