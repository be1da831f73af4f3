"""The provider protocol over a real gRPC connection, with a package that only remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2_grpc, status_pb2

from operations.twin import notices
from operations.twin.backend import UNKNOWN, Diff, Item, PartlyCreated, Refused
from operations.twin.serving import Servicer, serve
from operations.twin.wire import packed, plain

URN = "urn:pulumi:dev::p::mlcluster:network:Vpc$test:a/thing:Thing::one"


class Remembering:
    """A session that keeps what it is told; the input `wish` makes it fail."""

    def __init__(self, package: RememberingPackage) -> None:
        self.package = package
        self.config: Mapping[str, Any] = {}

    def configure(self, config: Mapping[str, Any]) -> None:
        if config.get("refuse"):
            raise Refused("AWS account ID not allowed: 1")
        self.config = config

    def check(self, _: str, type_: str, *rest: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        _olds, news, seed = rest
        failures = [] if "wish" in news else [("wish", "is required")]
        return {**news, "type": type_, "seed": seed.hex()}, failures

    def diff(self, *told: Any) -> Diff:
        _type, _id, old, _state, news = told
        changed = tuple(sorted(k for k in old.keys() | news.keys() if old.get(k) != news.get(k)))
        return Diff(changed, tuple(name for name in changed if name == "fixed"), True)

    def preview(self, *told: Any) -> dict[str, Any]:
        return {**told[2], "arn": UNKNOWN}

    def create(self, *told: Any) -> tuple[str, dict[str, Any]]:
        news = told[2]
        wishes = {
            "refusal": Refused("Conflict: it exists"),
            "half": PartlyCreated("NotReady: wait", "half-1", {"arn": "a"}),
            "bug": KeyError("oops"),
        }
        problem = wishes.get(str(news.get("wish")))
        if problem is not None:
            raise problem
        self.package.things["thing-1"] = dict(news)
        if news.get("wish") == "notice":
            notices.say("warning", "it is only recorded")
            notices.say("info", "by the way")
        return "thing-1", {**news, "region": self.config["region"]}

    def read(self, *told: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        found = self.package.things.get(told[1])
        return None if found is None else (found, found)

    def update(self, *told: Any) -> dict[str, Any]:
        _urn, _type, id_, _state, news, _timeout, preview = told
        if not preview:
            self.package.things[id_] = dict(news)
        return dict(news)

    def delete(self, *told: Any) -> None:
        del self.package.things[told[2]]

    def invoke(self, token: str, args: Mapping[str, Any]) -> dict[str, Any]:
        return {"token": token, **args}


class RememberingPackage:
    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}

    def session(self) -> Remembering:
        return Remembering(self)

    def inventory(self) -> tuple[Item, ...]:
        return ()

    def save(self) -> None: ...

    def close(self) -> None: ...


class Engine:
    """What the engine does: one connection for each provider."""

    def __init__(self, port: int, **config: Any) -> None:
        alone = [("grpc.use_local_subchannel_pool", 1)]  # channels of one process share connections otherwise
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", alone)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.stub.Handshake(proto.ProviderHandshakeRequest())
        if config:
            self.configured = self.stub.Configure(proto.ConfigureRequest(args=packed(config)))

    def create(self, wish: str, preview: bool = False) -> Any:
        news = packed({"wish": wish})
        return self.stub.Create(proto.CreateRequest(urn=URN, properties=news, preview=preview))


@pytest.fixture
def served() -> Iterator[tuple[int, RememberingPackage, list[int]]]:
    package = RememberingPackage()
    changes: list[int] = []
    servicer = Servicer("test", "1.2.3", package, lambda: changes.append(1))
    server, port = serve(servicer)
    yield port, package, changes
    server.stop(None)


Served = tuple[int, RememberingPackage, list[int]]


def refusal(call: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    details: str = caught.value.details()
    return details


def test_a_resources_life(served: Served) -> None:
    port, package, changes = served
    engine = Engine(port, region="here")
    assert engine.configured.supportsPreview
    assert not engine.configured.acceptSecrets
    preview = engine.create("x", preview=True)
    assert plain(preview.properties) == {"wish": "x", "arn": UNKNOWN}
    assert (preview.id, package.things, changes) == ("", {}, [])
    made = engine.create("x")
    assert (made.id, plain(made.properties)) == ("thing-1", {"wish": "x", "region": "here"})
    assert len(changes) == 1
    read = proto.ReadRequest(id="thing-1", urn=URN)
    assert plain(engine.stub.Read(read).inputs) == {"wish": "x"}
    news = packed({"wish": "y"})
    engine.stub.Update(proto.UpdateRequest(id="thing-1", urn=URN, news=news, preview=True))
    assert package.things["thing-1"] == {"wish": "x"}
    assert len(changes) == 1
    engine.stub.Update(proto.UpdateRequest(id="thing-1", urn=URN, news=news))
    assert package.things["thing-1"] == {"wish": "y"}
    engine.stub.Delete(proto.DeleteRequest(id="thing-1", urn=URN))
    assert engine.stub.Read(read).id == "", "an empty id says that it is gone"
    assert len(changes) == 3


def test_inputs_are_checked(served: Served) -> None:
    engine = Engine(served[0], region="here")
    good = engine.stub.Check(proto.CheckRequest(urn=URN, news=packed({"wish": 1}), randomSeed=b"\x01"))
    assert plain(good.inputs) == {"wish": 1, "type": "test:a/thing:Thing", "seed": "01"}
    bad = engine.stub.Check(proto.CheckRequest(urn=URN, news=packed({})))
    assert [(failure.property, failure.reason) for failure in bad.failures] == [("wish", "is required")]


def test_differences_are_told_in_detail(served: Served) -> None:
    engine = Engine(served[0], region="here")

    def diff(old: dict[str, Any], new: dict[str, Any]) -> Any:
        return engine.stub.Diff(proto.DiffRequest(id="x", urn=URN, old_inputs=packed(old), news=packed(new)))

    same = diff({"a": 1}, {"a": 1})
    assert (same.changes, same.hasDetailedDiff) == (proto.DiffResponse.DIFF_NONE, False)
    found = diff({"a": 1, "gone": 1}, {"a": 2, "new": 1})
    assert found.changes == proto.DiffResponse.DIFF_SOME
    kinds = {name: entry.kind for name, entry in found.detailedDiff.items()}
    kind = proto.PropertyDiff
    assert kinds == {"a": kind.UPDATE, "gone": kind.DELETE, "new": kind.ADD}
    assert not found.deleteBeforeReplace, "nothing is replaced"
    replaced = diff({"fixed": 1}, {"fixed": UNKNOWN})
    assert list(replaced.replaces) == ["fixed"]
    assert replaced.detailedDiff["fixed"].kind == kind.UPDATE_REPLACE
    assert replaced.deleteBeforeReplace


def test_every_provider_of_a_program_has_its_own_session(served: Served) -> None:
    one, two = Engine(served[0], region="one"), Engine(served[0], region="two")
    assert plain(one.create("x").properties)["region"] == "one"
    assert plain(two.create("x").properties)["region"] == "two"
    assert "restarted in the middle" in refusal(lambda: Engine(served[0]).create("x"))
    assert refusal(lambda: Engine(served[0], refuse=True)) == "AWS account ID not allowed: 1"


def test_what_is_refused_is_told_as_it_is(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(served[0], region="here")
    assert refusal(lambda: engine.create("refusal")) == "Conflict: it exists"
    told = refusal(lambda: engine.create("bug"))
    assert told == "the twin failed: KeyError: 'oops'; its log has the details"
    assert "Traceback" in caplog.text


def test_half_a_resource_is_handed_over(served: Served) -> None:
    engine = Engine(served[0], region="here")
    with pytest.raises(grpc.RpcError) as caught:
        engine.create("half")
    metadata = dict(caught.value.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    failed = proto.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    assert (failed.id, plain(failed.properties), list(failed.reasons)) == (
        "half-1",
        {"arn": "a"},
        ["NotReady: wait"],
    )


def test_small_answers(served: Served) -> None:
    engine = Engine(served[0], region="here")
    invoked = engine.stub.Invoke(proto.InvokeRequest(tok="t:f", args=packed({"a": 1})))
    assert plain(getattr(invoked, "return")) == {"token": "t:f", "a": 1}
    assert engine.stub.GetPluginInfo(proto.PluginInfo()).version == "1.2.3"
    assert '"name": "test"' in engine.stub.GetSchema(proto.GetSchemaRequest()).schema
    settings = packed({"region": "x"})
    assert plain(engine.stub.CheckConfig(proto.CheckRequest(urn=URN, news=settings)).inputs) == {
        "region": "x"
    }
    changed = proto.DiffRequest(urn=URN, old_inputs=settings, news=packed({"region": "y"}))
    found = engine.stub.DiffConfig(changed)
    assert (list(found.diffs), list(found.replaces)) == (["region"], [])


class Ear(engine_pb2_grpc.EngineServicer):
    """The engine's own service, as far as providers speak to it."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str, str]] = []
        self.server = grpc.server(ThreadPoolExecutor(2))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self.server)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802 - protocol
        self.heard.append((request.severity, request.urn, request.message))
        return empty_pb2.Empty()


def test_what_a_package_says_is_told_to_the_engine_that_asked(served: Served) -> None:
    ear, other = Ear(), Ear()
    try:
        engines = [Engine(served[0], region="here") for _ in (ear, other)]
        for engine, one in zip(engines, (ear, other), strict=True):
            engine.stub.Attach(proto.PluginAttach(address=one.address))
        engines[0].create("notice")
        engines[0].create("x")
        assert ear.heard == [
            (notices._SEVERITIES["warning"], URN, "it is only recorded"),
            (notices._SEVERITIES["info"], URN, "by the way"),
        ]
        assert other.heard == []
    finally:
        ear.server.stop(None)
        other.server.stop(None)


def test_an_engine_that_cannot_be_told_gets_its_answer_all_the_same(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(served[0], region="here")
    assert engine.create("notice").id == "thing-1", "it never said where it answers"
    gone = Ear()
    gone.server.stop(None).wait()
    engine.stub.Attach(proto.PluginAttach(address=gone.address))
    assert engine.create("notice").id == "thing-1"
    assert "was not told" in caplog.text
    notices.say("info", "to nobody")
