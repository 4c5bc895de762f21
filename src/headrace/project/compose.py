"""Text -> PyYAML's nodes, or the place where it stops being YAML that is read here."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from headrace.errors import ProjectError
from headrace.project.problems import ProjectErrors, place_in

DEEPEST = 20

_FIXES = (
    (re.compile(r"'\\t'"), "indent with spaces: YAML takes no tabs there"),
    (re.compile(r"cannot start any token"), "put the value in quotes"),
    (re.compile(r"mapping values are not allowed"), "put a value with `: ` in it in quotes, or mend the indentation"),
    (
        re.compile(r"end of stream|<stream end>|expected '[,\]}]|expected ',' or"),
        "close the bracket or the quote that is open",
    ),
    (re.compile(r"expected <block end>|could not find expected ':'"), "line the keys up, each followed by `: `"),
    (re.compile(r"expected a single document"), "keep one document in a file: delete `---` and what follows"),
)


def compose(path: Path, shown: str, text: str) -> yaml.Node | None:
    """Return the one document in a text; None when it is empty.

    Args:
        path: the file, for messages.
        shown: the file's text, for messages.
        text: what to read; line by line and column by column it stands where `shown` has it.

    Raises:
        ProjectErrors: it is not YAML, or has anchors, aliases, tags, or more than `DEEPEST` levels.
    """
    composer = None
    try:
        composer = _Composer(text)
        return composer.get_single_node()
    except yaml.reader.ReaderError as error:
        raise ProjectErrors([_unprintable(path, shown, text, error)]) from error
    except yaml.MarkedYAMLError as error:
        raise ProjectErrors([_malformed(path, shown, error)]) from error
    except (ValueError, OverflowError) as error:  # PyYAML takes \U escapes beyond Unicode for characters
        marked = yaml.MarkedYAMLError(problem=str(error), problem_mark=composer.get_mark() if composer else None)
        raise ProjectErrors([_malformed(path, shown, marked)]) from error


def _unprintable(path: Path, shown: str, text: str, error: yaml.reader.ReaderError) -> ProjectError:
    before = text[: error.position]
    where = place_in(path, shown, before.count("\n"), error.position - (before.rfind("\n") + 1))
    what = f"the character U+{ord(text[error.position]):04X} cannot stand in YAML"
    return ProjectError(what, code="HR-203", where=where, fix="delete it")


def _malformed(path: Path, shown: str, error: yaml.MarkedYAMLError) -> ProjectError:
    unclosed = "end of stream" in str(error.problem) or "<stream end>" in str(error.problem)
    mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
    where = place_in(path, shown, mark.line, mark.column) if mark else place_in(path, shown, 0, 0)
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if isinstance(error, _Unread):
        return ProjectError(said, code="HR-203", where=where, fix="write the value out")
    fix = next((fix for pattern, fix in _FIXES if pattern.search(said)), "mend the YAML at or just before this line")
    return ProjectError(f"this is not YAML: {said}", code="HR-203", where=where, fix=fix)


class _Composer(yaml.SafeLoader):
    """PyYAML's composer without what a project file has no use for; their absence also bounds time and depth."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it out
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _Unread("anchors and aliases (& and *) are not read here", event.start_mark)
        if event.tag is not None:
            raise _Unread("tags (!) are not read here", event.start_mark)
        if self._depth == DEEPEST:
            raise _Unread(f"nested more than {DEEPEST} deep", event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Unread(yaml.MarkedYAMLError):
    """YAML that is valid, and that we do not read."""

    def __init__(self, problem: str, mark: yaml.Mark) -> None:
        super().__init__(problem=problem, problem_mark=mark)
