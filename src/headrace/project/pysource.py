"""A Python file of the project: its text, its tree, and what its statements mean to one another."""

from __future__ import annotations

import ast
import linecache
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import Place, ProjectError
from headrace.project.problems import ProjectErrors, place_in

Def = ast.FunctionDef | ast.AsyncFunctionDef
_MAKES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class PySource:
    """A file that Python can read."""

    path: Path
    text: str
    tree: ast.Module

    def place(self, node: ast.AST) -> Place:
        """Where a node stands; of a function or a class, its name."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        length = (getattr(node, "end_col_offset", None) or 0) - column
        written = self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[line - 1 : line] or [""]
        if isinstance(node, Def | ast.ClassDef):
            column = written[0].find(node.name, column)
            length = len(node.name)
        else:
            column = len(written[0].encode()[:column].decode(errors="replace"))
        return place_in(self.path, self.text, line - 1, max(column, 0), max(length, 1))

    def functions(self) -> dict[str, list[Def]]:
        """The functions that stand in no other and in no class, by name; several where they stand under conditions."""
        found: dict[str, list[Def]] = {}
        for node in _outermost(self.tree):
            found.setdefault(node.name, []).append(node)
        return found

    def closure(self, name: str) -> str:
        """The statements of the file that can bear on what a function answers.

        Those that make a name which is used, directly or not; and those that act (calls, loops, conditions) instead of only making
        something, since they may act on anything.
        """
        statements = [s for s in self.tree.body if not _is_text(s)]
        names = [{*_named(s)} for s in statements]
        used = {name}
        chosen: set[int] = set()
        while fresh := {i for i, s in enumerate(statements) if i not in chosen and _bears(s, names[i], used)}:
            chosen |= fresh
            used |= {name for i in fresh for name in names[i]}
        return "\n".join(ast.unparse(s) for i, s in enumerate(statements) if i in chosen)


def read_python(path: Path, text: str) -> PySource:
    """Parse a file.

    Raises:
        ProjectErrors: HR-214 it is not Python; or it imports from files beside it, which are none of a package.
    """
    try:
        tree = ast.parse(text, str(path))
    except (SyntaxError, ValueError, RecursionError) as error:
        line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
        where = place_in(path, text, line - 1, column - 1)
        what = f"it is not Python: {getattr(error, 'msg', None) or error}"
        raise ProjectErrors([ProjectError(what, code="HR-214", where=where, fix="correct it at the mark")]) from error
    source = PySource(path, text, tree)
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    if relative:
        fix = "put what both use into this file, or into a package that is installed"
        what = "each file of functions stands alone: it cannot import those beside it"
        raise ProjectErrors([ProjectError(what, code="HR-214", where=source.place(n), fix=fix) for n in relative])
    return source


def raised_at(error: BaseException, path: Path) -> Place | None:
    """The innermost place in a file that an exception came through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if not frames:
        return None
    line = linecache.getline(str(path), frames[-1].lineno or 1).rstrip()
    end = frames[-1].end_colno if frames[-1].end_lineno == frames[-1].lineno else None
    before, marked = line.encode()[: frames[-1].colno or 0], line.encode()[frames[-1].colno or 0 : end]
    column = len(before.decode(errors="replace"))
    carets = "^" * max(len(marked.decode(errors="replace")), 1)
    return Place(path, frames[-1].lineno, column + 1, f"{line}\n{' ' * column}{carets}")


def _outermost(node: ast.AST) -> Iterator[Def]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Def):
            yield child
        elif not isinstance(child, ast.ClassDef | ast.Lambda):
            yield from _outermost(child)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _bears(statement: ast.stmt, names: set[str], used: set[str]) -> bool:
    if isinstance(statement, _MAKES):
        return bool({*_made(statement)} & (used | {"*"}))
    # Whether an assignment changes what it only mentions, nobody can tell: `_ = TABLE.update(…)`.
    return bool(names & used) if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) else True


def _made(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        # `import a.b` makes `a`; a star may make any name.
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
    elif isinstance(statement, Def | ast.ClassDef):
        yield statement.name


def _named(statement: ast.stmt) -> Iterator[str]:
    yield from _made(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Global):
            yield from node.names
