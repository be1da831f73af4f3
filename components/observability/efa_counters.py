"""Counters of EFA interfaces, which the node exporter itself does not know.

A container beside it writes them down for its collector of text files, under the names that AWS' own patched
node exporter gives them, of which no image is published:
https://github.com/awslabs/awsome-distributed-training/tree/main/4.validation_and_observability/3.efa-node-exporter
"""

from __future__ import annotations

from typing import Any, Final

from components.scheduling import resources
from infra.catalog.images import image

FOLDER: Final = "/textfile"
SCRIPT: Final = f"""\
while true; do
  for file in /host/sys/class/infiniband/*/ports/*/hw_counters/*; do
    [ -r "$file" ] || continue
    port="${{file%/hw_counters/*}}"
    device="${{port%/ports/*}}"
    value="$(cat "$file")" || continue
    echo "node_amazonefa_${{file##*/}}{{device=\\"${{device##*/}}\\",port=\\"${{port##*/}}\\"}} $value"
  done | sort > {FOLDER}/efa.new
  mv {FOLDER}/efa.new {FOLDER}/efa.prom
  sleep 15
done
"""
"""Reads every counter of every port; what is written whole takes the place of what was there at once."""


def sidecar() -> dict[str, Any]:
    """The container, as the chart's `sidecars` take it; `sys` is the node's /sys, which the chart mounts."""
    return {
        "name": "efa-counters",
        "image": image("busybox"),
        "command": ["sh", "-c", SCRIPT],
        "resources": resources("10m", "16Mi", most="64Mi"),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "sys", "mountPath": "/host/sys", "readOnly": True}],
    }
