"""Old records in the lake instead of on brokers' disks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from infra.environment.fields import Form
from infra.environment.section import Section

Image = Annotated[
    str,
    Form(
        pattern=r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?",
        wrong="is not the reference of a container image",
        hint="write registry, path and tag, such as registry.example.com/kafka:1.2.0-kafka-4.3.1-tiered",
        example="registry.example.com/kafka:1.2.0-kafka-4.3.1-tiered",
        longest=512,
    ),
]
ClassPath = Annotated[
    str,
    Form(
        pattern=r"/[A-Za-z0-9._/*:-]+",
        wrong="is not a path in the image",
        hint="write the folder of the plugin's jars, such as /opt/kafka/plugins/tiered-storage/*",
        example="/opt/kafka/plugins/tiered-storage/*",
        longest=1024,
    ),
]


class Tiered(Section):
    """Tiered storage: what is older than a topic's `local` is in the lake, in `raw/kafka/<environment>/`.

    Kafka has the feature, and no plugin for S3: that is Aiven's, which is not in Strimzi's image. You build
    an image with it, from Strimzi's for the same version of Kafka; docs/how-to/kafka.md says how.
    """

    image: Annotated[Image, Field(min_length=1)]
    """The image of brokers with the plugin in it. Required."""
    class_path: ClassPath = "/opt/kafka/plugins/tiered-storage/*"
    """Where the plugin's jars are in the image."""
