"""YAML as environment files may use it: plain values that every tool reads alike, and where each stands.

Pulumi reads the same files with another YAML library. So what the two would read differently (``on``,
``012``, dates) is refused, and so are aliases, tags and keys that are not text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from infra.problems import ABSENT, BadInput, Problem, Wrong

_NULL: Final = re.compile(r"~|null|Null|NULL|")
_BOOL: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_AMBIGUOUS: Final = re.compile(
    r"(?i:yes|no|on|off|y|n)"  # words for true and false in YAML 1.1
    r"|[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?"  # other numbers
    r"|[-+]?0[xob][0-9a-fA-F_]+|[-+]?\.(?i:inf|nan)"
    r"|[-+]?[0-9][0-9_]*(:[0-9]{1,2})+(\.[0-9_]*)?"  # base 60 in YAML 1.1: 20:30 is 1230
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"  # dates
    r"|=|<<"
)
_TEXT_TAG: Final = "tag:yaml.org,2002:str"

_DEEPEST: Final = 20
_KEY: Final = "(key)"
"""Stands in paths for a key that is being read."""

Path = tuple[str | int, ...]


@dataclass
class Document:
    """What a YAML text says.

    Attributes:
        data: Its value: mappings, lists, text, numbers, booleans and None.
        lines: The line of each value, counted from 1, by its path.
        doubts: Values that mean nothing certain, by their paths: what was written, and what is wrong with it.
    """

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    doubts: list[tuple[Path, object, Wrong]] = field(default_factory=list)


def read(text: str) -> Document:
    """Reads one YAML document.

    Raises:
        BadInput: It is no YAML; the path is the line and column.
    """
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        document = Document()
        if node is not None:
            document.data = _Values(document, set()).value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        said = " ".join(filter(None, (error.context, error.problem)))
        raise BadInput([Problem(where, ABSENT, f"is not YAML: {said}", _SYNTAX)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        message = f"has a character that YAML does not allow (U+{ord(text[error.position]):04X})"
        raise BadInput([Problem(f"{line}:{column}", ABSENT, message, "write plain text")]) from None
    except RecursionError:
        raise BadInput([Problem("1:1", ABSENT, "is nested too deeply", "see mlcluster schema")]) from None
    return document


_SYNTAX: Final = "check indentation, colons, quotes and brackets there and just before"


@dataclass(frozen=True)
class _Values:
    """Turns YAML's nodes into values, noting lines and problems in a document."""

    document: Document
    seen: set[int]

    def value(self, node: yaml.Node, path: Path) -> Any:
        """The value of a node."""
        if id(node) in self.seen:
            self._doubt(path, ABSENT, "is an alias of another value", "write the value out")
            return None
        if len(path) > _DEEPEST:
            self._doubt(path, ABSENT, "is nested too deeply", "see mlcluster schema")
            return None
        self.seen.add(id(node))
        self.document.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        if node.tag != _TEXT_TAG:
            self._doubt(path, node.value, f"has the tag {node.tag}", "write the plain value")
        quoted = not isinstance(node, yaml.ScalarNode) or node.style is not None
        return node.value if quoted else self._plain(node.value, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = self.value(key_node, (*path, _KEY)), key_node.start_mark.line + 1
            at = (*path, key) if isinstance(key, str) else path
            if not isinstance(key, str):
                message = f"has a key that is not text, in line {line}"
                self._doubt(at, ABSENT, message, "write text, in quotes if it looks like a number")
            elif key in found:
                lines = f"lines {self.document.lines[at]} and {line}"
                self._doubt(at, ABSENT, f"is written twice, in {lines}", "rename one, or remove it")
            else:
                found[key] = self.value(value_node, at)
                self.document.lines[at] = line
        return found

    def _plain(self, word: str, path: Path) -> Any:
        """The value of a word without quotes."""
        if _NULL.fullmatch(word):
            return None
        if _BOOL.fullmatch(word):
            return word[0] in "tT"
        if _INT.fullmatch(word):
            return int(word)
        if _FLOAT.fullmatch(word):
            return float(word)
        if _AMBIGUOUS.fullmatch(word):
            self._doubt(
                path,
                word,
                "means different things to different YAML tools",
                f'write "{word}", in quotes, if it is text',
            )
        return word

    def _doubt(self, path: Path, value: object, message: str, hint: str) -> None:
        self.document.doubts.append((path, value, Wrong(message, hint)))
