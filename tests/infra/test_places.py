import pytest

from infra.places import Place


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("us-east-1", "aws", "amazonaws.com"),
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_names_follow_from_the_region(region: str, partition: str, suffix: str) -> None:
    place = Place("111122223333", region)
    assert (place.partition, place.dns_suffix) == (partition, suffix)
    assert place.arn("logs", "log-group:a") == f"arn:{partition}:logs:{region}:111122223333:log-group:a"
    assert place.root() == f"arn:{partition}:iam::111122223333:root"
    assert place.managed_policy("service-role/A") == f"arn:{partition}:iam::aws:policy/service-role/A"
    assert place.access_policy("A") == f"arn:{partition}:eks::aws:cluster-access-policy/A"
    assert place.bucket("a") == f"arn:{partition}:s3:::a"
