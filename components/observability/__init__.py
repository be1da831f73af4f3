"""Metrics, dashboards, alerts, logs and costs."""
