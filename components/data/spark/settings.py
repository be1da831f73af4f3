"""What Spark is told about the lake, its tables, shuffle and spot nodes: plain settings of Spark's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.environment.spark import Executor, Shuffle, SparkProfile
from infra.units import quantity_bytes

CATALOG: Final = "lake"
"""What the table catalog is called in SQL: ``SELECT … FROM lake.<database>.<table>``."""
ZONE: Final = "raw"
"""Zone of the lake that logs of events, and what executors leave behind, are in."""
EVENTS: Final = "spark-events/"
"""Where logs of events are in their zone: one folder, for the history server looks into one only."""
DISCOVERY: Final = "/opt/mlcluster/gpus/discover.sh"
"""Where executors with a GPU find the script that tells Spark of it."""

_HEAP: Final = 0.75
"""Java's part of a pod's memory. The rest is for Python, for Netty's buffers and for the JVM itself; Spark
takes a tenth for Java and two fifths for Python:
https://spark.apache.org/docs/4.0.4/running-on-kubernetes.html#spark-properties"""
_MIB: Final = 2**20
_OWN_IDENTITY: Final = "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"
"""EKS' pod identity, and nothing else: never the role of the node."""
_KEYS: Final = "software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider"


@dataclass(frozen=True, kw_only=True)
class Lake:
    """The lake as a team's jobs see it."""

    buckets: Mapping[str, str]
    """Names by zone."""
    region: str | None = None
    """None where it is not at AWS."""
    endpoint: str | None = None
    """Where it is spoken to; None: S3 itself."""
    database: str = ""
    """The database of tables in the Glue catalog; empty: there is none."""

    @property
    def events(self) -> str:
        """Where jobs write their logs of events."""
        return f"s3a://{self.buckets[ZONE]}/{EVENTS}"


def heap(memory: int) -> str:
    """Java's part of a pod with some memory in bytes, as Spark writes sizes."""
    return f"{int(memory * _HEAP) // _MIB}m"


def overhead(memory: int) -> str:
    """The rest of it."""
    return f"{memory // _MIB - int(memory * _HEAP) // _MIB}m"


def hadoop(lake: Lake) -> dict[str, str]:
    """How S3A speaks to the lake, without the prefix `spark.hadoop`.

    The magic committer writes output where it belongs, and makes it seen when the job is done, instead of
    copying it there: https://hadoop.apache.org/docs/r3.4.1/hadoop-aws/tools/hadoop-aws/committers.html.
    Connections are as many as threads and streams may want; the rest of S3A's defaults are made for this.
    """
    return {
        "fs.s3a.aws.credentials.provider": _OWN_IDENTITY if lake.endpoint is None else _KEYS,
        "fs.s3a.committer.name": "magic",
        "fs.s3a.connection.maximum": "500",
        "fs.s3a.threads.max": "128",
        "fs.s3a.block.size": "128M",
        **({} if lake.region is None else {"fs.s3a.endpoint.region": lake.region}),
        **({} if lake.endpoint is None else _elsewhere(lake.endpoint)),
    }


def _elsewhere(endpoint: str) -> dict[str, str]:
    """Ceph: buckets are in paths, and it has no regions, though signatures want one."""
    return {
        "fs.s3a.endpoint": endpoint,
        "fs.s3a.endpoint.region": "us-east-1",
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": str(endpoint.startswith("https")).lower(),
    }


def committers() -> dict[str, str]:
    """What makes DataFrames use S3A's committers.

    https://spark.apache.org/docs/4.0.4/cloud-integration.html#hadoop-s3a-committers
    """
    cloud = "org.apache.spark.internal.io.cloud"
    return {
        "spark.sql.sources.commitProtocolClass": f"{cloud}.PathOutputCommitProtocol",
        "spark.sql.parquet.output.committer.class": f"{cloud}.BindingParquetOutputCommitter",
    }


