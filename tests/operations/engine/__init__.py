"""Tests of finding and driving the Pulumi engine."""
