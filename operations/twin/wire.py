"""Plain Python values to and from the engine's protobuf, unknowns included; secrets lose their wrapping.

The engine itself remembers which outputs are secret when a provider does not accept secrets: an output with
the name of a secret input stays secret. Markers are those of pulumi's sdk/go/common/resource (properties.go,
plugin/rpc.go) at v3.250.0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value

from operations.twin.backend import UNKNOWN

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, not a secret
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {
        _UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


def plain(struct: Struct) -> dict[str, Any]:
    """Returns the properties of a message as plain values; whole numbers become int."""
    return {key: _plain(value) for key, value in struct.fields.items()}


def packed(values: Mapping[str, Any]) -> Struct:
    """Returns a message that holds `values`, with `UNKNOWN` wherever it occurs in them."""
    return Struct(fields={key: _packed(value) for key, value in values.items()})


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _plain_object(plain(value.struct_value))
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if math.isfinite(number) and number == int(number) else number
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    return value.bool_value if kind == "bool_value" else None


def _plain_object(fields: dict[str, Any]) -> Any:
    signature = fields.get(_SIGNATURE)
    if signature == _SECRET:
        return fields.get("value")
    if signature == _OUTPUT:
        return fields.get("value", UNKNOWN)
    return fields


def _packed(value: Any) -> Value:
    if value is UNKNOWN:
        return Value(string_value=_UNKNOWN_STRING)
    if value is None:
        return Value(null_value=0)
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, str):
        return Value(string_value=value)
    if isinstance(value, (int, float)):
        return Value(number_value=value)
    return _packed_container(value)


def _packed_container(value: Any) -> Value:
    if isinstance(value, Mapping):
        return Value(struct_value=packed(value))
    if isinstance(value, Sequence):
        message = Value()
        message.list_value.values.extend(_packed(item) for item in value)
        return message
    raise TypeError(f"a {type(value).__name__} cannot be sent to the engine")
