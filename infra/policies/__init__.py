"""Guardrails: what must hold of every stack, as plain functions over its recorded resources."""

from infra.policies.guardrails import GUARDRAILS, Violation, judge

__all__ = ["GUARDRAILS", "Violation", "judge"]
