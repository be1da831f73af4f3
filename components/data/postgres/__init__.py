"""Databases of services."""
