"""Kafka in the cluster, by Strimzi."""
