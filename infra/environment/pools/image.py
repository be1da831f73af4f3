"""What nodes boot."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from infra.catalog.instances import Shape
from infra.environment.section import Section
from infra.problems import Wrong

Family = Literal["al2023", "bottlerocket"]

_RELEASES: Final = {
    "al2023": (r"1\.[0-9]{2}\.[0-9]{1,3}-20[0-9]{6}", "1.35.2-20260720"),
    "bottlerocket": (r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}-(?!20[0-9]{6})[0-9a-f]{8}", "1.44.0-a1b2c3d4"),
}
"""What EKS calls releases of each family, and an example."""


class Image(Section):
    """The machine image: AWS' own for EKS, with the drivers that the instances need."""

    family: Family = "al2023"
    """`al2023`: Amazon Linux 2023; `bottlerocket`: smaller, read-only, without a package manager."""
    release: Annotated[str, Field(max_length=32)] | None = None
    """The release that all nodes run, as EKS names it: `1.35.2-20260720` for al2023, `1.44.0-a1b2c3d4` for
    bottlerocket. Default: the newest when the pool is made; it stays until the pool is changed."""

    @field_validator("release")
    @classmethod
    def _of_the_family(cls, release: str | None, info: ValidationInfo) -> str | None:
        if release is None or "family" not in info.data:
            return release
        pattern, example = _RELEASES[info.data["family"]]
        if not re.fullmatch(pattern, release, re.ASCII):
            raise Wrong(f"is not a release of {info.data['family']}", f"write one such as {example}")
        return release

    @property
    def minor(self) -> str | None:
        """The minor version of Kubernetes that its release is for, where the release tells it."""
        if self.release is None or self.family != "al2023":
            return None
        return ".".join(self.release.split(".")[:2])

    @property
    def alias_version(self) -> str:
        """Its release as images' names have it and Karpenter's aliases: ``v20260720``, ``latest``."""
        if self.release is None:
            return "latest"
        first, _, last = self.release.partition("-")
        return f"v{last}" if self.family == "al2023" else f"v{first}"


_ARCHITECTURES: Final = {"amd64": "x86_64", "arm64": "ARM_64"}
"""How EKS spells them in types of images; SSM has x86_64 and arm64."""


def ami_type(family: Family, shape: Shape) -> str:
    """EKS' type of image for instances of a shape, with the drivers of its devices.

    Bottlerocket's plain image has Neuron's drivers: https://github.com/bottlerocket-os/bottlerocket/pull/4400
    https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html#AmazonEKS-Type-Nodegroup-amiType
    """
    architecture, flavour = _ARCHITECTURES[shape.arch], _flavour(shape)
    if family == "al2023":
        return f"AL2023_{architecture}_{flavour.upper()}"
    return f"BOTTLEROCKET_{architecture}" + ("_NVIDIA" if flavour == "nvidia" else "")


def ssm_parameter(image: Image, shape: Shape, version: str) -> str:
    """The public SSM parameter that holds the id of the image that instances of a shape boot.

    https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html, and of pinned releases as Karpenter
    asks for them (pkg/providers/amifamily/al2023.go and bottlerocket.go of karpenter-provider-aws).

    Args:
        image: The image, of the newest release where it names none.
        shape: What is to boot.
        version: The minor version of Kubernetes.
    """
    architecture, flavour = {"amd64": "x86_64", "arm64": "arm64"}[shape.arch], _flavour(shape)
    if image.family == "bottlerocket":
        variant = f"aws-k8s-{version}" + ("-nvidia" if flavour == "nvidia" else "")
        release = image.release.partition("-")[0] if image.release else "latest"
        return f"/aws/service/bottlerocket/{variant}/{architecture}/{release}/image_id"
    name = "recommended"
    if image.release:
        name = f"amazon-eks-node-al2023-{architecture}-{flavour}-{version}-{image.alias_version}"
    return (
        f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{architecture}/{flavour}/{name}/image_id"
    )


def _flavour(shape: Shape) -> str:
    if shape.gpu_name is not None:  # a fraction of a GPU needs the drivers too
        return "nvidia"
    return "neuron" if shape.accelerator_count else "standard"
