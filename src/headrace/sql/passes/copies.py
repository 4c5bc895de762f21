"""Rows that are equal in every column are numbered, where two windows with different orders would each number them in their own way."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.functions import has_aggregate
from headrace.sql.passes.relations import columns_of
from headrace.sql.passes.settle import peer_safe
from headrace.sql.passes.unshadow import tables
from headrace.sql.text import SqlText

ROWS, COPY = "__rows", "__copy"


def copies(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT LAG(t.x) OVER (ORDER BY t.x) AS a, LAG(t.x) OVER (ORDER BY t.y) AS b FROM t
        ->  SELECT LAG(r.x) OVER (ORDER BY r.x, r.copy) AS a, LAG(r.x) OVER (ORDER BY r.y, r.copy) AS b
            FROM (SELECT t.x, t.y, ROW_NUMBER() OVER (PARTITION BY t.x, t.y) AS copy FROM t) AS r
    """
    for select in list(query.find_all(exp.Select)):
        found = [w for w in select.find_all(exp.Window) if w.find_ancestor(exp.Select) is select and not peer_safe(w)]
        orders = {(tuple(w.args.get("partition_by") or ()), w.args.get("order")) for w in found}
        if len(orders) > 1 and not _groups(select, catalog):
            _number(select, found, catalog)
    return query


def _groups(select: exp.Select, catalog: Catalog) -> bool:
    return bool(select.args.get("group")) or any(has_aggregate(s, catalog.oracle) for s in select.selects)


def _number(select: exp.Select, windows: list[exp.Window], catalog: Catalog) -> None:
    aliases = {source.alias_or_name for source in tables(select)}
    within = [select.args.get(clause) for clause in ("from_", "where")]
    joins = select.args.get("joins") or []
    inner_parts = [*(part for part in within if part is not None), *joins]
    kept = {id(c) for part in inner_parts for c in part.find_all(exp.Column)}
    used = [c for c in select.find_all(exp.Column) if c.table in aliases and id(c) not in kept]
    names = list(dict.fromkeys((c.table, c.name) for c in used))
    known = {(s.alias_or_name, c) for s in tables(select) for c in columns_of(s, select, catalog)}
    if not names or not set(names) <= known:
        return
    rows = [exp.column(exp.to_identifier(c, quoted=True), table=exp.to_identifier(t, quoted=True)) for t, c in names]
    number = exp.Window(this=exp.RowNumber(), partition_by=[r.copy() for r in rows])
    inner = exp.Select(
        expressions=[
            *(exp.alias_(r, f"{t}.{c}", quoted=True) for r, (t, c) in zip(rows, names, strict=True)),
            exp.alias_(number, COPY, quoted=True),
        ]
    )
    for clause in ("from_", "where", "joins"):
        inner.set(clause, select.args.get(clause))
        select.set(clause, None)
    for column in used:
        column.replace(_of_row(f"{column.table}.{column.name}"))
    for window in windows:
        order = window.args.get("order") or exp.Order(expressions=[])
        order.append("expressions", exp.Ordered(this=_of_row(COPY)))
        window.set("order", order)
    alias = exp.TableAlias(this=exp.to_identifier(ROWS, quoted=True))
    select.set("from_", exp.From(this=exp.Subquery(this=inner, alias=alias)))


def _of_row(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(ROWS, quoted=True))
