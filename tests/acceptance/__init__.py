"""Tests that a real API server takes what our programs declare, and does with it what we mean."""
