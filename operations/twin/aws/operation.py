"""Carries out the table: one operation of the engine on one resource."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jmespath

from operations.twin.aws.cloud import ApiError, Cloud, partition
from operations.twin.aws.table import Call, Step, Type
from operations.twin.aws.values import given, reconcile, same


class Operation:
    """What the table's steps, guards and outputs work with: a resource's inputs, and the account it is in."""

    def __init__(
        self, type_: Type, cloud: Cloud, region: str, inputs: Mapping[str, Any], *, id_: str = ""
    ) -> None:
        """Prepares operations on the resource `id_` (none yet when empty) of `type_`."""
        self.type = type_
        self.cloud = cloud
        self.region = region
        self.inputs = given(inputs)
        self.id = id_
        self.old: Mapping[str, Any] = {}
        """State before an update; empty otherwise."""

    @property
    def facts(self) -> dict[str, Any]:
        """What templates can refer to."""
        place = {"account": self.cloud.account, "region": self.region, "partition": partition(self.region)}
        return {**self.inputs, **place, "id": self.id, "old": self.old}

    def call(self, method: str, arguments: Mapping[str, Any], service: str | None = None) -> dict[str, Any]:
        """Calls boto3; raises `ApiError`."""
        return self.cloud.call(service or self.type.service, self.region, method, arguments)

    def find(self, method: str, path: str, arguments: Mapping[str, Any], service: str | None = None) -> Any:
        """Calls boto3 and returns what a JMESPath finds in the response; None when it is not there."""
        try:
            return found(path, self.call(method, arguments, service))
        except ApiError as problem:
            if problem.gone:
                return None
            raise

    def take(self, step: Step) -> Any:
        """Carries out a step of the table and returns its result."""
        if isinstance(step, Call):
            return self.call(step.method, self.fill(step.arguments), step.service)
        return step(self)

    def fill(self, template: Any) -> Any:
        """Returns a template with its expressions evaluated."""
        if isinstance(template, str) and template.startswith("$"):
            return found(template[1:], self.facts)
        if isinstance(template, Mapping):
            return {key: self.fill(item) for key, item in template.items()}
        if isinstance(template, (list, tuple)):
            return [self.fill(item) for item in template]
        return template(self) if callable(template) else template


def found(path: str, thing: Any) -> Any:
    """Returns what a JMESPath finds in something."""
    return _compiled(path).search(thing)


def create(operation: Operation) -> str:
    """Creates the resource and returns its id."""
    type_ = operation.type
    for guard in type_.guards:
        guard(operation)
    response = operation.take(type_.create)
    operation.id = _identity(operation, response)
    for change in type_.changes:
        if change.on_create and any(name in operation.inputs for name in change.inputs):
            operation.take(change.step)
    return operation.id


def update(operation: Operation) -> None:
    """Changes what differs from the state before; a change too many does no harm."""
    for change in operation.type.changes:
        if any(_differs(operation, name) for name in change.inputs):
            operation.take(change.step)


def delete(operation: Operation) -> None:
    """Deletes the resource; one that is gone already is fine."""
    type_ = operation.type
    if type_.delete is None:
        return
    try:
        for guard in type_.delete_guards:
            guard(operation)
        operation.take(type_.delete)
    except ApiError as problem:
        if not problem.gone:
            raise


def state(operation: Operation) -> dict[str, Any] | None:
    """Reads the resource and returns all its properties; None when it does not exist."""
    type_ = operation.type
    try:
        thing = operation.take(type_.read)
    except ApiError as problem:
        if problem.gone:
            return None
        raise
    if thing is not None and type_.found != "@":
        thing = found(type_.found, thing)
    return _properties(operation, thing) if thing else None


def _properties(operation: Operation, thing: Mapping[str, Any]) -> dict[str, Any]:
    type_, inputs = operation.type, operation.inputs
    properties = {name: inputs[name] for name in type_.inputs - type_.outputs.keys() if name in inputs}
    for name, output in type_.outputs.items():
        value = _output(operation, thing, output)
        if value is not None:
            properties[name] = reconcile(value, inputs[name]) if name in inputs else value
    if type_.regional:
        properties["region"] = operation.region
    if type_.taggable:
        properties["tagsAll"] = properties.get("tags", {})
    return properties


def _output(operation: Operation, thing: Mapping[str, Any], output: Any) -> Any:
    if not isinstance(output, str):
        return output(operation, thing)
    if output.startswith("arn:"):
        return output.format_map({**operation.facts, **thing})
    return found(output, thing)


def _identity(operation: Operation, response: Any) -> str:
    if "{" in operation.type.id:
        return operation.type.id.format_map(operation.facts)
    return str(found(operation.type.id, response))


def _differs(operation: Operation, name: str) -> bool:
    type_, inputs = operation.type, operation.inputs
    if name not in inputs:
        return name in operation.old and name not in type_.kept
    return not same(operation.old.get(name), inputs[name], ordered=name in type_.ordered)


@functools.cache
def _compiled(expression: str) -> Any:
    return jmespath.compile(expression)
