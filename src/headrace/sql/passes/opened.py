"""Joins in parentheses that come first are joined in the same order without them."""

from __future__ import annotations

from sqlglot import exp

from headrace.errors import SqlError
from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText


def opened(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT 1 FROM (t JOIN u USING (k)) LEFT JOIN v USING (k)  ->  SELECT 1 FROM t JOIN u USING (k) LEFT JOIN v USING (k)
    """
    for wrapper in reversed(list(query.find_all(exp.Subquery))):
        if isinstance(wrapper.this, exp.Table) and isinstance(wrapper.this.this, exp.Values):
            _say_select(wrapper.this)
        table, around = wrapper.this, wrapper.parent
        if wrapper.alias or not isinstance(table, exp.Table | exp.Subquery) or around is None:
            continue
        joins = [*(table.args.get("joins") or ()), *(wrapper.args.get("joins") or ())]
        table.set("joins", None)
        if isinstance(around, exp.From):
            assert around.parent is not None
            around.parent.set("joins", [*joins, *(around.parent.args.get("joins") or ())])
            wrapper.replace(table)
        elif isinstance(around, exp.Subquery):
            table.set("joins", joins)
            wrapper.replace(table)
        else:
            if joins and around.args.get("using"):
                column = around.args["using"][0]
                raise SqlError(
                    f"of the tables joined in parentheses, which one's {column.name!r} is meant by USING?",
                    code="HR-306",
                    where=text.of(column),
                    fix="compare with ON, naming the table",
                )
            table.set("joins", joins)
            _say_on(table, joins)
    return query


def _say_select(values: exp.Table) -> None:
    """VALUES in parentheses with joins, which the parser takes to be a table, as the subquery that it is."""
    alias = values.args["alias"]
    rows = exp.Select(
        expressions=[exp.Star()],
        from_=exp.From(this=exp.Values(expressions=values.this.expressions, alias=alias.copy())),
    )
    named = exp.TableAlias(this=alias.this)
    values.replace(exp.Subquery(this=rows, alias=named, joins=values.args.get("joins")))


def _say_on(first: exp.Expr, joins: list[exp.Join]) -> None:
    """USING of the first two tables in parentheses says what it compares, as what it merges is not seen outside them."""
    using = joins[0].args.get("using") if joins else None
    if not using:
        return
    sides = (first, joins[0].this)
    left, right = ([exp.column(c.copy(), table=side.alias_or_name) for c in using] for side in sides)
    joins[0].set("on", exp.and_(*[exp.EQ(this=one, expression=other) for one, other in zip(left, right, strict=True)]))
    joins[0].set("using", None)
