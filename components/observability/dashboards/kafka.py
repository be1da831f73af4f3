"""Kafka, as Strimzi has it measured."""

from __future__ import annotations

from typing import Final

from components.observability.dashboards.board import Board, Panel, Row

BOARD: Final = Board(
    name="kafka",
    title="Kafka",
    rows=(
        Row(
            title="Consumers",
            panels=(
                Panel(
                    title="Lag",
                    legend="{{consumergroup}} {{topic}}",
                    expr="sum by (consumergroup, topic) (kafka_consumergroup_lag)",
                    about="Messages that wait to be read",
                ),
                Panel(
                    title="Written",
                    unit="mps",
                    legend="{{topic}}",
                    expr="sum by (topic) (rate(kafka_topic_partition_current_offset[5m]))",
                ),
            ),
        ),
        Row(
            title="Brokers",
            panels=(
                Panel(
                    title="In",
                    unit="Bps",
                    legend="{{pod}}",
                    expr='sum by (pod) (rate(kafka_server_brokertopicmetrics_bytesin_total{topic!=""}[5m]))',
                ),
                Panel(
                    title="Out",
                    unit="Bps",
                    legend="{{pod}}",
                    expr='sum by (pod) (rate(kafka_server_brokertopicmetrics_bytesout_total{topic!=""}[5m]))',
                ),
                Panel(
                    title="Partitions without all their copies",
                    legend="{{pod}}",
                    expr="sum by (pod) (kafka_server_replicamanager_underreplicatedpartitions)",
                ),
                Panel(
                    title="Partitions without a leader",
                    expr="sum(kafka_controller_kafkacontroller_offlinepartitionscount)",
                ),
            ),
        ),
    ),
)
