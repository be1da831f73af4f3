"""What components hand to each other: the little that one needs to know of another.

Fields that are outputs carry their resource with them, so whatever is made from one waits for it and is
deleted before it. Fields that are plain text are known before anything exists; use those where there is
nothing to wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from infra.addressing import PodAddresses


@dataclass(frozen=True, kw_only=True)
class NetworkHandle:
    """A network to put things in. Subnets are by zone name, in the order of the zones."""

    vpc_id: pulumi.Output[str]
    cidr: str
    """The whole network, in CIDR notation."""
    private: Mapping[str, pulumi.Output[str]]
    """Subnets for nodes and pods: out to the internet through NAT, never in."""
    public: Mapping[str, pulumi.Output[str]]
    """Subnets with an internet gateway; empty where the network has no way to the internet."""
    intra: Mapping[str, pulumi.Output[str]]
    """Subnets without any way out, for the control plane's network interfaces."""
    pods: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """Subnets for pods alone; empty where pods share `private` with the nodes."""
    addresses: PodAddresses = field(default_factory=PodAddresses)
    """How pods get their addresses; `infra.cni.configuration` makes the VPC CNI's configuration of it."""
    secondary: tuple[str, ...] = ()
    """Ranges besides `cidr`, in CIDR notation: those of `pods`."""
    connected: tuple[str, ...] = ()
    """Ranges outside that are connected by peering or a transit gateway, in CIDR notation."""

    @property
    def cidrs(self) -> tuple[str, ...]:
        """All its ranges: what comes from nodes or pods has one of these addresses."""
        return (self.cidr, *self.secondary)


@dataclass(frozen=True, kw_only=True)
class ClusterHandle:
    """An EKS cluster."""

    name: str
    """Its physical name, known before it exists: for policies and tags."""
    id: pulumi.Output[str]
    """The same name, but what is given it waits for the control plane."""
    version: str
    """The minor version of Kubernetes."""
    endpoint: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """The group that EKS makes and puts on the control plane and on nodes: all traffic among its members."""
    kubeconfig: pulumi.Output[str]
    """JSON; tokens come from ``aws eks get-token``, so it holds no credentials. A secret all the same."""


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """A lake of buckets that speak S3: at AWS under one key, or on Ceph."""

    buckets: Mapping[str, pulumi.Output[str]]
    """Bucket names by zone of the lake: raw, curated, features, models."""
    key_arn: pulumi.Output[str]
    """The KMS key that everything in them is encrypted with. Empty on Ceph, which encrypts its disks."""
    endpoint: str | None = None
    """Where it is spoken to, as a URL. None: S3 itself, where pods have roles. Elsewhere pods have keys, in
    the Secrets that `infra.ceph.secret` names."""


@dataclass(frozen=True, kw_only=True)
class ImageRegistry:
    """Where container images are pulled from."""

    repositories: pulumi.Output[Mapping[str, str]]
    """URLs of our own repositories, by the names that the environment file gives them."""
    mirrors: pulumi.Output[Mapping[str, str]]
    """By the host of somebody else's registry (``docker.io``) what stands for it: an image
    ``docker.io/library/python:3`` is ``<mirror>/library/python:3``."""


@dataclass(frozen=True, kw_only=True)
class TableCatalog:
    """A database of tables in the AWS Glue Data Catalog."""

    database: pulumi.Output[str]
    """Its name; empty where the stack that keeps the data has none."""


@dataclass(frozen=True, kw_only=True)
class TeamSpace:
    """Where a team's pods are."""

    namespaces: tuple[str, ...]
    """To explore, to train and to serve, in this order."""
    ready: tuple[pulumi.Resource, ...]
    """What makes them: what is put into the namespaces waits for it and is deleted before it."""


@dataclass(frozen=True, kw_only=True)
class FileSystem:
    """Files that pods share, as they get at them."""

    kind: Literal["lustre", "shared", "mount"]
    """FSx for Lustre, EFS, or a part of the lake."""
    claims: Mapping[str, tuple[str, ...]]
    """Names of volume claims by team, the team's own folder first; the same in each of its namespaces, but
    homes of people, which are in the first alone."""
    storage_classes: Mapping[str, str]
    """By team the class that makes a folder for each claim; empty where there is none."""
    ready: tuple[pulumi.Resource, ...]
    """What mounts it waits for this."""


