"""Delta programs and admitted queries as DuckDB SQL text."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from headrace.sql import shadowed
from headrace.sql.program import WHOLE

Place = Callable[[str], exp.Table | None]
"""Where a relation is to be read, by its name; None leaves it as it is."""

NOW, PREVIOUS = "now", "previous"


def render(query: exp.Expr, place: Place | None = None, *, prepared: bool = False) -> str:
    """``query`` as text; ``delta.X`` is a temporary table, ``state.X`` and ``live.X`` are tables.

    Args:
        prepared: ``:now`` is a parameter of a prepared statement, not a variable.
    """
    return query.transform(lambda node: _placed(node, place, prepared)).sql("duckdb", comments=False, copy=False)


def _placed(node: exp.Expr, place: Place | None, prepared: bool) -> exp.Expr:
    if isinstance(node, exp.Placeholder):
        if prepared:
            return _parameter(node.name)
        return exp.Anonymous(this="getvariable", expressions=[exp.Literal.string(node.name)])
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        if node.db == "delta":
            return _moved(node, exp.table_(delta_name(node.name), quoted=True))
        if node.db == WHOLE:
            return _moved(node, (place(node.name) if place is not None else None) or exp.table_(node.name, quoted=True))
        if not node.db and place is not None and not shadowed(node):
            target = place(node.name)
            return node if target is None else _moved(node, target)
    return node


def parameter(name: str) -> str:
    """A logical time as it stands in the text of a prepared statement."""
    return _parameter(name).sql("duckdb")


def _parameter(name: str) -> exp.Expr:
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


def listed(names: list[str] | tuple[str, ...], prefix: str = "") -> str:
    """Quoted columns, comma-separated."""
    return ", ".join(f"{prefix}{quoted(name)}" for name in names)
