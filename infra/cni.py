"""The configuration of the VPC CNI add-on that the address plan (`infra.addressing`) counts on.

`configuration` is the plan's part of the add-on's configuration values; components/cluster/addons.py merges
it with its own (network policies, tags of interfaces) and gives the result to EKS as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.addressing import CNI_ENVIRONMENT, PodAddresses

ZONE_LABEL = "topology.kubernetes.io/zone"
"""The node's label whose value names the ENIConfig that its pods' interfaces are made by."""


def environment(how: PodAddresses) -> dict[str, str]:
    """The CNI's environment variables.

    With prefix delegation the two targets hold as well, and override WARM_PREFIX_TARGET, which would keep a
    whole block spare on every node:
    https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/prefix-and-ip-target.md
    """
    return {
        **CNI_ENVIRONMENT,
        **({"ENABLE_PREFIX_DELEGATION": "true"} if how.blocks else {}),
        **(
            {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "ENI_CONFIG_LABEL_DEF": ZONE_LABEL}
            if how.apart
            else {}
        ),
    }


def configuration(
    how: PodAddresses, *, region: str, subnets: Mapping[str, str], security_group: str
) -> dict[str, Any]:
    """The add-on's configuration values as far as addresses go: its environment and its ENIConfigs.

    The add-on makes the ENIConfigs itself, one for each zone and named as it, so that they are there before
    the first node: https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network-tutorial.html (schema:
    ``aws eks describe-addon-configuration --addon-name vpc-cni``).

    Args:
        how: How pods get their addresses.
        region: The network's region.
        subnets: Ids of the pods' subnets by zone; empty where pods have no range of their own.
        security_group: The group of the pods' interfaces: the cluster's own.
    """
    values: dict[str, Any] = {"env": environment(how)}
    if how.apart:
        values["eniConfig"] = {
            "create": True,
            "region": region,
            "subnets": {
                zone: {"id": subnet, "securityGroups": [security_group]} for zone, subnet in subnets.items()
            },
        }
    return values
