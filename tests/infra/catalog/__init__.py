"""Tests of the catalog of facts."""
