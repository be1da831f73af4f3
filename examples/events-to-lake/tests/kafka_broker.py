"""A real Kafka broker on this machine: KRaft, TLS, passwords and access rights, as the platform's."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from events_to_lake.brokers import of_librdkafka
from events_to_lake.settings import Broker

TOPIC: Final = "shop-events"
USER: Final = "shop"
_PATIENCE_S: Final = 240.0
_TRIES: Final = 3
_LIGHT: Final = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)
_SETTINGS: Final = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENTS://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENTS://127.0.0.1:{clients}
listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENTS
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="{admin}";
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.crt
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:admin;User:ANONYMOUS
auto.create.topics.enable=false
log.dirs={folder}/log
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
"""


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """A broker that runs."""

    shop: Broker
    """The user whose rights are those of README.md, and its topic."""
    admin: Broker

    def environment(self) -> dict[str, str]:
        """What a job of the shop's is told."""
        return {
            "KAFKA_BOOTSTRAP": self.shop.bootstrap,
            "KAFKA_USERNAME": self.shop.username,
            "KAFKA_PASSWORD": self.shop.password,
            "KAFKA_CA": self.shop.authority or "",
            "KAFKA_TOPIC": self.shop.topic,
            "TEAM": self.shop.groups.rstrip("."),
        }


@contextmanager
def running(folder: Path, jars: Path) -> Iterator[Kafka]:
    """A broker with the topic and the user, until it is no longer needed."""
    _certificates(folder)
    for attempt in range(_TRIES):
        # A port that was free may be taken before the broker has it: then with others.
        place = folder / str(attempt)
        process, kafka = _started(folder, place, jars)
        try:
            if _answers(process, kafka):
                _furnish(AdminClient(of_librdkafka(kafka.admin)), kafka.shop.password)
                yield kafka
                return
        finally:
            _end(process)
    raise AssertionError(f"no broker after {_TRIES} tries:\n{(place / 'kafka.log').read_text()[-4000:]}")


def _started(folder: Path, place: Path, jars: Path) -> tuple[subprocess.Popen[bytes], Kafka]:
    place.mkdir()
    clients, controller = _free_ports(2)
    # A quote and a backslash: passwords may have any characters.
    admin, shop = secrets.token_hex(16), f'{secrets.token_hex(8)}"\\{secrets.token_hex(8)}'
    settings = place / "server.properties"
    said = _SETTINGS.format(clients=clients, controller=controller, folder=folder, admin=admin)
    settings.write_text(said.replace(f"{folder}/log", f"{place}/log"))
    settings.chmod(0o600)
    java = ["java", *_LIGHT, "-cp", f"{jars}/*"]
    identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    user = f"SCRAM-SHA-512=[name=admin,password={admin}]"
    layout = [
        *java,
        "kafka.tools.StorageTool",
        "format",
        "-t",
        identity,
        "-c",
        str(settings),
        "--add-scram",
        user,
    ]
    done = subprocess.run(layout, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with (place / "kafka.log").open("wb") as log:
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(settings)],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    who = {
        "bootstrap": f"127.0.0.1:{clients}",
        "auth": "scram",
        "authority": str(folder / "ca.crt"),
        "topic": TOPIC,
    }
    return process, Kafka(
        shop=Broker(**who, username=USER, password=shop, groups="shop."),
        admin=Broker(**who, username="admin", password=admin, groups="admin."),
    )


def _answers(process: subprocess.Popen[bytes], kafka: Kafka) -> bool:
    """Whether the broker answers, before it ends by itself."""
    client = AdminClient({**of_librdkafka(kafka.admin), "log_level": 0})
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(KafkaException):
            client.list_topics(timeout=2)
            return True
        time.sleep(0.1)
    return False


def _furnish(client: AdminClient, password: str) -> None:
    """The topic, the shop, and what it may do: send and read, in groups whose names begin with its own."""
    hashed = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    shop = UserScramCredentialUpsertion(USER, hashed, password.encode())
    rights = (
        *(
            (ResourceType.TOPIC, TOPIC, ResourcePatternType.LITERAL, may)
            for may in ("WRITE", "READ", "DESCRIBE")
        ),
        (ResourceType.GROUP, "shop.", ResourcePatternType.PREFIXED, "READ"),
    )
    bindings = [
        AclBinding(kind, name, pattern, f"User:{USER}", "*", AclOperation[may], AclPermissionType.ALLOW)
        for kind, name, pattern, may in rights
    ]
    topic = NewTopic(TOPIC, num_partitions=2, replication_factor=1)
    asked = (
        client.alter_user_scram_credentials([shop]),
        client.create_topics([topic]),
        client.create_acls(bindings),
    )
    for future in (future for futures in asked for future in futures.values()):
        future.result(_PATIENCE_S)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the broker and whatever it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _certificates(folder: Path) -> None:
    """An authority of the test's own in `ca.crt`, and the broker's key and certificate in `broker.pem`."""
    signing, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    now = datetime.now(UTC)

    def signed(name: x509.Name, public: ec.EllipticCurvePublicKey, *, is_authority: bool) -> bytes:
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(authority)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
            )
        )
        return made.sign(signing, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    (folder / "ca.crt").write_bytes(signed(authority, signing.public_key(), is_authority=True))
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = folder / "broker.pem"
    pem.touch(0o600)
    pem.write_bytes(private + signed(own, key.public_key(), is_authority=False))
