"""How each of the two Kafka clients is told the same: Java's, in Spark, and librdkafka's, in the producer."""

from __future__ import annotations

from collections.abc import Callable

from events_to_lake.settings import Broker


def of_spark(broker: Broker) -> dict[str, str]:
    """Options of Spark's Kafka source, as Java's client takes them behind ``kafka.``.

    Sources: https://spark.apache.org/docs/latest/streaming/structured-streaming-kafka-integration.html,
    https://kafka.apache.org/documentation/#security_sasl_scram_clientconfig and
    https://github.com/aws/aws-msk-iam-auth.
    """
    said = {"security.protocol": "SASL_SSL", "bootstrap.servers": broker.bootstrap}
    if broker.auth == "iam":
        said |= {
            "sasl.mechanism": "AWS_MSK_IAM",
            "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
            "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
        }
    else:
        name, password = _quoted(broker.username), _quoted(broker.password)
        login = "org.apache.kafka.common.security.scram.ScramLoginModule"
        said |= {
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.jaas.config": f"{login} required username={name} password={password};",
        }
    if broker.authority is not None:
        said |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": broker.authority}
    return {f"kafka.{name}": value for name, value in said.items()}


def of_librdkafka(broker: Broker) -> dict[str, str | bool | Callable[[str], tuple[str, float]]]:
    """Options of librdkafka (https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md)."""
    said: dict[str, str | bool | Callable[[str], tuple[str, float]]] = {
        "bootstrap.servers": broker.bootstrap,
        "security.protocol": "SASL_SSL",
    }
    if broker.auth == "iam":
        said |= {"sasl.mechanisms": "OAUTHBEARER", "oauth_cb": lambda _: _token(broker.region)}
    else:
        said |= {
            "sasl.mechanisms": "SCRAM-SHA-512",
            "sasl.username": broker.username,
            "sasl.password": broker.password,
        }
    if broker.authority is not None:
        said["ssl.ca.location"] = broker.authority
    return said


def _quoted(value: str) -> str:
    """A value as Java's login configuration writes it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _token(region: str) -> tuple[str, float]:
    """A signed token of the pod's role, and the second since 1970 at which it ends."""
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

    token, ends_ms = MSKAuthTokenProvider.generate_auth_token(region)
    return token, ends_ms / 1000
