"""From an environment file, or the configuration that Pulumi hands to the program, to an environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from infra.environment import checks, errors, shards
from infra.environment.model import ELSEWHERE, Environment
from infra.environment.reading import Document, read
from infra.environment.section import dotted
from infra.problems import ABSENT, BadInput, Problem, Wrong, did_you_mean

SECTION: Final = shards.SECTION
"""The key under `config` that holds the environment."""
REGION: Final = "aws:region"

PULUMIS: Final = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""Keys of a stack's file, all of them Pulumi's:
https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/"""

_FILE_NAME: Final = re.compile(r"Pulumi\.(?P<name>.+)\.yaml")


def load(path: Path) -> Environment:
    """The environment that a file describes.

    Args:
        path: A stack's file, ``Pulumi.<name>.yaml``.

    Raises:
        BadInput: With everything that is wrong with it; paths begin with the file's name and the line.
    """
    name = _FILE_NAME.fullmatch(path.name)
    if name is None:
        hint = "name it Pulumi.<environment>.yaml"
        raise BadInput([Problem(str(path), ABSENT, "is not named as an environment's file", hint)])
    document = _document(path)
    try:
        environment = parse(name["name"], _config(document), path.parent)
    except BadInput as bad:
        raise BadInput(_placed(path, document, bad.problems)) from None
    if document.doubts:
        raise BadInput(_placed(path, document, ()))
    return environment


def parse(name: str, config: Mapping[str, Any], beside: Path | None = None) -> Environment:
    """The environment that a stack's configuration describes.

    Args:
        name: The stack's name.
        config: What the file has under `config`, with Pulumi's keys: ``aws:region`` and
            ``mlcluster:environment``.
        beside: Where the files of the other stacks are, of which those are read that are about the same
            cluster; None: there are none.

    Raises:
        BadInput: With everything that is wrong with it; paths begin within ``mlcluster:environment``.
    """
    environment, problems = _parsed(name, config, beside)
    if environment is None or problems:
        raise BadInput(problems)
    return environment


def _parsed(
    name: str, config: Mapping[str, Any], beside: Path | None
) -> tuple[Environment | None, list[Problem]]:
    """The environment as far as there is one, and everything that is wrong with it; arguments as of `parse`.

    Raises:
        BadInput: there is nothing that could be one.
    """
    config = _mapping("config", config, f"write {REGION} and {SECTION} below it")
    found = [*_unknown_keys(config), *_encrypted(config)]
    try:
        section = _mapping(SECTION, config.get(SECTION), "write the environment's sections below it")
    except BadInput as bad:
        raise BadInput(_explained(found, bad.problems)) from None
    if any(problem.path == SECTION for problem in found):
        raise BadInput(found)
    found += [
        Problem(key, section[key], "does not belong here", ELSEWHERE[key])
        for key in ELSEWHERE
        if key in section
    ]
    data = {**section, "name": name, "region": config.get(REGION)}
    if section.get("teams_of") is not None:
        environment, problems = _of_teams(data, beside)
    else:
        environment, problems = _judged(data, {} if beside is None else shards.beside(name, name, beside))
    return environment, _explained(found, problems)


def _mapping(path: str, value: object, hint: str) -> Mapping[Any, Any]:
    """`value`, which must be a mapping."""
    if isinstance(value, Mapping):
        return value
    if value is None:
        raise BadInput([Problem(path, ABSENT, "is missing", hint)])
    raise BadInput([Problem(path, value, "is not a mapping", hint)])


def _judged(data: Mapping[str, Any], others: shards.Others) -> tuple[Environment | None, list[Problem]]:
    """The environment in `data`, and everything wrong with it, beside the teams that other stacks have in it.

    Where some fields are wrong in themselves, the checks that do not read those run all the same, so that
    people hear of everything at once.
    """
    try:
        environment = Environment.model_validate(data)
    except ValidationError as error:
        found = _told(error, data)
        broken = {str(detail["loc"][0]) for detail in error.errors()}
    else:
        environment = environment.model_copy(update={"others": others}) if others else environment
        return environment, checks.run(environment)
    sound = {key: value for key, value in data.items() if isinstance(key, str) and key not in broken}
    rest = Environment.model_validate({"name": "unnamed", "owner": "unnamed", **sound})
    return None, _explained(found, checks.run(rest, broken))


def _told(error: ValidationError, data: Mapping[str, Any]) -> list[Problem]:
    """What pydantic has against an environment, with the region where the file has it."""
    return [
        replace(problem, path=REGION) if problem.path == "region" else problem
        for problem in errors.problems(error, data, Environment, hidden=ELSEWHERE)
    ]


def _of_teams(data: Mapping[str, Any], beside: Path | None) -> tuple[Environment | None, list[Problem]]:
    """The environment in a file of teams, with all that the platform's file says; and what is wrong with it.

    What the platform's file says is judged with that; here only what becomes of it with these teams.
    """
    found = list(shards.not_its_own(data))
    theirs = Environment.model_fields.keys() - shards.OWN
    said = {key: value for key, value in data.items() if key not in theirs}
    try:
        own = Environment.model_validate(said)
    except ValidationError as error:
        return None, [*found, *_told(error, said)]
    try:
        platform = _platform(own, beside)
    except BadInput as bad:
        return None, [*found, *bad.problems]
    others = shards.beside(platform.name, own.name, beside) if beside else {}
    environment = shards.composed(own, platform, others)
    judged = (problem for problem in checks.run(environment) if _of_a_team(problem))
    return environment, [*found, *shards.apart(own, platform), *judged]


