"""Whose pods give way where there is no room: serving before training before exploration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.admissionregistration import v1 as admission
from pulumi_kubernetes.scheduling import v1 as scheduling

from infra.environment.teams import PHASES, Phase
from infra.labels import PHASE_LABEL, Scope

_COMPONENT: Final = "team"
POLICY: Final = "mlcluster-priorities"

PRIORITIES: Final[Mapping[Phase, int]] = {"exploration": 0, "training": 1_000, "serving": 10_000}
"""Priority classes of teams' pods, each called as the phase that it is for, and what they count.

A pod without a class counts as much as exploration, so that nobody gets more by saying nothing. Kubernetes'
own classes for what runs the cluster begin at 2,000,000,000."""

_FOR: Final[Mapping[Phase, str]] = {
    "exploration": "Notebooks and trials: they give way to all else. Pods without a class count the same.",
    "training": "Training: takes the room of exploration, gives way to serving.",
    "serving": "Models at work: take the room of training and exploration.",
}


@dataclass(frozen=True, kw_only=True)
class PrioritiesArgs:
    """What they need."""

    scope: Scope


class Priorities(pulumi.ComponentResource):
    """The priority classes of teams' pods, and the rule about who may use which.

    One policy for the whole cluster: a namespace's phase decides, so that a notebook cannot push a model
    aside by calling itself one, nor anything that runs the cluster.
    """

    ready: tuple[pulumi.Resource, ...]
    """Pods that name a class come after these."""

    def __init__(self, name: str, args: PrioritiesArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:tenancy:Priorities", name, {}, opts)
        labels = args.scope.labels(_COMPONENT)
        child = pulumi.ResourceOptions(parent=self)
        classes = [
            scheduling.PriorityClass(
                f"{name}-{phase}",
                metadata={"name": phase, "labels": labels},
                value=value,
                description=_FOR[phase],
                opts=child,
            )
            for phase, value in PRIORITIES.items()
        ]
        policy = admission.ValidatingAdmissionPolicy(
            name, metadata={"name": POLICY, "labels": labels}, spec=policy_spec(), opts=child
        )
        binding = admission.ValidatingAdmissionPolicyBinding(
            name,
            metadata={"name": POLICY, "labels": labels},
            spec=binding_spec(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.ready = (*classes, binding)
        self.register_outputs({})


def allowed(phase: Phase) -> list[Phase]:
    """The classes that pods of a phase may have: its own, and those that count less."""
    return [one for one in PHASES if PRIORITIES[one] <= PRIORITIES[phase]]


def policy_spec() -> dict[str, Any]:
    """The policy: a pod's class is one of those that its namespace's phase allows, or none.

    A resource quota could keep a class out of a namespace too, but only by naming each that there is.
    https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    """
    return {
        "failure_policy": "Fail",
        "match_constraints": {
            "resource_rules": [
                {"api_groups": [""], "api_versions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
            ]
        },
        "variables": [
            {"name": "phase", "expression": f"namespaceObject.metadata.labels['{PHASE_LABEL}']"},
            {"name": "wanted", "expression": "object.spec.?priorityClassName.orValue('')"},
        ],
        "validations": [
            {
                "expression": f"variables.wanted == '' || variables.wanted in {_table()}[variables.phase]",
                "message_expression": "'the priority class ' + variables.wanted + ' is not for the phase '"
                " + variables.phase + ': write priorityClassName: ' + variables.phase + ', or leave it out'",
                "reason": "Forbidden",
            }
        ],
    }


def _table() -> str:
    """What each phase allows, as CEL writes maps."""
    lists = {phase: ", ".join(f"'{one}'" for one in allowed(phase)) for phase in PHASES}
    return "{" + ", ".join(f"'{phase}': [{names}]" for phase, names in lists.items()) + "}"


def binding_spec() -> dict[str, Any]:
    """Where the policy holds: in teams' namespaces."""
    teams = [{"key": PHASE_LABEL, "operator": "In", "values": list(PHASES)}]
    return {
        "policy_name": POLICY,
        "validation_actions": ["Deny"],
        "match_resources": {"namespace_selector": {"match_expressions": teams}},
    }
