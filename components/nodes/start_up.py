"""What nodes do before they join: user data for each family of images.

EKS adds its own part. Amazon Linux wants a MIME multi-part document, Bottlerocket TOML:
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Final

from infra.addressing import PodAddresses, most_pods
from infra.environment.pools import Pool
from infra.units import MiB

_HUGE_PAGE: Final = 2 * MiB

_BOUNDARY: Final = "//"

_LOCAL_DISKS: Final = """\
---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
"""

_HUGE_PAGES: Final = """\
#!/bin/bash
set -euo pipefail
# Kept in a file, so that it holds after the instance was stopped as well.
echo 'vm.nr_hugepages = {pages}' > /etc/sysctl.d/90-mlcluster-huge-pages.conf
sysctl --load /etc/sysctl.d/90-mlcluster-huge-pages.conf
"""

_MAX_PODS: Final = """\
#!/bin/bash
set -euo pipefail
# Counts more than what EKS adds to the user data, and than anything else that stands there.
mkdir -p /etc/eks/nodeadm.d
cat > /etc/eks/nodeadm.d/90-mlcluster-pods.yaml << 'END'
---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: {pods}
END
"""

_BOUND: Final = ("/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods")
"""What Bottlerocket puts on local disks: images, scratch of pods, their logs."""


def user_data(pool: Pool, addresses: PodAddresses | None = None) -> str | None:
    """What goes into the launch template, in base64; None where there is nothing to say.

    Args:
        pool: The pool.
        addresses: How pods get their addresses; None: one by one, from the nodes' subnets.
    """
    text = plain(pool, pods=pods_to_tell(pool, addresses or PodAddresses()))
    return base64.b64encode(text.encode()).decode() if text else None


def plain(pool: Pool, *, with_disks: bool = True, pods: int | None = None) -> str:
    """The user data of a pool's nodes in plain text; empty where there is nothing to say.

    Args:
        pool: The pool.
        with_disks: Whether it says what to do with local disks; Karpenter does so itself.
        pods: The most pods that a node takes; None: what EKS or Karpenter thinks.
    """
    disks = with_disks and local_disks(pool)
    if pool.image.family == "bottlerocket":
        return "\n".join(_settings(pool, disks=disks, pods=pods))
    parts = list(_parts(pool, disks=disks, pods=pods))
    if not parts:
        return ""
    bodies = "\n".join(f"--{_BOUNDARY}\nContent-Type: {kind}\n\n{body}" for kind, body in parts)
    head = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"'
    return f"{head}\n\n{bodies}\n--{_BOUNDARY}--\n"


def local_disks(pool: Pool) -> bool:
    """Whether nodes may have local NVMe disks, which then hold images and scratch, striped (RAID0)."""
    return any(shape.local_nvme_gb for shape in pool.shapes)


def huge_pages(pool: Pool) -> int:
    """Pages of 2MiB that each node sets aside; 0 where it is left to the image."""
    return (pool.huge_pages or 0) // _HUGE_PAGE


def pods_to_tell(pool: Pool, how: PodAddresses) -> int | None:
    """The most pods that a node of a managed group can give addresses to, where EKS would say another number.

    EKS reckons with the interfaces of the type, or with blocks, and takes the smallest of alternatives; it
    does not see the interface that custom networking or an EFA takes away.
    https://github.com/aws/containers-roadmap/issues/138

    It appends its number to the user data, where what comes last counts
    (https://github.com/eksctl-io/eksctl/issues/8037). So on Amazon Linux ours is in a file, which counts more
    (nodeadm/doc/examples.md of https://github.com/awslabs/amazon-eks-ami, in images since November 2025). In
    Bottlerocket's settings ours count more anyway:
    https://www.repost.aws/knowledge-center/eks-configure-user-data-for-node-groups
    """
    theirs = min(most_pods(shape, PodAddresses(blocks=how.blocks)) for shape in pool.shapes)
    ours = min(most_pods(shape, how, efa=pool.efa_interfaces) for shape in pool.shapes)
    return ours if ours != theirs else None


def _parts(pool: Pool, *, disks: bool, pods: int | None) -> Iterator[tuple[str, str]]:
    """Content type and text of the parts for Amazon Linux 2023.

    Scripts are done before the kubelet starts and counts the pages: nodeadm-run.service comes after
    cloud-final.service (github.com/awslabs/amazon-eks-ami, templates/al2023).
    """
    if disks:
        yield "application/node.eks.aws", _LOCAL_DISKS
    if pool.huge_pages:
        yield "text/x-shellscript", _HUGE_PAGES.format(pages=huge_pages(pool))
    if pods is not None:
        yield "text/x-shellscript", _MAX_PODS.format(pods=pods)


def _settings(pool: Pool, *, disks: bool, pods: int | None) -> Iterator[str]:
    """Lines of TOML for Bottlerocket.

    https://bottlerocket.dev/en/os/latest/concepts/bootstrap-commands and .../api/settings/
    """
    if pool.huge_pages:
        yield "[settings.kernel.sysctl]"
        yield f'"vm.nr_hugepages" = "{huge_pages(pool)}"'
    if pool.shape.accelerator_count or pods is not None:
        yield "[settings.kubernetes]"
    if pods is not None:
        yield f"max-pods = {pods}"
    if pool.shape.accelerator_count:
        # Pods without root get at Neuron devices: https://github.com/bottlerocket-os/bottlerocket/pull/4400
        yield "device-ownership-from-security-context = true"
    if disks:
        bind = ["apiclient", "ephemeral-storage", "bind", "--dirs", *_BOUND]
        yield "[settings.bootstrap-commands.000-local-disks]"
        yield f"commands = {json.dumps([['apiclient', 'ephemeral-storage', 'init'], bind])}"
        yield 'mode = "always"'
        yield "essential = true"
    yield from _sharing(pool)


def _sharing(pool: Pool) -> Iterator[str]:
    """How Bottlerocket's own device plugin shares GPUs; on Amazon Linux the GPU operator's does it by label.

    https://bottlerocket.dev/en/os/latest/api/settings/kubelet-device-plugins/
    """
    sharing = pool.sharing
    if sharing is None:
        return
    way, replicas = ("mps", sharing.mps) if sharing.mps else ("time-slicing", sharing.time_slices)
    yield "[settings.kubelet-device-plugins.nvidia]"
    yield f'device-sharing-strategy = "{way}"'
    yield f"[settings.kubelet-device-plugins.nvidia.{way}]"
    yield f"replicas = {replicas}"
    yield "rename-by-default = false"
