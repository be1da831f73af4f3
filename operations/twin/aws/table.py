"""What the table of resource types is made of; `operation` carries it out.

Templates, the arguments of a `Call`, are plain values in which a text that starts with ``$`` is a JMESPath
expression over the resource's inputs and ``id``, ``account``, ``region``, ``partition`` and ``old`` (the
state before), and a function gets the `Operation`. Arguments that come out as None are left out. Outputs are
JMESPath expressions over what the read call found or, when they start with ``arn:``, texts with ``{id}``,
``{account}`` and so on to fill in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operations.twin.aws.operation import Operation


@dataclass(frozen=True)
class Call:
    """One call of boto3."""

    method: str
    """The client's method, such as "create_vpc"."""
    arguments: Mapping[str, Any]
    """Template of its arguments."""
    service: str | None = None
    """boto3's name of the service when it is not the type's own."""


Step = Call | Callable[["Operation"], Any]
"""A call, or a small function where one call does not do."""

Guard = Callable[["Operation"], None]
"""Refuses what AWS refuses and moto does not."""

Rule = Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]]
"""Judges inputs before anything is created: yields (property, reason)."""

Output = str | Callable[["Operation", Mapping[str, Any]], Any]
"""How a property is made from what was found."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """How some inputs are changed in place."""

    inputs: tuple[str, ...]
    step: Step
    on_create: bool = True
    """Whether creating needs the step as well, for inputs that were given."""


@dataclass(frozen=True, kw_only=True)
class Name:
    """How a resource gets a name when the program gives none, as pulumi-aws does it."""

    property: str = "name"
    prefix: str | None = "namePrefix"
    """The input that only gives the beginning of a name; None where the type has no such input."""
    limit: int = 255
    """Characters that AWS takes."""
    form: str = "{}"
    """What every name must look like: "alias/{}"."""
    lower: bool = False


@dataclass(frozen=True, kw_only=True)
class Type:
    """All that the twin knows of one resource type."""

    type: str
    """Pulumi's token, such as "aws:ec2/vpc:Vpc"."""
    service: str
    """boto3's name of the service."""
    word: str
    """The service's own word for one, as an inventory lists it; it starts with none for mere settings."""
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Inputs besides `required`; any other is refused rather than ignored."""
    regional: bool = True
    """Whether there is an input and output `region`."""
    taggable: bool = False
    """Whether there is an input `tags` and an output `tagsAll`."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    name: Name | None = None
    rules: tuple[Rule, ...] = ()

    guards: tuple[Guard, ...] = ()
    """Before creating."""
    create: Step
    id: str
    """JMESPath over the response of `create`, or a text with ``{inputs}`` to fill in."""
    read: Step
    """Finds one by `id`; a function returns None when it is gone."""
    found: str = "@"
    """JMESPath over the response of `read`: the thing itself; null when it is gone."""
    outputs: Mapping[str, Output]
    changes: tuple[Change, ...] = ()
    delete: Step | None
    """None where there is nothing to delete but the record."""
    delete_guards: tuple[Guard, ...] = ()

    replace: frozenset[str] = frozenset()
    """Dotted paths of inputs that cannot be changed in place."""
    replaces: Callable[[Mapping[str, Any], Mapping[str, Any]], frozenset[str]] | None = None
    """Inputs whose change from old to new inputs forces a replacement in some cases only."""
    delete_before_replace: bool = False
    """Whether two of the same identity cannot exist side by side."""
    kept: frozenset[str] = frozenset()
    """Inputs that AWS chooses when they are not given: no longer giving them changes nothing."""
    ordered: frozenset[str] = frozenset()
    """Inputs whose order matters; other lists are sets."""
    exact: frozenset[str] = frozenset({"tags"})
    """Inputs that exist with nothing else inside; elsewhere AWS adds defaults."""
    partly: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Members of given inputs that are known only after creation."""
    volatile: tuple[str, ...] = ()
    """Outputs that any update changes."""

    @property
    def inputs(self) -> frozenset[str]:
        """The names of all inputs."""
        extra = ("region",) * self.regional + ("tags",) * self.taggable
        return frozenset((*self.required, *self.optional, *extra))