def _of_a_team(problem: Problem) -> bool:
    """Whether a problem is about teams, and so for the file to tell that has them."""
    return re.match(r"teams\b", problem.path) is not None


def _platform(own: Environment, beside: Path | None) -> Environment:
    """The environment that a file of teams names.

    Raises:
        BadInput: It is none that has a cluster.
    """
    name = str(own.teams_of)
    clusters = () if beside is None else shards.clusters(beside)
    if beside is None or name not in clusters:
        why = shards.no_cluster(name, own.name, beside)
        raise BadInput([Problem("teams_of", name, why, did_you_mean(name, clusters))])
    try:
        environment, problems = _parsed(name, _config(_document(beside / f"Pulumi.{name}.yaml")), beside)
    except BadInput as bad:
        environment, problems = None, list(bad.problems)
    if environment is None or not all(map(_of_a_team, problems)):
        hint = f"run mlcluster validate {name}"
        raise BadInput([Problem("teams_of", name, "has a file that is not right itself", hint)])
    return environment


def _unknown_keys(config: Mapping[Any, Any]) -> Iterator[Problem]:
    """Keys under `config` that nothing reads. Settings of the engine itself (``pulumi:…``) pass."""
    for key in config:
        if not isinstance(key, str):
            yield Problem("config", key, "is a key that is not text", "remove it")
        elif key not in {REGION, SECTION} and not key.startswith("pulumi:"):
            hint = did_you_mean(key, (REGION, SECTION))
            yield Problem(dotted((key,)), ABSENT, "is not a key that is read", hint)


def _encrypted(config: Mapping[Any, Any]) -> Iterator[Problem]:
    """Values that Pulumi has encrypted: all of an environment can be read by everyone."""
    for path, value in _walk((), config):
        if isinstance(value, Mapping) and value.keys() == {"secure"}:
            at = path[1:] if path[:1] == (SECTION,) else path
            hint = "write it in plain text; an environment holds no secrets"
            yield Problem(dotted(at) or SECTION, ABSENT, "is encrypted", hint)


def _walk(path: tuple[str | int, ...], value: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """A value and all within it, by path."""
    yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk((*path, str(key)), inner)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _walk((*path, index), inner)


def _explained(first: Iterable[Problem], rest: Iterable[Problem]) -> list[Problem]:
    """Problems, without those of the rest that are at or below one of the first, and follow from it."""
    causes = list(first)
    paths = tuple(problem.path for problem in causes)
    below = tuple(f"{path}{sign}" for path in paths for sign in ".[")
    return causes + [one for one in rest if one.path not in paths and not one.path.startswith(below)]


def _document(path: Path) -> Document:
    """What a file says in YAML."""
    try:
        return read(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise BadInput(
            [Problem(str(path), ABSENT, reason, "write the path of an environment's file")]
        ) from None
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text, at byte {error.start}"
        raise BadInput([Problem(str(path), ABSENT, message, "save it as UTF-8")]) from None
    except BadInput as bad:
        raise BadInput(replace(problem, path=f"{path}:{problem.path}") for problem in bad.problems) from None


def _config(document: Document) -> Any:
    """What a file has under `config`; keys that Pulumi does not know are noted as doubts."""
    if document.data is None:
        raise BadInput([Problem("", ABSENT, "is empty", _BEGIN)])
    data = _mapping("", document.data, _BEGIN)
    for key in sorted(data.keys() - set(PULUMIS)):
        hint = did_you_mean(key, PULUMIS)
        document.doubts.append(((key,), ABSENT, Wrong("is not a key of a stack's file", hint)))
    return data.get("config")


_BEGIN: Final = "write config: with the environment below it"


def _placed(path: Path, document: Document, found: Iterable[Problem]) -> list[Problem]:
    """The problems of a file, each with the file's name and line before its path."""
    file = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    lines = {dotted(_inner(at)): line for at, line in document.lines.items()}
    doubts = [wrong.at(dotted(_inner(at)), value) for at, value, wrong in document.doubts]
    placed = [(_line(problem.path, lines), problem) for problem in _explained(doubts, found)]
    return [
        replace(problem, path=f"{file}:{line}: {problem.path}".removesuffix(": "))
        for line, problem in sorted(placed, key=lambda pair: pair[0])
    ]


def _inner(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A path within a file as problems have it: within the environment's section where it is there."""
    if path[:2] == ("config", SECTION):
        return path[2:] or (SECTION,)
    return path[1:] if path[:1] == ("config",) and len(path) > 1 else path


def _line(path: str, lines: Mapping[str, int]) -> int:
    """The line of the value at a path, or of the innermost one around it that is there."""
    around = [one for one in lines if one and (path == one or path.startswith((f"{one}.", f"{one}[")))]
    return lines[max(around, key=len)] if around else lines.get(SECTION, 1)
