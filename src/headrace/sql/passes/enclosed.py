"""Joins in parentheses that another table is joined with become a subquery, which names what is read of them."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText


def enclosed(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT u.a AS a FROM t AS t LEFT JOIN (u AS u JOIN v AS v ON u.k = v.k) ON u.i = t.i
        ->  SELECT _joined_1."u.a" AS a FROM t AS t
            LEFT JOIN (SELECT u.a AS "u.a", u.i AS "u.i" FROM u AS u JOIN v AS v ON u.k = v.k) AS _joined_1 ON _joined_1."u.i" = t.i
    """
    wrappers = [
        s
        for s in query.find_all(exp.Subquery)
        if isinstance(s.this, exp.Table | exp.Subquery) and s.this.args.get("joins")
    ]
    for number, wrapper in enumerate(reversed(wrappers), start=1):
        _enclose(wrapper, f"_joined_{number}")
    return query


def _enclose(wrapper: exp.Subquery, name: str) -> None:
    table = wrapper.this
    joins = table.args["joins"]
    table.set("joins", None)
    inside = {source.alias_or_name for source in (table, *(join.this for join in joins))}
    select = wrapper.find_ancestor(exp.Select)
    assert select is not None
    wrapper.set("this", exp.Select(from_=exp.From(this=table), joins=joins))
    within = {id(column) for column in wrapper.find_all(exp.Column)}
    outside = [c for c in select.find_all(exp.Column) if c.table in inside and id(c) not in within]
    read = dict.fromkeys((column.table, column.name) for column in outside)
    columns = [
        exp.alias_(exp.column(_quoted(column), table=_quoted(of)), f"{of}.{column}", quoted=True) for of, column in read
    ]
    wrapper.this.set("expressions", columns or [exp.alias_(exp.Literal.number(1), "_", quoted=True)])
    wrapper.set("alias", exp.TableAlias(this=_quoted(name)))
    for column in outside:
        column.set("this", _quoted(f"{column.table}.{column.name}"))
        column.set("table", _quoted(name))


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
