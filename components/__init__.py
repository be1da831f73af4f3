"""Reusable Pulumi components, one thing a file."""
