from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from operations.twin.aws import naming
from operations.twin.aws.table import Name

URN = "urn:pulumi:dev::p::aws:iam/role:Role::node"
SEED = b"\x12\x34\x56\x78"


def test_a_name_is_made_of_the_logical_one() -> None:
    assert naming.generated(Name(), URN, {}, {}, SEED) == "node-1234567"
    assert naming.generated(Name(form="alias/{}"), URN, {}, {}, SEED) == "alias/node-1234567"


def test_a_programs_own_name_wins() -> None:
    assert naming.generated(Name(), URN, {}, {"name": "mine"}, SEED) is None
    assert naming.generated(Name(), URN, {}, {"namePrefix": "mine-"}, SEED) is None


def test_a_generated_name_stays_and_a_dropped_one_does_not() -> None:
    generated = {"name": "node-7654321", naming.DEFAULTED: ["name"]}
    assert naming.generated(Name(), URN, generated, {}, SEED) == "node-7654321"
    assert naming.generated(Name(), URN, {"name": "mine", naming.DEFAULTED: []}, {}, SEED) == "node-1234567"


def test_limits_count_what_a_prefix_is_completed_by() -> None:
    limited = Name(limit=63)
    assert naming.problems(limited, {"name": "n" * 63}) == []
    assert [name for name, _ in naming.problems(limited, {"name": "n" * 64})] == ["name"]
    assert naming.problems(limited, {"namePrefix": "n" * 37}) == []
    assert [name for name, _ in naming.problems(limited, {"namePrefix": "n" * 38})] == ["namePrefix"]


@given(st.lists(st.just("mlcluster-"), min_size=2, max_size=50))
def test_completed_names_differ(prefixes: list[str]) -> None:
    names = [naming.completed(prefix) for prefix in prefixes]
    assert len(set(names)) == len(names)
    assert {len(name) for name in names} == {len("mlcluster-") + 26}
