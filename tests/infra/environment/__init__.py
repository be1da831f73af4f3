"""Tests of the environment model."""
