"""pydantic's errors in plain words, with the path as it stands in the environment file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from infra.environment.section import Section, dotted
from infra.problems import ABSENT, Problem, Wrong, did_you_mean


class Words(NamedTuple):
    """What to say of one of pydantic's error types; both may use the error's context in braces."""

    message: str
    hint: str


WORDS: Final[Mapping[str, Words]] = {
    "string_type": Words("is not text", "write text; numbers that are meant as text go in quotes"),
    "int_type": Words("is not a whole number", "write a number without quotes and decimals, such as 3"),
    "float_type": Words("is not a number", "write a number without quotes, such as 20000"),
    "finite_number": Words("is not a finite number", "write a number such as 20000"),
    "bool_type": Words("is neither true nor false", "write true or false, without quotes"),
    "literal_error": Words("is not among what can be chosen", "write {expected}"),
    "greater_than": Words("is not above {gt:g}", "write a number above {gt:g}"),
    "greater_than_equal": Words("is below {ge}", "write at least {ge}"),
    "less_than_equal": Words("is above {le}", "write at most {le}"),
    "too_short": Words("has {actual_length} entries", "write at least {min_length}"),
    "too_long": Words("has too many entries", "write at most {max_length}"),
    "tuple_type": Words("is not a list", "write a list, such as [one, two]"),
    "dict_type": Words("is not a mapping", "write keys with values below it"),
    "model_type": Words("is not a section", "write its keys with values below it"),
}


def problems(
    error: ValidationError, data: object, model: type[Section], hidden: Collection[str] = ()
) -> list[Problem]:
    """What is wrong with `data`, in plain words.

    Args:
        error: What pydantic says of it.
        data: What was given to pydantic.
        model: The model that it was given as.
        hidden: Fields of the model that people cannot write, and so are not told of.
    """
    return [_problem(detail, data, model, hidden) for detail in error.errors() if not _follows(detail)]


def _follows(detail: ErrorDetails) -> bool:
    """Whether an error only says that another, reported one left pydantic with less to go on."""
    if detail["type"] == "too_short":  # it does not count the entries that it refused
        return bool(len(detail["input"]) >= detail["ctx"]["min_length"])
    return detail["type"] == "default_factory_not_called"


def _problem(detail: ErrorDetails, data: object, model: type[Section], hidden: Collection[str]) -> Problem:
    kind, context = detail["type"], detail.get("ctx", {})
    location = _location(detail, data)
    path, value = dotted(location), detail["input"]
    if kind == "extra_forbidden":
        known = _fields(model, location[:-1]).keys() - (set() if location[:-1] else set(hidden))
        hint = did_you_mean(str(location[-1]), known)
        return Problem(path, ABSENT, "is not a key that is known here", hint)
    if kind == "missing":
        field = _fields(model, location[:-1])[str(location[-1])]
        return Problem(path, ABSENT, "is missing", f"write it: {_first_sentence(field.description or '')}")
    wrong = context.get("error")
    if isinstance(wrong, Wrong):
        return wrong.at(path, value)
    words = WORDS.get(kind, Words(f"is not right ({detail['msg']})", "see mlcluster schema"))
    return Problem(path, value, words.message.format(**context), words.hint.format(**context))


def _location(detail: ErrorDetails, data: Any) -> list[str | int]:
    """Where in `data` an error is: without the steps that pydantic adds and `data` does not have."""
    location: list[str | int] = []
    for part in detail["loc"]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            if detail["type"] != "missing":
                continue
        location.append(part)
    return location


def _fields(model: type[Section], location: Sequence[str | int]) -> Mapping[str, FieldInfo]:
    """Fields of the section at a path within a model."""
    fields, key = model.model_fields, False
    for part in location:
        # A key of a mapping is the user's own word, and may be that of a field.
        annotation = fields[str(part)].annotation if str(part) in fields and not key else None
        section = _section(annotation)
        fields = section.model_fields if section else fields
        key = section is not None and _is_mapping(annotation)
    return fields


def _is_mapping(annotation: Any) -> bool:
    """Whether an annotation is of a mapping, or may be."""
    inner = getattr(annotation, "__args__", ())
    return getattr(annotation, "__origin__", None) is Mapping or any(_is_mapping(one) for one in inner)


def _section(annotation: Any) -> type[Section] | None:
    """The section that an annotation is of, or holds."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    inner = (_section(argument) for argument in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section), None)


def _first_sentence(text: str) -> str:
    """The first sentence of a description, on one line and without its full stop."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".")
