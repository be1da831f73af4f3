"""Stands in for the engine's resource monitor: takes every request of a program down, and judges it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import provider_pb2, resource_pb2

from infra.problems import ABSENT, Problem
from infra.resources import RecordedResource
from operations.recorder import fields, invented, wire

_STACK = "pulumi:pulumi:Stack"
_REFERENCE = "pulumi:pulumi:StackReference"
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a resource's options ask of the engine, beside what `RecordedResource` tells."""

    provider: str
    """URN of the provider; empty for components and providers."""
    ignore_changes: tuple[str, ...]
    delete_before_replace: bool


class _NoMocks(Mocks):
    """The base class wants one; `Recorder` answers every request itself."""

    def call(self, args: object) -> Any:
        raise NotImplementedError(args)

    def new_resource(self, args: MockResourceArgs) -> Any:
        raise NotImplementedError(args)


class Recorder(MockMonitor):
    """A resource monitor that creates nothing and remembers everything.

    What plain mocks let pass is a problem here: two resources of one URN, a parent or dependency that is not
    there, a field the SDK does not know or of a wrong type, a resource without one of the stack's own
    providers.
    """

    def __init__(
        self, project: str, stack: str, *, preview: bool, references: Mapping[str, Mapping[str, Any]]
    ) -> None:
        super().__init__(_NoMocks())
        self._urn_start = f"urn:pulumi:{stack}::{project}::"
        self._preview = preview
        self._references = references
        self._accounts: dict[str, invented.Account] = {}
        self.recorded: dict[str, RecordedResource] = {}
        self.options: dict[str, Options] = {}
        self.outputs: dict[str, Any] = {}
        self.problems: list[Problem] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN that the engine would give: it names all types on the way down, but not the stack's."""
        chain = parent.split("::")[2] if parent else _STACK
        return f"{self._urn_start}{type_ if chain == _STACK else f'{chain}${type_}'}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Takes a resource down and answers as if it were created now; in a preview, as if it will be."""
        urn = self.make_urn(request.parent, request.type, request.name)
        inputs = wire.read(request.object, mask=False)
        self.problems += self._judge(urn, request, inputs)
        self._remember(urn, request)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        account = self._account(urn, request, inputs)
        identity, additions = invented.outputs(urn, request.type, inputs, account)
        if self._preview and not request.type.startswith(_PROVIDER):
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        # The SDK adds the inputs itself, secrets as secrets.
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=wire.write(additions))

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Answers a reference to another stack from that stack's outputs."""
        urn = self.make_urn(request.parent, request.type, request.name)
        stack = request.id.rsplit("/", 1)[-1]
        if request.type != _REFERENCE:
            self.problems.append(
                Problem(urn, request.type, "is read from the cloud", "create it, or pass it in")
            )
        elif stack not in self._references:
            self.problems.append(Problem(urn, stack, "has no recorded outputs", "record that stack first"))
        self.recorded[urn] = RecordedResource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            inputs={"name": request.id},
        )
        state = {
            "name": request.id,
            "outputs": dict(self._references.get(stack, {})),
            "secretOutputNames": [],
        }
        return resource_pb2.ReadResourceResponse(urn=urn, properties=wire.write(state))

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Refuses: a plan must not need the cloud's answers."""
        self.problems.append(
            Problem(
                request.tok,
                wire.read(request.args, mask=True),
                "asks the cloud",
                "take it from infra/catalog",
            )
        )
        failure = provider_pb2.CheckFailure(property="", reason="a recording has no cloud to ask")
        return provider_pb2.InvokeResponse(failures=[failure])

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Keeps the outputs of the stack; those of components are of no use outside the program."""
        if self.recorded[request.urn].type == _STACK:
            self.outputs = wire.read(request.outputs, mask=True)
        return empty_pb2.Empty()

    def _judge(self, urn: str, request: Any, inputs: Mapping[str, Any]) -> Iterator[Problem]:
        if urn in self.recorded:
            yield Problem(urn, request.name, "names two resources of one type", "give each a name of its own")
        for other in sorted({request.parent, *request.dependencies} - {""}):
            if other not in self.recorded:
                yield Problem(urn, other, "is a parent or dependency that does not exist", "create it first")
        if request.custom and not request.type.startswith("pulumi:"):
            if not request.provider:
                yield Problem(urn, request.type, "has no explicit provider", "pass the stack's provider down")
            yield from self._judged(f"{request.name} ({request.type})", request.type, inputs)
        elif request.type.startswith(_PROVIDER):
            unpacked = fields.unpacked(request.type, inputs)
            yield from fields.check(f"{request.name} ({request.type})", request.type, unpacked)

    def _judged(self, where: str, token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with fields; in a preview nothing lacks, for it may come of what is not known yet."""
        for problem in fields.check(where, token, inputs):
            if not (self._preview and problem.value is ABSENT):
                yield problem

    def _remember(self, urn: str, request: Any) -> None:
        provider = _urn_of(request.provider)
        flowing = (
            other for dependencies in request.propertyDependencies.values() for other in dependencies.urns
        )
        self.recorded[urn] = RecordedResource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            dependencies=tuple(sorted({*request.dependencies, *flowing, provider} - {"", urn})),
            inputs=wire.read(request.object, mask=True),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            custom=request.custom,
        )
        self.options[urn] = Options(
            provider=provider,
            ignore_changes=tuple(request.ignoreChanges),
            delete_before_replace=request.deleteBeforeReplace,
        )

    def _account(self, urn: str, request: Any, inputs: Mapping[str, Any]) -> invented.Account:
        """The account and region that a resource's provider is for."""
        if request.type == f"{_PROVIDER}aws":
            given = fields.unpacked(request.type, inputs)
            numbers = given.get("allowedAccountIds") or [invented.Account.number]
            self._accounts[urn] = invented.Account(numbers[0], given.get("region", invented.Account.region))
        return self._accounts.get(_urn_of(request.provider), invented.Account())


def _urn_of(provider: str) -> str:
    """The URN within a provider reference, ``<urn>::<id>``."""
    return provider.rpartition("::")[0]
