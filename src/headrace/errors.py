"""The one exception tree of Headrace.

    HeadraceError                 root: a stable code, what happened, where, what state is left, what to do next
    ├── UsageError       HR-1xx   the command line or the request is wrong            (exit code 2)
    ├── ProjectError     HR-2xx   a project file does not say something we can run
    ├── SqlError         HR-3xx   a model or a query is not a SELECT we can run
    ├── SourceError      HR-4xx   an input cannot be read
    ├── LogError         HR-5xx   the durable log
    ├── EngineError      HR-6xx   the engine and its state
    ├── LakeError        HR-7xx   history
    ├── NodeError        HR-8xx   the running node: data directory, ports, disk
    ├── AccessDenied     HR-9xx   the gate said no
    └── DesignError      HR-0xx   no design can be made

Every message answers four questions: what happened, where (file, line, column), what state is left, and which command or
edit comes next.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True)
class Place:
    """Where something is wrong: a file, and within it a line and a column, both counted from 1."""

    path: Path
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None
    """The offending line, and a second line of carets under it, ready to print."""
    part: tuple[str | int, ...] = field(default=(), compare=False, repr=False)
    """The way to it within a YAML file, by keys and list positions: for a form, which has no lines."""

    def __str__(self) -> str:
        parts = [str(self.path)]
        if self.line is not None:
            parts.append(str(self.line))
            if self.column is not None:
                parts.append(str(self.column))
        return ":".join(parts)


class HeadraceError(Exception):
    """Root of every error that Headrace raises on purpose.

    Args:
        what: one sentence, what happened.
        code: stable identifier such as ``HR-201``; documented in ``docs/errors.md``.
        where: the place in the user's files, if there is one.
        state: what is left: nothing written, offsets kept, and so on.
        fix: the edit or the command that mends it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, code: str, where: Place | None = None, state: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.code = code
        self.where = where
        self.state = state
        self.fix = fix

    def __str__(self) -> str:
        lines = [f"{self.code}: {self.what}"]
        if self.where is not None:
            lines.append(f"  at    {self.where}")
            if self.where.excerpt:
                lines.extend(f"        {line}" for line in self.where.excerpt.splitlines())
        if self.state:
            lines.append(f"  state {self.state}")
        if self.fix:
            lines.append(f"  fix   {self.fix}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        """What another process needs to raise the same error."""
        return _made, (type(self), self.what, self.code, self.where, self.state, self.fix)

    def as_dict(self) -> dict[str, Any]:
        """The JSON shape that every door uses: ``{"error": {code, what, where, state, fix}}``."""
        where = None
        if self.where is not None:
            where = {
                "path": str(self.where.path),
                "line": self.where.line,
                "column": self.where.column,
                "excerpt": self.where.excerpt,
            }
        return {"error": {"code": self.code, "what": self.what, "where": where, "state": self.state, "fix": self.fix}}


def _made(kind: type[HeadraceError], what: str, code: str, where: Place | None, state: str, fix: str) -> HeadraceError:
    return kind(what, code=code, where=where, state=state, fix=fix)


class UsageError(HeadraceError):
    """The command line or the request is wrong."""

    exit_code = 2


class ProjectError(HeadraceError):
    """A project file does not say something that can be run."""


class SqlError(HeadraceError):
    """A model or a query is not a SELECT that can be run."""


class SourceError(HeadraceError):
    """An input cannot be read."""


class LogError(HeadraceError):
    """The durable log cannot take or give what was asked."""


class EngineError(HeadraceError):
    """The engine or its state failed."""


class LakeError(HeadraceError):
    """History cannot be written or read."""


class NodeError(HeadraceError):
    """The running node: its data directory, its port, its disk."""


class AccessDenied(HeadraceError):  # noqa: N818 - the word that every access log uses
    """The gate refused."""


class DesignError(HeadraceError):
    """Requirements that cannot all be met."""
