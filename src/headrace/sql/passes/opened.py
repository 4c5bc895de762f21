"""Joins in parentheses are written in a row, so that every table stands where names are looked for.

Those that come first are the same without their parentheses. The others keep a note of what they were, by which
``enclosed`` puts them together again once every column says its table.
"""

from __future__ import annotations

from sqlglot import exp

from headrace.errors import SqlError
from headrace.sql.catalog import Catalog
from headrace.sql.passes.relations import owner
from headrace.sql.text import SqlText

# In a join's notes: how many joins after it were in its parentheses. The last of those has two conditions, its own and that of the
# parentheses; NULL stands for none.
ENCLOSES = "encloses"


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
        wrapper.replace(table)
        if isinstance(around, exp.From):
            assert around.parent is not None
            around.parent.set("joins", [*joins, *(around.parent.args.get("joins") or ())])
        elif isinstance(around, exp.Subquery):
            table.set("joins", joins)
        elif joins:
            assert isinstance(around, exp.Join)
            _open(around, joins, catalog, text)
    return query


def _open(join: exp.Join, joins: list[exp.Join], catalog: Catalog, text: SqlText) -> None:
    """Put the joins that were in the parentheses behind the one with them."""
    if using := join.args.get("using"):
        raise SqlError(
            f"of the tables joined in parentheses, which one's {using[0].name!r} is meant by USING?",
            code="HR-306",
            where=text.of(using[0]),
            fix="compare with ON, naming the table",
        )
    _say_on(join.this, joins, catalog)
    last, around = joins[-1], join.parent
    assert around is not None
    own, outer = (exp.Paren(this=each.args.get("on") or exp.Null()) for each in (last, join))
    last.set("on", exp.And(this=own, expression=outer))
    join.set("on", None)
    join.meta[ENCLOSES] = len(joins)
    every = around.args["joins"]
    at = next(number for number, each in enumerate(every) if each is join)
    around.set("joins", [*every[: at + 1], *joins, *every[at + 1 :]])


def _say_on(first: exp.Expr, joins: list[exp.Join], catalog: Catalog) -> None:
    """USING in the parentheses says what it compares: what it merges is not seen outside them."""
    before = [first]
    for join in joins:
        equal = []
        for column in join.args.get("using") or ():
            of = owner(before, column.name, catalog)
            sides = (exp.column(column.copy(), table=side.alias_or_name) for side in (of, join.this))
            equal.append(exp.EQ(this=next(sides), expression=next(sides)))
        if equal:
            join.set("on", exp.and_(*equal))
            join.set("using", None)
        before.append(join.this)


def _say_select(values: exp.Table) -> None:
    """VALUES in parentheses with joins, which the parser takes to be a table, as the subquery that it is."""
    alias = values.args["alias"]
    rows = exp.Select(
        expressions=[exp.Star()],
        from_=exp.From(this=exp.Values(expressions=values.this.expressions, alias=alias.copy())),
    )
    named = exp.TableAlias(this=alias.this)
    values.replace(exp.Subquery(this=rows, alias=named, joins=values.args.get("joins")))
