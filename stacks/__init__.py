"""Wiring and choices: what an environment is made of."""