def tables(lake: Lake) -> dict[str, str]:
    """Iceberg tables in the Glue catalog; nothing where there is none.

    https://iceberg.apache.org/docs/latest/aws/#glue-catalog
    """
    if not lake.database or lake.region is None:
        return {}
    catalog = f"spark.sql.catalog.{CATALOG}"
    return {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "glue",
        f"{catalog}.warehouse": f"s3://{lake.buckets['curated']}/tables",
        f"{catalog}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{catalog}.client.region": lake.region,
    }


def history(lake: Lake) -> dict[str, str]:
    """Logs of events: in pieces, so that a streaming job's can be read, and cut, while it runs."""
    return {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": lake.events,
        "spark.eventLog.rolling.enabled": "true",
        "spark.eventLog.rolling.maxFileSize": "64m",
    }


def losing_nodes(lake: Lake, team: str, scheme: str = "s3a") -> dict[str, str]:
    """What executors do on a node that is about to be taken: hand on what they have, at last to the lake.

    https://spark.apache.org/docs/4.0.4/configuration.html#spark-decommission-enabled

    Args:
        lake: The lake.
        team: Whose part of it.
        scheme: How Spark's way to S3 calls it: EMR's own is ``s3``.
    """
    return {
        "spark.decommission.enabled": "true",
        "spark.storage.decommission.enabled": "true",
        "spark.storage.decommission.rddBlocks.enabled": "true",
        "spark.storage.decommission.shuffleBlocks.enabled": "true",
        "spark.storage.decommission.fallbackStorage.path": f"{scheme}://{lake.buckets[ZONE]}/teams/{team}/spark-shuffle/",
        "spark.storage.decommission.fallbackStorage.cleanUp": "true",
    }


def shuffle_on_volumes(shuffle: Shuffle) -> dict[str, str]:
    """Volumes for shuffle that the driver owns, and gives to the next executor with all that is on them.

    https://spark.apache.org/docs/4.0.4/running-on-kubernetes.html#using-kubernetes-volumes
    """
    volume = "spark.kubernetes.executor.volumes.persistentVolumeClaim.spark-local-dir-1"
    return {
        f"{volume}.options.claimName": "OnDemand",
        f"{volume}.options.storageClass": shuffle.storage_class,
        f"{volume}.options.sizeLimit": quantity_bytes(shuffle.size),
        f"{volume}.mount.path": "/data",
        f"{volume}.mount.readOnly": "false",
        "spark.kubernetes.driver.ownPersistentVolumeClaim": "true",
        "spark.kubernetes.driver.reusePersistentVolumeClaim": "true",
        "spark.kubernetes.driver.waitToReusePersistentVolumeClaim": "true",
        "spark.shuffle.sort.io.plugin.class": "org.apache.spark.shuffle.KubernetesLocalDiskShuffleDataIO",
    }


def executors(profile: SparkProfile) -> dict[str, str]:
    """Executors come and go with the work.

    https://spark.apache.org/docs/4.0.4/job-scheduling.html#dynamic-resource-allocation
    """
    return {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.initialExecutors": str(max(profile.min, 1)),
        "spark.dynamicAllocation.minExecutors": str(profile.min),
        "spark.dynamicAllocation.maxExecutors": str(profile.max),
        **gpus(profile.executor),
    }


def gpus(executor: Executor) -> dict[str, str]:
    """RAPIDS on executors with a GPU, which all their tasks share; nothing on others.

    https://docs.nvidia.com/spark-rapids/user-guide/latest/getting-started/kubernetes.html
    """
    if not executor.gpus:
        return {}
    return {
        "spark.plugins": "com.nvidia.spark.SQLPlugin",
        "spark.executor.resource.gpu.amount": str(executor.gpus),
        "spark.executor.resource.gpu.vendor": "nvidia.com",
        # Rounded down: Spark asks how many of it make a whole, and forgets the rest.
        "spark.task.resource.gpu.amount": f"{executor.gpus * 10_000 // executor.cores / 10_000:.4f}",
        "spark.rapids.sql.concurrentGpuTasks": "2",
        "spark.rapids.memory.pinnedPool.size": "1g",
    }
