"""Kubernetes control planes at AWS, and the add-ons that make a cluster of them."""
