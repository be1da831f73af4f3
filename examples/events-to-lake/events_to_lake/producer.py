"""Sends made events to the topic: ``python -m events_to_lake.producer [COUNT]``.

``COUNT`` is 1,000 unless said; ``0`` sends ten a second until stopped.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from events_to_lake.brokers import of_librdkafka
from events_to_lake.events import make
from events_to_lake.settings import Broker

_Answered = Callable[[KafkaError | None, Message], None]
_PATIENCE_S: Final = 120.0
_PAUSE_S: Final = 0.1
_ENDLESS: Final = sys.maxsize


def send(broker: Broker, messages: Iterable[tuple[str, bytes]], pause_s: float = 0.0) -> int:
    """Sends messages, and returns how many, once the brokers have them all.

    Raises:
        SystemExit: the brokers did not take one.
    """
    lost: list[str] = []
    refused: list[str] = []

    def answered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            lost.append(error.str())

    def failed(error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            refused.append(error.str())

    # Every replica in step has a message before it counts, and a retry does not send it twice.
    promises = {"acks": "all", "enable.idempotence": True, "compression.type": "zstd"}
    producer = Producer({**of_librdkafka(broker), **promises, "error_cb": failed})
    sent = 0
    for key, value in messages:
        _hand_over(producer, broker.topic, key, value, answered)
        sent += 1
        time.sleep(pause_s)
    until = time.monotonic() + _PATIENCE_S
    while (left := producer.flush(1.0)) and not refused and time.monotonic() < until:
        pass
    if lost or left:
        why = ", ".join(sorted({*lost, *refused})) or "no answer"
        producer.purge()
        raise SystemExit(f"{len(lost) + left} of {sent} messages were not taken: {why}")
    return sent


def _hand_over(producer: Producer, topic: str, key: str, value: bytes, answered: _Answered) -> None:
    """Queues a message; waits while the queue is full."""
    while True:
        try:
            producer.produce(topic, key=key, value=value, on_delivery=answered)
        except BufferError:
            producer.poll(1.0)
        else:
            producer.poll(0)
            return


def main(arguments: list[str]) -> None:
    """Sends as many as the first argument says."""
    count = int(arguments[0]) if arguments else 1000
    now = datetime.now(UTC)
    made = make(count or _ENDLESS, start=now, seed=time.time_ns())
    if count:
        print(f"{send(Broker.read(), made)} messages are with the brokers")
    while not count:
        send(Broker.read(), itertools.islice(made, 100), _PAUSE_S)


if __name__ == "__main__":
    main(sys.argv[1:])
