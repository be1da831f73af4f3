"""Kafka that AWS runs."""
