"""`make docs`: the reference pages that are generated from code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from infra.environment import json_schema, project_root

_ENVIRONMENT_PREFACE = """\
Written by `make docs` from the model in `infra/environment`; the same facts are in
[environment.schema.json](../environment.schema.json), from which editors complete."""


def pages() -> dict[str, str]:
    """Every generated page, by its path in the repository."""
    from operations.plan import PlanDocument

    return {
        "docs/environment.schema.json": _json(json_schema()),
        "docs/plan.schema.json": _json(PlanDocument.model_json_schema()),
        "docs/reference/command-line.md": command_line(),
        "docs/reference/environment.md": environment(json_schema()),
    }


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"


def command_line() -> str:
    """The commands, their arguments and options, from the command line itself."""
    from operations.cli import app

    group = typer.main.get_command(app)
    lines = [
        "# The command line",
        "",
        "Written by `make docs`. `mlcluster COMMAND --help` says the same.",
        "",
    ]
    lines += [(group.help or "").strip().replace("\n\n", "\n"), ""]
    for path, command in _walk(group, "mlcluster"):
        lines += [f"## `{path}`", "", (command.help or "").strip(), ""]
        lines += [_parameter(parameter) for parameter in command.params if parameter.name != "help"]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children: Mapping[str, Any] = getattr(command, "commands", {})
    if not children:
        yield path, command
    for name, child in children.items():
        yield from _walk(child, f"{path} {name}")


def _parameter(parameter: Any) -> str:
    words = getattr(parameter, "help", None) or ""
    is_option = parameter.param_type_name == "option"
    spelling = ", ".join(parameter.opts) if is_option else (parameter.metavar or parameter.name.upper())
    return f"- `{spelling}` {words}"


def environment(schema: Mapping[str, Any]) -> str:
    """The fields of an environment file, from the JSON Schema that editors read."""
    lines = ["# The environment file", "", _ENVIRONMENT_PREFACE, ""]
    for name, definition in sorted(schema.get("$defs", {}).items()):
        lines += [f"## {name}", "", " ".join(definition.get("description", "").split()), ""]
        fields = definition.get("properties", {})
        if fields:
            lines += ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
            lines += [_field(key, field, definition.get("required", [])) for key, field in fields.items()]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _field(name: str, field: Mapping[str, Any], required: list[str]) -> str:
    default = "required" if name in required else f"`{json.dumps(field.get('default'))}`"
    meaning = " ".join(field.get("description", "").split()).replace("|", "\\|")
    return f"| `{name}` | {_type(field)} | {default} | {meaning} |"


def _type(field: Mapping[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_type(choice) for choice in field["anyOf"] if choice.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object" and isinstance(field.get("additionalProperties"), Mapping):
        return f"map of {_type(field['additionalProperties'])}"
    return str(field.get("const", field.get("type", "value")))


def main() -> None:
    """Writes every page that differs."""
    root = project_root(Path.cwd())
    for path, text in pages().items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text() != text:
            target.write_text(text)
            typer.echo(f"wrote {path}")


if __name__ == "__main__":
    main()
