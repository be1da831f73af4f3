import pytest

from infra.environment.network import Network
from operations.doctor import network
from operations.doctor.finding import Finding
from tests.operations.doctor.conftest import Account, edited, patient


@pytest.mark.parametrize(
    ("cidr", "owner", "status"),
    [
        ("10.40.128.0/20", "else", "warning"),
        ("10.99.0.0/16", "else", "passed"),
        ("10.40.0.0/16", "prod", "passed"),
    ],
)
def test_what_overlaps_and_is_not_its_own_is_warned_of(
    account: Account, cidr: str, owner: str, status: str
) -> None:
    tags = [{"Key": "mlcluster:environment", "Value": owner}]
    made = account.connect("ec2", "us-east-1").create_vpc(
        CidrBlock=cidr, TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}]
    )
    (only,) = network.check(patient(edited("prod"), account))
    assert only.status == status
    assert (made["Vpc"]["VpcId"] in only.words) == (status == "warning")


PEER = "10.80.0.0/16"


def peering(account: Account, written: str) -> Finding:
    made = account.connect("ec2", "us-west-2").create_vpc(CidrBlock=PEER)["Vpc"]["VpcId"]
    peer = {"vpc": made if written else "vpc-00000000", "cidr": written or PEER, "region": "us-west-2"}
    section = Network.model_validate({"cidr": "10.40.0.0/16", "peers": {"store": peer}})
    _own, found = network.check(patient(edited("prod", network=section), account))
    return found


def test_a_peer_is_looked_at_in_its_own_region(account: Account) -> None:
    assert peering(account, PEER).status == "passed"


def test_a_peer_with_another_range_fails_and_says_where_to_write_it(account: Account) -> None:
    found = peering(account, "10.81.0.0/16")
    assert found.status == "failed"
    assert PEER in found.words
    assert found.hint == "write network.peers.store.cidr as it is"


def test_a_peer_that_is_not_there_fails(account: Account) -> None:
    assert peering(account, "").status == "failed"


def test_an_existing_network_is_no_clash_with_itself(account: Account) -> None:
    made = account.connect("ec2", "us-east-1").create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = {
        f"us-east-1{letter}": {"id": f"subnet-0000000{number}", "cidr": f"10.40.{16 * number}.0/20"}
        for number, letter in enumerate("ab")
    }
    intra = {
        zone: {"id": f"subnet-1000000{number}", "cidr": f"10.40.240.{16 * number}/28"}
        for number, zone in enumerate(subnets)
    }
    existing = {"vpc": made, "private": subnets, "intra": intra}
    section = Network.model_validate({"cidr": "10.40.0.0/16", "existing": existing})
    (only,) = network.check(patient(edited("prod", network=section), account))
    assert only.status == "passed"
