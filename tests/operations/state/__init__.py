"""Tests of what makes a state its place."""
