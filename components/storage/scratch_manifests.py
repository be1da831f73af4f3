"""The provisioner of folders on local disks: plain data in Kubernetes' own terms."""

from __future__ import annotations

import json
from typing import Any, Final

from infra.labels import LOCAL_NVME_LABEL

CLASS: Final = "local-nvme"
NAMESPACE: Final = "local-nvme"
ACCOUNT: Final = "local-nvme-provisioner"
CONFIG: Final = "local-nvme-config"
PROVISIONER: Final = "mlcluster.io/local-nvme"
"""Its name, so that another one of its kind in the cluster leaves our class alone."""

_FOLDER: Final = "/mnt/k8s-disks/0/local-nvme"
"""Where nodeadm's strategy RAID0 mounts the array of a node's NVMe disks, and a folder of our own in it:
https://github.com/awslabs/amazon-eks-ami/blob/main/templates/shared/runtime/bin/setup-local-disks"""
_IMAGE: Final = "docker.io/rancher/local-path-provisioner:v0.0.37"
_HELPER: Final = "public.ecr.aws/docker/library/busybox:1.37.0"
_PORT: Final = 8080

_READ: Final = ["get", "list", "watch"]
_CHANGE: Final = ["create", "patch", "update", "delete"]


def cluster_rules() -> list[dict[str, Any]]:
    """What the provisioner may do in the whole cluster: read what asks for volumes, and make volumes.

    https://github.com/rancher/local-path-provisioner/blob/master/deploy/local-path-storage.yaml
    """
    return [
        _rule("", ["nodes", "persistentvolumeclaims", "configmaps", "pods", "pods/log"], _READ),
        _rule("", ["persistentvolumes"], [*_READ, *_CHANGE]),
        _rule("", ["events"], ["create", "patch"]),
        _rule("storage.k8s.io", ["storageclasses"], _READ),
    ]


def namespace_rules() -> list[dict[str, Any]]:
    """What it may do in its own namespace: run the pods that make and remove folders on nodes."""
    return [_rule("", ["pods"], [*_READ, *_CHANGE])]


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def configuration() -> dict[str, str]:
    """The provisioner's configuration: where folders are, and how they are made and removed."""
    helper = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "helper-pod"},
        "spec": {
            "priorityClassName": "system-node-critical",
            "tolerations": [{"operator": "Exists"}],  # the nodes with GPUs are those with the disks
            "containers": [{"name": "helper-pod", "image": _HELPER, "imagePullPolicy": "IfNotPresent"}],
        },
    }
    paths = [{"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [_FOLDER]}]
    return {
        "config.json": json.dumps({"nodePathMap": paths}),
        "helperPod.yaml": json.dumps(helper),  # JSON is YAML
        "setup": '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        "teardown": '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
    }


def deployment_spec() -> dict[str, Any]:
    """The provisioner itself; while it is away, claims wait."""
    labels = {"app.kubernetes.io/name": ACCOUNT}
    return {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "serviceAccountName": ACCOUNT,
                "priorityClassName": "system-cluster-critical",
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "runAsGroup": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container()],
                "volumes": [{"name": "config", "configMap": {"name": CONFIG}}],
            },
        },
    }


def _container() -> dict[str, Any]:
    return {
        "name": "provisioner",
        "image": _IMAGE,
        "command": [
            "local-path-provisioner",
            "start",
            "--config",
            "/etc/config/config.json",
            "--provisioner-name",
            PROVISIONER,
            "--configmap-name",
            CONFIG,
            "--service-account-name",
            ACCOUNT,
        ],
        "env": [
            {"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "CONFIG_MOUNT_PATH", "value": "/etc/config/"},
            {"name": "HEALTH_PORT", "value": str(_PORT)},
        ],
        "ports": [{"name": "health", "containerPort": _PORT}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "health"}},
        "livenessProbe": {"httpGet": {"path": "/health", "port": "health"}, "initialDelaySeconds": 30},
        "resources": {
            "requests": {"cpu": "20m", "memory": "64Mi", "ephemeral-storage": "16Mi"},
            "limits": {"memory": "256Mi", "ephemeral-storage": "64Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/config/"}],
    }


def topologies() -> list[dict[str, Any]]:
    """Which nodes the scheduler may choose for a pod with such a volume: those with an array to put it on.

    Without it a folder would be made on the root disk of a node that has no other.
    """
    return [{"matchLabelExpressions": [{"key": LOCAL_NVME_LABEL, "values": ["true"]}]}]
