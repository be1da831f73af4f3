"""What travels between a Pulumi program and its engine, read as plain Python values.

The signatures are those of Pulumi's property-value encoding, as in the SDK's ``pulumi.runtime.rpc``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

SECRET = "[secret]"  # noqa: S105 - the mask that stands for secrets
UNKNOWN = "[unknown]"
"""Stands for a value that only exists after creation, in recordings of a preview."""

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a constant of the protocol
_RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"


def read(properties: struct_pb2.Struct, *, mask: bool) -> dict[str, Any]:
    """The properties as plain values, sorted; with `mask`, secrets become ``"[secret]"``."""
    return {key: _value(properties.fields[key], mask) for key in sorted(properties.fields)}


def write(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Plain values as properties."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _value(value: struct_pb2.Value, mask: bool) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _object(value.struct_value, mask)
        case "list_value":
            return [_value(item, mask) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _object(struct: struct_pb2.Struct, mask: bool) -> Any:
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else ""
    if signature == _SECRET_SIGNATURE:
        return SECRET if mask else _value(struct.fields["value"], mask)
    if signature == _RESOURCE_SIGNATURE:
        return struct.fields["urn"].string_value
    return read(struct, mask=mask)
