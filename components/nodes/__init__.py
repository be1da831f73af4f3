"""Pools of nodes and the role they share."""