@dataclass(frozen=True, kw_only=True)
class LustreHandle:
    """An FSx for Lustre file system at AWS."""

    id: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    mount_name: pulumi.Output[str]
    capacity: str
    """As a Kubernetes quantity."""
    ready: tuple[pulumi.Resource, ...]
    """Its links to the lake, and what lets nodes in."""


@dataclass(frozen=True, kw_only=True)
class EfsHandle:
    """An EFS file system at AWS."""

    id: pulumi.Output[str]
    homes: Mapping[str, pulumi.Output[str]]
    """Access points by person."""
    ready: tuple[pulumi.Resource, ...]
    """Its mount targets, and what lets nodes in."""


@dataclass(frozen=True, kw_only=True)
class CephHandle:
    """Ceph on the cluster's own disks."""

    drivers: Mapping[str, str]
    """CSI drivers that make volumes on it, by their StorageClass: for block volumes, and for shared ones."""
    endpoint: str | None
    """Where its object store is spoken to within the cluster; None where it offers none."""
    keep: bool
    """Whether it stays when the stack goes."""
    ready: tuple[pulumi.Resource, ...]
    """All that it consists of: what uses it comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What a cluster's services need to be reached by name, and to have secrets."""

    issuer: str | None = None
    """Name of the ClusterIssuer of certificates; None: there are none."""
    store: str | None = None
    """Name of the ClusterSecretStore of the platform's secrets; None: there is none."""
    passwords: bool = False
    """Whether passwords can be generated in the cluster."""
    ready: tuple[pulumi.Resource, ...] = ()
    """Controllers of load balancers, names, certificates and secrets: what uses them comes after these, and
    goes before them."""


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Where an environment's metrics are."""

    namespace: str
    """Of Prometheus, Alertmanager and Grafana."""
    address: str
    """Prometheus within the cluster, as a URL."""
    consoles: Mapping[str, tuple[str, int]]
    """Services with a web console, and their ports, by what they are called: ``grafana``."""
    ready: tuple[pulumi.Resource, ...]
    """What makes objects of Prometheus' kinds comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class GatewayHandle:
    """The way into a cluster from outside."""

    base: str
    """What all its hosts end in: ``dev.example.com``."""
    login: bool
    """Whether it asks who people are; without that no web console is let out."""
    ready: tuple[pulumi.Resource, ...]
    """What has a route through it comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database of one service's own, as the service gets at it."""

    host: pulumi.Input[str]
    """The server, as the cluster's pods find it."""
    port: int
    name: str
    """The database."""
    secret: str
    """Name of the Secret in the service's namespace with the entries `username`, `password`, `host`, `port`,
    `database` and `uri`."""
    ready: tuple[pulumi.Resource, ...]
    """What uses it comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class EventStream:
    """Kafka, whoever runs it, as its clients get at it."""

    kind: Literal["strimzi", "msk", "msk-serverless"]
    bootstrap: pulumi.Input[str]
    """Addresses of brokers, `host:port` with commas between, for clients in the cluster."""
    auth: Literal["scram", "iam"]
    """How clients say who they are, over TLS: a password (SASL/SCRAM-SHA-512), or their pod's role
    (SASL/OAUTHBEARER or AWS_MSK_IAM)."""
    registry: str | None = None
    """The schema registry within the cluster, as a URL; None where there is none."""
    connect: str | None = None
    """Kafka Connect within the cluster, as a URL; None where there is none."""
    ready: tuple[pulumi.Resource, ...] = ()
    """What uses it comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class SparkPlatform:
    """Where Spark jobs run."""

    kind: Literal["operator", "emr"]
    events: pulumi.Input[str]
    """Where jobs write their event logs: ``s3a://bucket/prefix``. Empty where there is no lake."""
    ready: tuple[pulumi.Resource, ...] = ()
    """What jobs and their namespaces need comes after these, and goes before them."""


@dataclass(frozen=True, kw_only=True)
class PipelinePlatform:
    """Where pipelines run."""

    kind: Literal["argo"]
    artifacts: pulumi.Input[str] | None = None
    """Where steps leave what others take up: ``s3://bucket/teams``, and below it each team's own folder and
    ``artifacts``. None: there is no lake."""
    ready: tuple[pulumi.Resource, ...] = ()
    """What pipelines need comes after these, and goes before them."""
