"""A provider with one type, for tests of how the engine is driven: ``toy:index:Thing`` does as it is told.

Inputs: ``value`` (changing it updates), ``shape`` (changing it replaces), ``seconds`` that creating takes,
``error`` that creating fails with, ``stuck`` that deleting fails with. What it "made" is in `Toy.things`,
which outlives an engine.
"""
# ruff: noqa: N802, ARG002 - the names and arguments are those of the engine's protocol

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc


class Thing(pulumi.CustomResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        super().__init__("toy:index:Thing", name, inputs, opts)


class Toy(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.creating = threading.Event()
        """Set once a create that takes time has begun."""
        self.cancelled = threading.Event()
        """Set when the engine told its providers to give up what they are doing."""
        self.obeys = True
        """Whether being told so ends a create."""

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse()

    def Configure(self, request: Any, context: Any) -> Any:
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        old, new = dict(request.old_inputs), dict(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        replaces = [key for key in changed if key == "shape"]
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=changed, replaces=replaces)

    def Create(self, request: Any, context: Any) -> Any:
        inputs = dict(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        if inputs.get("error"):
            context.abort(grpc.StatusCode.UNKNOWN, inputs["error"])
        if inputs.get("seconds"):
            self.creating.set()
            until = time.monotonic() + inputs["seconds"]
            while time.monotonic() < until and not (self.obeys and self.cancelled.wait(0.05)):
                time.sleep(0.05)
        id_ = uuid.uuid4().hex
        self.things[id_] = inputs
        return provider_pb2.CreateResponse(id=id_, properties=request.properties)

    def Read(self, request: Any, context: Any) -> Any:
        if request.id not in self.things:
            return provider_pb2.ReadResponse()
        properties = struct_pb2.Struct()
        properties.update(self.things[request.id])
        return provider_pb2.ReadResponse(id=request.id, properties=properties, inputs=properties)

    def Update(self, request: Any, context: Any) -> Any:
        if not request.preview:
            self.things[request.id] = dict(request.news)
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request: Any, context: Any) -> Any:
        if reason := self.things[request.id].get("stuck"):
            context.abort(grpc.StatusCode.UNKNOWN, reason)
        self.things.pop(request.id)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:
        self.cancelled.set()
        return empty_pb2.Empty()


@contextmanager
def serving() -> Iterator[tuple[Toy, dict[str, str]]]:
    """A toy provider, and the environment variables by which an engine finds it."""
    toy = Toy()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(toy, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield toy, {"PULUMI_DEBUG_PROVIDERS": f"toy:{port}"}
    finally:
        toy.obeys = True  # or Python would wait for its thread
        toy.cancelled.set()
        server.stop(0).wait()
