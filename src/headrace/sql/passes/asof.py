"""The right side of an ASOF JOIN has one row for each key and time: of rows that tie, the smallest by all columns.

A time that is NULL is nearest to nothing. DuckDB 1.5 takes a NULL on the left for later than every time, in some of its plans
and not in others, so such a row is given no key, and the right side's rows without a time are left out.
"""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.functions import conjuncts
from headrace.sql.passes.relations import columns_of
from headrace.sql.text import SqlText


def asof(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        FROM a ASOF JOIN b ON a.k = b.k AND a.t >= b.t
        ->  FROM a ASOF JOIN (SELECT b.k, b.t, b.x FROM b WHERE NOT b.t IS NULL
                              QUALIFY ROW_NUMBER() OVER (PARTITION BY b.k, b.t ORDER BY b.k, b.t, b.x) = 1) AS b
            ON CASE WHEN NOT a.t IS NULL THEN a.k END = b.k AND a.t >= b.t
    """
    for select in list(query.find_all(exp.Select)):
        for join in select.args.get("joins") or ():
            if join.method == "ASOF":
                _settle(join, select, catalog)
    return query


def _settle(join: exp.Join, select: exp.Select, catalog: Catalog) -> None:
    right = join.this
    name = right.alias_or_name
    columns = columns_of(right, select, catalog)
    by = [side for part in conjuncts(join.args.get("on")) if (side := _side(part, name)) is not None]
    if not columns or not by:
        return
    every = [exp.column(exp.to_identifier(c, quoted=True), table=exp.to_identifier(name, quoted=True)) for c in columns]
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[side.copy() for side in by],
        order=exp.Order(expressions=[exp.Ordered(this=c.copy()) for c in every]),
    )
    one = exp.select(*(exp.alias_(c.copy(), c.name, quoted=True) for c in every)).from_(right.copy())
    times = [part for part in conjuncts(join.args.get("on")) if isinstance(part, exp.GT | exp.GTE | exp.LT | exp.LTE)]
    if len(times) == 1:
        _timed(join, times[0], one, name)
    one.set("qualify", exp.Qualify(this=exp.EQ(this=rank, expression=exp.Literal.number(1))))
    join.set("this", exp.Subquery(this=one, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True))))


def _timed(join: exp.Join, time: exp.Expr, right: exp.Select, name: str) -> None:
    """No row without a time on the right, no key for a row without one on the left."""
    theirs = _side(time, name)
    if theirs is None:
        return
    mine = time.expression if theirs is time.this else time.this
    right.where(theirs.is_(exp.null()).not_(), copy=False)
    for part in conjuncts(join.args.get("on")):
        key = _side(part, name) if isinstance(part, exp.EQ | exp.NullSafeEQ) else None
        if key is not None:
            place = "expression" if key is part.this else "this"
            known = exp.Case().when(mine.is_(exp.null()).not_(), part.args[place].copy())
            part.set(place, known)
            return


def _side(part: exp.Expr, name: str) -> exp.Expr | None:
    """The side of a comparison that is about the right table alone."""
    if not isinstance(part, exp.Binary):
        return None
    for side in (part.this, part.expression):
        tables = {c.table for c in side.find_all(exp.Column)}
        if tables == {name}:
            found: exp.Expr = side
            return found
    return None
