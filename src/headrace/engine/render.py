"""Delta programs and admitted queries as DuckDB SQL text."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from headrace.sql import shadowed
from headrace.sql.program import WHOLE
from headrace.sql.prune import DELTA

Place = Callable[[str], exp.Table | None]
"""Where a relation is to be read, by its name; None leaves it as it is."""

Replace = Callable[[exp.Expr, exp.Expr | None], exp.Expr | None]
"""What comes in place of a node, given the one above it; None: its copy."""

NOW, PREVIOUS = "now", "previous"


def render(query: exp.Expr, place: Place | None = None, *, prepared: bool = False) -> str:
    """``query`` as text; ``delta.X`` is a temporary table, ``state.X`` and ``live.X`` are tables.

    Args:
        prepared: ``:now`` is a parameter of a prepared statement, not a variable.
    """

    def replaced(node: exp.Expr, _parent: exp.Expr | None) -> exp.Expr | None:
        if isinstance(node, exp.Placeholder):
            return timed(node.name) if prepared else _variable(node.name)
        return placed(node, place) if isinstance(node, exp.Table) else None

    return generated(copied(query, replaced))


def generated(tree: exp.Expr) -> str:
    """The text of a tree that nobody else has: generating it may change it.

    The tree is asked, not a generator: an admitted query is written by the gate's dialect alone.
    """
    return tree.sql("duckdb", comments=False, copy=False)


def copied(root: exp.Expr, replaced: Replace) -> exp.Expr:
    """A copy of a tree with some of its nodes replaced; those that come in their place are taken as they are."""
    made = replaced(root, None) or _bare(root)
    stack = [(root, made)] if type(made) is type(root) else []
    while stack:
        node, copy = stack.pop()
        for key, value in node.args.items():
            if isinstance(value, exp.Expr):
                copy.set(key, _below(value, node, replaced, stack))
            elif isinstance(value, list):
                copy.args[key] = []
                for item in value:
                    copy.append(key, _below(item, node, replaced, stack) if isinstance(item, exp.Expr) else item)
            else:
                copy.args[key] = value
    return made


def _below(node: exp.Expr, parent: exp.Expr, replaced: Replace, stack: list[tuple[exp.Expr, exp.Expr]]) -> exp.Expr:
    found = replaced(node, parent)
    if found is not None:
        return found
    stack.append((node, copy := _bare(node)))
    return copy


def _bare(node: exp.Expr) -> exp.Expr:
    made = node.__class__()
    made._type = node._type
    if node._meta is not None:
        made.meta.update(node._meta)
    return made


def placed(table: exp.Table, place: Place | None = None) -> exp.Table | None:
    """What stands in the engine for a table of a query; None: the same."""
    if not isinstance(table.this, exp.Identifier):
        return None
    target: exp.Table | None = None
    if table.db == DELTA:
        target = exp.table_(delta_name(table.name), quoted=True)
    elif table.db == WHOLE:
        target = (place(table.name) if place is not None else None) or exp.table_(table.name, quoted=True)
    elif not table.db and place is not None and not shadowed(table):
        target = place(table.name)
    return None if target is None else _moved(table, target)


def _variable(name: str) -> exp.Expr:
    return exp.Anonymous(this="getvariable", expressions=[exp.Literal.string(name)])


def parameter(name: str) -> str:
    """A logical time as it stands in the text of a prepared statement."""
    return timed(name).sql("duckdb")


def timed(name: str) -> exp.Expr:
    """A logical time in a prepared statement."""
    return exp.cast(exp.Parameter(this=exp.Var(this=name)), "TIMESTAMPTZ", dialect="duckdb")


def _moved(table: exp.Table, target: exp.Table) -> exp.Table:
    """``target`` in place of ``table``, under the same alias, pivoted as it is."""
    moved = table.copy()
    for part in ("this", "db", "catalog"):
        found = target.args.get(part)
        moved.set(part, found.copy() if found is not None else None)
    return moved


def delta_name(name: str) -> str:
    """A temporary table's name; the dot keeps it apart from any name a user can give."""
    return f"delta.{name}"


def quoted(*names: str) -> str:
    """A quoted, dotted name."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """A text in quotes."""
    return "'" + text.replace("'", "''") + "'"


def listed(names: list[str] | tuple[str, ...], prefix: str = "") -> str:
    """Quoted columns, comma-separated."""
    return ", ".join(f"{prefix}{quoted(name)}" for name in names)
