"""Rows that are compared get names for their values: DuckDB compares rows without names, but keeps them in no table."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText

COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def named_rows(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT x FROM a WHERE (k, n) = (m, 1)
        ->  SELECT x FROM a WHERE {'v0': k, 'v1': n} = {'v0': m, 'v1': 1}
    """
    for node in list(query.find_all(*COMPARISONS, exp.In, exp.Window, exp.Ordered)):
        rows = _compared(node)
        if len({len(row.expressions) for row in rows}) == 1:
            for row in rows:
                row.replace(_named(row))
    return query


def _compared(node: exp.Expr) -> list[exp.Expr]:
    """The rows that ``node`` compares with each other; none when one of them has names of its own, or is a query."""
    if isinstance(node, exp.Window):
        return [part for part in node.args.get("partition_by") or () if _is_row(part)][:1]
    if isinstance(node, exp.Ordered):
        return [node.this] if _is_row(node.this) else []
    if isinstance(node, exp.In):
        compared = [] if node.args.get("query") else [node.this, *node.expressions]
    else:
        compared = [node.this, node.expression]
    return compared if all(_is_row(part) for part in compared) else []


def _is_row(value: exp.Expr) -> bool:
    return isinstance(value, exp.Tuple) or (isinstance(value, exp.Anonymous) and value.name.lower() == "row")


def _named(row: exp.Expr) -> exp.Struct:
    pairs = enumerate(row.expressions)
    return exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(f"v{i}"), expression=v.copy()) for i, v in pairs]
    )
