"""Joins that were in parentheses, and that another table is joined with, become a subquery that names what is read of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.passes.opened import ENCLOSES
from headrace.sql.text import SqlText


def enclosed(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT u.a AS a FROM t AS t LEFT JOIN u AS u JOIN v AS v ON (u.k = v.k) AND (u.i = t.i)    -- with its note
        ->  SELECT _joined_1."u.a" AS a FROM t AS t
            LEFT JOIN (SELECT u.a AS "u.a", u.i AS "u.i" FROM u AS u JOIN v AS v ON u.k = v.k) AS _joined_1 ON _joined_1."u.i" = t.i
    """
    numbers = count(1)
    for select in query.find_all(exp.Select):
        if joins := select.args.get("joins"):
            select.set("joins", _together(joins, select, numbers))
    return query


def _together(joins: Sequence[exp.Join], select: exp.Select, numbers: Iterator[int]) -> list[exp.Join]:
    found: list[exp.Join] = []
    rest = list(joins)
    while rest:
        join = rest.pop(0)
        found.append(join)
        if size := join.meta.pop(ENCLOSES, 0):
            inside, rest = rest[:size], rest[size:]
            both = inside[-1].args["on"]
            for each, condition in ((inside[-1], both.this.this), (join, both.expression.this)):
                each.set("on", None if isinstance(condition, exp.Null) else condition)
            _enclose(join, _together(inside, select, numbers), select, f"_joined_{next(numbers)}")
    return found


def _enclose(join: exp.Join, joins: list[exp.Join], select: exp.Select, name: str) -> None:
    table = join.this
    inside = {source.alias_or_name for source in (table, *(each.this for each in joins))}
    rows = exp.Select(from_=exp.From(this=table.copy()), joins=joins)
    join.set("this", exp.Subquery(this=rows, alias=exp.TableAlias(this=_quoted(name))))
    within = {id(column) for column in rows.find_all(exp.Column)}
    outside = [c for c in select.find_all(exp.Column) if c.table in inside and id(c) not in within]
    read = dict.fromkeys((column.table, column.name) for column in outside)
    columns = [
        exp.alias_(exp.column(_quoted(column), table=_quoted(of)), f"{of}.{column}", quoted=True) for of, column in read
    ]
    rows.set("expressions", columns or [exp.alias_(exp.Literal.number(1), "_", quoted=True)])
    for column in outside:
        column.set("this", _quoted(f"{column.table}.{column.name}"))
        column.set("table", _quoted(name))


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
