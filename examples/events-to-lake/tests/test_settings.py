"""What jobs are told, and how Kafka's clients are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from events_to_lake.brokers import of_librdkafka, of_spark
from events_to_lake.settings import Broker, Flow, Tables

BOTH = {"TEAM": "fraud", "KAFKA_BOOTSTRAP": "b:9094", "KAFKA_TOPIC": "t"}
SCRAM = {**BOTH, "KAFKA_USERNAME": "u", "KAFKA_PASSWORD": "p"}
IAM = {**BOTH, "KAFKA_SASL_MECHANISM": "OAUTHBEARER", "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("read", "env", "message"),
    [
        *((Broker.read, {**SCRAM, name: ""}, f"{name} is not set") for name in SCRAM),
        (Broker.read, {**IAM, "AWS_REGION": ""}, "AWS_REGION is not set"),
        (
            Broker.read,
            {**SCRAM, "KAFKA_SASL_MECHANISM": "PLAIN"},
            "is 'PLAIN': write SCRAM-SHA-512 or OAUTHBEARER",
        ),
        (Tables.read, {}, "TABLE is not set"),
        (Tables.read, {"TABLE": "lake.events"}, "write catalog.database.table"),
        (Tables.read, {"TABLE": "lake.shop.events; drop"}, "write catalog.database.table"),
        (Flow.read, {}, "CHECKPOINTS is not set"),
        (Flow.read, {"CHECKPOINTS": "c", "BATCH": "0"}, "BATCH is '0': write a whole number"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    read: Callable[[Any], Any], env: dict[str, str], message: str
) -> None:
    with pytest.raises(SystemExit, match=message):
        read(env)


def test_defaults() -> None:
    flow = Flow.read({"CHECKPOINTS": "c"})
    assert (flow.lateness, flow.every, flow.batch) == ("30 minutes", "1 minute", 100_000)
    assert Flow.read({"CHECKPOINTS": "c", "EVERY": "once"}).every is None
    assert Broker.read(SCRAM).groups == "fraud."
    assert Flow.read({"CHECKPOINTS": "s3://b/teams/fraud/c"}).checkpoints == "s3a://b/teams/fraud/c"
    assert Tables.read({"TABLE": "lake.shop.events"}).quarantine == "lake.shop.events_quarantine"


@pytest.mark.parametrize("env", [SCRAM, IAM])
def test_nothing_goes_in_the_clear(env: dict[str, str]) -> None:
    broker = Broker.read(env)
    assert of_spark(broker)["kafka.security.protocol"] == "SASL_SSL"
    assert of_librdkafka(broker)["security.protocol"] == "SASL_SSL"


def test_a_password_is_not_shown_and_may_have_any_characters() -> None:
    broker = Broker.read({**SCRAM, "KAFKA_PASSWORD": 'a"b\\c'})
    assert 'a"b' not in repr(broker)
    assert of_spark(broker)["kafka.sasl.jaas.config"].endswith('username="u" password="a\\"b\\\\c";')
    assert of_librdkafka(broker)["sasl.password"] == 'a"b\\c'


def test_a_role_needs_no_password() -> None:
    broker = Broker.read(IAM)
    assert of_spark(broker)["kafka.sasl.mechanism"] == "AWS_MSK_IAM"
    said = of_librdkafka(broker)
    assert said["sasl.mechanisms"] == "OAUTHBEARER"
    assert not {"sasl.username", "sasl.password"} & said.keys()


def test_a_token_is_signed_by_the_role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    oauth: Any = of_librdkafka(Broker.read(IAM))["oauth_cb"]
    token, ends = oauth("")
    assert len(token) > 100
    assert ends > 1_700_000_000
