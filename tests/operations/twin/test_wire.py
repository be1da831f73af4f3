from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct, Value
from hypothesis import given
from hypothesis import strategies as st

from operations.twin.backend import UNKNOWN
from operations.twin.wire import packed, plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**53), max_value=2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just(UNKNOWN)
)
TREES = st.recursive(
    SCALARS,
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text(max_size=5), TREES, max_size=4))
def test_values_survive_the_wire(values: dict[str, Any]) -> None:
    assert plain(Struct.FromString(packed(values).SerializeToString())) == values


def test_whole_numbers_become_int() -> None:
    found = plain(packed({"port": 443.0, "share": 0.5}))
    assert (found["port"], type(found["port"])) == (443, int)
    assert found["share"] == 0.5


def test_secrets_and_outputs_lose_their_wrapping() -> None:
    key = "4dabf18193072939515e22adb298388d"
    secret = {key: "1b47061264138c4ac30d75fd1eb44270", "value": {"deep": "hidden"}}
    output = {key: "d0e6a833031e9bbcd3f4e8bde6ca49a4", "value": 1, "dependencies": ["urn:a"]}
    pending = {key: "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
    assert plain(packed({"a": secret, "b": [output, pending]})) == {
        "a": {"deep": "hidden"},
        "b": [1, UNKNOWN],
    }


def test_unknowns_of_every_kind_are_known_as_such() -> None:
    numbers = Struct(fields={"n": Value(string_value="3eeb2bf0-c639-47a8-9e75-3b44932eb421")})
    assert plain(numbers) == {"n": UNKNOWN}


def test_what_the_engine_cannot_be_sent_is_said() -> None:
    with pytest.raises(TypeError, match="a set cannot be sent to the engine"):
        packed({"x": {1, 2}})
