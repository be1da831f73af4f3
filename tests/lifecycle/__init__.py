"""Tests of whole lives, on the real engine and the twin."""
