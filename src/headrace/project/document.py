"""One YAML file: its value, and where every part of it stands.

Read as the core schema of YAML 1.2 has it: only ``true`` and ``false`` are truth values, so ``no`` and ``on`` are text,
and so are dates. Anchors, aliases and tags are refused: a project file says what it says where it says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from headrace.errors import Place, ProjectError
from headrace.project.compose import compose
from headrace.project.problems import ProjectErrors, place_in

Loc = tuple[str | int, ...]
"""The way to a part of a document: keys and list positions."""

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Span:
    """A stretch of text; lines and columns counted from 0. `length` stays within the first line."""

    line: int
    column: int
    length: int


@dataclass(frozen=True)
class Document:
    """A YAML mapping with the places of its parts.

    Attributes:
        path: the file, for messages.
        text: the file's text.
        value: the mapping.
        keys: where the key of each part stands.
        values: where each part stands; ``()`` is the whole.
        problems: what is wrong with it already.
        faulty: the parts that `problems` are about.
    """

    path: Path
    text: str
    value: Mapping[str, Any]
    keys: Mapping[Loc, Span]
    values: Mapping[Loc, Span]
    problems: tuple[ProjectError, ...]
    faulty: frozenset[Loc]

    def place(self, loc: Loc = ()) -> Place:
        """Return where a part stands: its value, or its key when it has no value of its own on that line."""
        near = loc
        while near not in self.values:
            near = near[:-1]
        span = self.values[near]
        return self._place(span if span.length else self.keys.get(near, span), loc)

    def key_place(self, loc: Loc) -> Place:
        """Return where the key of a part stands."""
        return self._place(self.keys[loc], loc) if loc in self.keys else self.place(loc)

    def _place(self, span: Span, loc: Loc) -> Place:
        return replace(place_in(self.path, self.text, span.line, span.column, span.length), part=loc)


def parse(path: Path, text: str, within: str | None = None) -> Document:
    """Read the one YAML mapping of a file.

    Args:
        path: the file, for messages.
        text: its text.
        within: what to read instead of the whole text: the same, with blanks for what is not YAML, and cut off after it.

    Raises:
        ProjectErrors: it is not YAML, or not a mapping. Lesser problems are kept in the document.
    """
    reader = _Reader(path, text)
    node = compose(path, text, text if within is None else within)
    if node is not None and not isinstance(node, yaml.MappingNode):
        raise ProjectErrors(
            [reader.problem("HR-203", "this is not keys with values", node, "write `key: value` lines")]
        )
    value = reader.mapping(node, ()) if node is not None else {}
    spans: dict[Loc, Span] = reader.values if node is not None else {(): Span(0, 0, 0)}
    return Document(path, text, value, reader.keys, spans, tuple(reader.problems), frozenset(reader.faulty))


class _Reader:
    """Turns nodes into values, noting where each stood and what was wrong on the way."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text
        self.keys: dict[Loc, Span] = {}
        self.values: dict[Loc, Span] = {}
        self.problems: list[ProjectError] = []
        self.faulty: set[Loc] = set()

    def problem(self, code: str, what: str, node: yaml.Node, fix: str, loc: Loc = ()) -> ProjectError:
        span = self._span(node)
        where = place_in(self.path, self.text, span.line, span.column, span.length)
        return ProjectError(what, code=code, where=replace(where, part=loc), fix=fix)

    def _fault(self, loc: Loc, code: str, what: str, node: yaml.Node, fix: str) -> None:
        self.problems.append(self.problem(code, what, node, fix, loc))
        self.faulty.add(loc)

    def _span(self, node: yaml.Node) -> Span:
        start, end = node.start_mark, node.end_mark
        return Span(start.line, start.column, end.column - start.column if end.line == start.line else 1_000_000)

    def mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, Any]:
        """Read a mapping; the place of the whole is that of its first key."""
        self.values[loc] = self._span(node.value[0][0] if node.value else node)
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if (key := self._key(key_node, loc, made)) is not None:
                self.keys[(*loc, key)] = self._span(key_node)
                made[key] = self._value(value_node, (*loc, key), key_node)
        return made

    def _key(self, node: yaml.Node, loc: Loc, seen: Mapping[str, Any]) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self._fault(loc, "HR-203", "a key must be plain text", node, "write `key: value`")
            return None
        if node.value in seen:
            line = self.keys[(*loc, node.value)].line + 1
            fix = f"keep one of them; the other is on line {line}"
            self.problems.append(self.problem("HR-204", f"`{node.value}` stands twice", node, fix))
            return None
        return self._text(node, loc)

    def _text(self, node: yaml.ScalarNode, loc: Loc) -> str | None:
        if _UNWRITABLE.search(node.value):
            self._fault(loc, "HR-203", "there is an escape here that is not a character", node, "delete it")
            return None
        return str(node.value)

    def _value(self, node: yaml.Node, loc: Loc, owner: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, loc)
        self.values[loc] = self._span(node)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*loc, i), item) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        if node.style is None and _NULL.fullmatch(node.value):
            self._no_value(node, loc, owner)
            return None
        text = self._text(node, loc)
        return text if text is None or node.style is not None else scalar(text)

    def _no_value(self, node: yaml.ScalarNode, loc: Loc, owner: yaml.Node) -> None:
        what = f"`{loc[-1]}` has no value" if isinstance(loc[-1], str) else "this item has no value"
        fix = f'for the text itself, write "{node.value}" in quotes' if node.value else "write one, or delete it"
        self._fault(loc, "HR-207", what, node if node.value else owner, fix)


def scalar(text: str) -> str | int | float | bool:
    """Return what a text without quotes stands for; it is not empty, and not YAML's null."""
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
