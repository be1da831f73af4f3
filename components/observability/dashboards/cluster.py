"""The cluster as a whole."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

_READY = 'kube_node_status_condition{condition="Ready", status="true"}'

BOARD: Final = Board(
    name="cluster",
    title="Cluster",
    rows=(
        Row(
            title="Now",
            panels=(
                Panel(title="Nodes", kind="figure", expr=f"count({_READY})"),
                Panel(title="Nodes not ready", kind="figure", expr=f"sum({_READY} == bool 0)"),
                Panel(title="Pods without a node", kind="figure", expr="sum(kube_pod_status_unschedulable)"),
                Panel(title="Alerts", kind="figure", expr='count(ALERTS{alertstate="firing"}) or vector(0)'),
            ),
        ),
        Row(
            title="Use",
            panels=(
                Panel(
                    title="Processors asked for, of what there is",
                    unit="percentunit",
                    expr='sum(kube_pod_container_resource_requests{resource="cpu"}) '
                    '/ sum(kube_node_status_allocatable{resource="cpu"})',
                ),
                Panel(
                    title="Memory asked for, of what there is",
                    unit="percentunit",
                    expr='sum(kube_pod_container_resource_requests{resource="memory"}) '
                    '/ sum(kube_node_status_allocatable{resource="memory"})',
                ),
                Panel(
                    title="Nodes by pool",
                    legend="{{label_mlcluster_io_pool}}",
                    expr='count by (label_mlcluster_io_pool) (kube_node_labels{label_mlcluster_io_pool!=""})',
                ),
                Panel(
                    title="Restarts of containers",
                    legend="{{namespace}}",
                    expr="topk(10, "
                    "sum by (namespace) (increase(kube_pod_container_status_restarts_total[1h])))",
                ),
                Panel(
                    title="Quota in use by namespace",
                    unit="percentunit",
                    legend="{{namespace}} {{resource}}",
                    expr='kube_resourcequota{type="used"} '
                    '/ ignoring (type) (kube_resourcequota{type="hard"} > 0)',
                ),
                Panel(
                    title="Volumes by what is left",
                    unit="percentunit",
                    legend="{{namespace}} {{persistentvolumeclaim}}",
                    expr="bottomk(10, "
                    "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes)",
                ),
            ),
        ),
    ),
)
