"""Checks inputs against the type annotations of the SDKs, which plain mocks never look at.

A misspelt key in a nested dictionary, or text where a number belongs, passes through the Python SDKs
untouched and is only refused by the real provider, minutes into an `up`. Here it is found before anything
exists.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import json
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from infra.problems import ABSENT, Problem, did_you_mean
from operations.recorder.wire import UNKNOWN

_WRAPPERS = (abc.Awaitable, pulumi.Output)
_SEQUENCES = (list, abc.Sequence)
_MAPPINGS = (dict, abc.Mapping)
_SDKS = frozenset({"aws", "kubernetes"})
_UNJUDGED = frozenset({"kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"})
"""Types whose arguments the SDK spells in its own way: ``x_kubernetes_validations`` in schemas of kinds."""


def check(where: str, token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything in `inputs` that the SDK's own types of `token` do not know or do not accept.

    Args:
        where: what to call the resource in a problem's path.
        token: its type, for example ``aws:ec2/vpc:Vpc``.
        inputs: its inputs in the provider's spelling, secrets laid open.

    Yields:
        One problem per field. A Kubernetes kind that the SDK does not have (a custom resource) is not judged.
    """
    arguments = None if token in _UNJUDGED else arguments_class(token)
    if arguments is not None:
        yield from _object(where, inputs, arguments)
    elif not token.startswith("kubernetes:"):
        yield Problem(where, token, "is no resource type of an installed SDK", "check the type token")


def unpacked(token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's inputs as its user wrote them: on their way, all but text becomes JSON."""
    arguments = arguments_class(token)
    known = {} if arguments is None else _types.input_type_types(arguments)
    return {
        key: json.loads(value) if isinstance(value, str) and known.get(key) is not str else value
        for key, value in inputs.items()
        if key != "version"  # of the provider's own plugin, which the SDK adds
    }


def output_types(token: str) -> Mapping[str, Any]:
    """The declared type of each output of a resource type, by the provider's name; none for unknown types."""
    found = _resource_class(token)
    return {} if found is None else _types.resource_types(found)


@functools.cache
def arguments_class(token: str) -> type | None:
    """The SDK's class of arguments for a resource type, or None when there is none."""
    found = _resource_class(token)
    if found is None:
        return None
    module = importlib.import_module(found.__module__)
    for suffix in ("InitArgs", "Args"):  # InitArgs where a nested type has taken the name
        arguments = getattr(module, found.__name__ + suffix, None)
        if arguments is not None and _types.is_input_type(arguments):
            return typing.cast("type", arguments)
    return None


@functools.cache
def _resource_class(token: str) -> type | None:
    if token.startswith("pulumi:providers:"):
        return typing.cast("type", importlib.import_module("pulumi_" + token.rsplit(":", 1)[1]).Provider)
    package, module, _ = token.split(":")
    if package in _SDKS:
        importlib.import_module(f"pulumi_{package}")  # what was never imported is not in the index
    for registered in rpc._RESOURCE_MODULES.get(
        f"{package}:{module}", []
    ):  # the SDKs' own index of themselves
        info = getattr(registered, "mod_info", {})
        name = info.get("classes", {}).get(token)
        if name is not None:
            return typing.cast("type", getattr(importlib.import_module(info["fqn"]), name))
    return None


def _object(where: str, value: Mapping[str, Any], arguments: type) -> Iterator[Problem]:
    known = _types.input_type_types(arguments)
    for key, item in value.items():
        if key in known:
            yield from _match(f"{where}.{key}", item, known[key])
        else:
            yield Problem(f"{where}.{key}", item, "is not a field here", did_you_mean(key, known))
    for key in sorted(_required(arguments) - set(value)):
        yield Problem(f"{where}.{key}", ABSENT, "is required and missing", f"give it ({arguments.__name__})")


@functools.cache
def _required(arguments: type) -> frozenset[str]:
    parameters = inspect.signature(arguments).parameters.values()
    names = _types.input_type_py_to_pulumi_names(arguments)
    return frozenset(
        names[parameter.name]
        for parameter in parameters
        if parameter.default is inspect.Parameter.empty and parameter.name in names
    )


def _match(where: str, value: Any, expected: Any) -> Iterator[Problem]:
    if value is None or value == UNKNOWN or expected is Any:
        return
    alternatives = list(_alternatives(expected))
    attempts = [list(_match_one(where, value, alternative)) for alternative in alternatives]
    if attempts and all(attempts):
        yield from min(attempts, key=len)


def _alternatives(expected: Any) -> Iterator[Any]:
    """The plain types within an annotation: unions opened; awaitables, outputs and None dropped."""
    if typing.get_origin(expected) not in (typing.Union, types.UnionType):
        yield expected
        return
    members = [member for member in typing.get_args(expected) if not _is_wrapper(member)]
    structured = any(_types.is_input_type(member) for member in members if isinstance(member, type))
    for member in members:
        # The SDKs pair each class of arguments with a dictionary type of the same fields.
        if structured and (typing.is_typeddict(member) or typing.get_origin(member) in _MAPPINGS):
            continue
        yield from _alternatives(member)


def _is_wrapper(annotation: Any) -> bool:
    return annotation is type(None) or typing.get_origin(annotation) in _WRAPPERS


def _match_one(where: str, value: Any, expected: Any) -> Iterator[Problem]:
    origin = typing.get_origin(expected)
    if origin in _SEQUENCES:
        yield from _items(where, value, typing.get_args(expected))
    elif origin in _MAPPINGS:
        yield from _entries(where, value, typing.get_args(expected))
    elif origin is typing.Literal:
        if value not in typing.get_args(expected):
            yield _wrong(where, value, " or ".join(map(repr, typing.get_args(expected))))
    elif isinstance(expected, type) and _types.is_input_type(expected):
        if isinstance(value, Mapping):
            yield from _object(where, value, expected)
        else:
            yield _wrong(where, value, f"an object ({expected.__name__})")
    elif isinstance(expected, type) and not _is_scalar(value, expected):
        yield _wrong(where, value, _SCALARS.get(expected, expected.__name__))


def _items(where: str, value: Any, of: tuple[Any, ...]) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong(where, value, "a list")
        return
    for index, item in enumerate(value):
        yield from _match(f"{where}[{index}]", item, of[0] if of else Any)


def _entries(where: str, value: Any, of: tuple[Any, ...]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield _wrong(where, value, "a mapping")
        return
    for key, item in value.items():
        yield from _match(f"{where}[{key!r}]", item, of[1] if of else Any)


_SCALARS: dict[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _is_scalar(value: Any, expected: type) -> bool:
    """Whether a value from the wire, where all numbers are alike, fits a scalar type or an enumeration."""
    if expected is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if expected in (str, bool):
        return isinstance(value, expected)
    members = getattr(expected, "__members__", None)
    return members is None or value in {member.value for member in members.values()}


def _wrong(where: str, value: Any, expected: str) -> Problem:
    return Problem(where, value, "has the wrong type", f"write {expected}")
