"""Queries: what they read, and their clauses.

| DuckDB | Spark | |
| --- | --- | --- |
| `"a.b"` | `` `a.b` `` | every name is quoted |
| `ORDER BY x [DESC]` | `… NULLS LAST` | always said: in Spark NULL is the smallest |
| `QUALIFY` | a SELECT around it | |
| `SEMI JOIN`, `ANTI JOIN` | the same | |
| `range(a, b) AS t(x)`, `VALUES …` in FROM | the same | literal numbers; `generate_series` alike; each value of its column's type |
| `SELECT unnest(range(n))` | `explode(sequence(0, n - 1))` | one in a SELECT; `generate_series` alike |
| `UNION`, `INTERSECT`, `EXCEPT`, each with ALL | the same, of one type | sides are first made what DuckDB makes of them |

Refused: NATURAL and USING joins, recursive queries, GROUPING SETS, PIVOT, DISTINCT ON,
LIMIT of a share, table functions of what is not written out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark import casts, compare, laterals, subqueries
from headrace.engine.spark.kinds import NESTED, parsed, same
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.times import series
from headrace.engine.spark.trees import Rules, again, call, named, number

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

KINDS = ("delta", "state", "live", "all")
_CLAUSES = {
    "expressions",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "qualify",
    "order",
    "limit",
    "offset",
    "distinct",
    "with_",
    "kind",
}
_MET = "__met"


def view_name(kind: str, name: str) -> str:
    """The view that ``kind.name`` is read from; the dot keeps it apart from any name a user can give."""
    return f"{kind}.{name}"


def _only(node: exp.Expr, *known: str) -> None:
    """Refuse what has a part that nothing here writes."""
    for name, value in node.args.items():
        if name not in known and value not in (None, False, [], ""):
            raise Unfaithful(f"{name.rstrip('_').upper().replace('_', ' ')} in {node.sql('duckdb')[:60]}")


def _select(node: exp.Expr, write: Writer) -> exp.Expr:
    _only(node, *_CLAUSES)
    assert isinstance(node, exp.Select)
    made = exp.Select(expressions=[_shown(value, write) for value in node.expressions])
    if sum(isinstance(value.unalias(), exp.Explode) for value in node.expressions) > 1:
        raise Unfaithful("more than one unnest in a SELECT")
    for part in _CLAUSES - {"expressions", "qualify", "kind"}:
        held = node.args.get(part)
        if held is not None:
            made.set(part, [write(one) for one in held] if isinstance(held, list) else write(held))
    qualify = node.args.get("qualify")
    return made if qualify is None else _qualified(node, made, qualify.this, write)


def _shown(value: exp.Expr, write: Writer) -> exp.Expr:
    """A column of the result, which alone may make several rows of one."""
    inner = value.unalias()
    if not isinstance(inner, exp.Explode):
        return write(value)
    made = exp.Anonymous(this="explode", expressions=[_listed(inner, write)])
    return made if inner is value else exp.alias_(made, value.alias, quoted=True)


def _listed(unnest: exp.Expr, write: Writer) -> exp.Expr:
    if unnest.expressions or not isinstance(unnest.this, exp.GenerateSeries):
        raise Unfaithful(unnest.sql("duckdb"))
    return series(unnest.this, write)


def _qualified(node: exp.Select, inner: exp.Select, condition: exp.Expr, write: Writer) -> exp.Expr:
    """The condition as a column, and a SELECT around it of the rows that meet it."""
    if (
        node.args.get("limit") is not None
        or node.args.get("distinct") is not None
        or node.args.get("order") is not None
    ):
        raise Unfaithful("QUALIFY with DISTINCT, ORDER BY or LIMIT")
    if any(not value.alias_or_name or value.is_star for value in node.expressions):
        raise Unfaithful("QUALIFY in a SELECT with columns that have no name")
    shown = {value.alias.lower(): value.unalias() for value in node.expressions if isinstance(value, exp.Alias)}

    def spelt(part: exp.Expr) -> exp.Expr:
        if not isinstance(part, exp.Column) or part.table or part.name.lower() not in shown:
            return part
        found = shown[part.name.lower()]
        if write.reads(node, part) and not (isinstance(found, exp.Column) and found.name.lower() == part.name.lower()):
            raise Unfaithful(f"{part.name}, which is two columns in {node.sql('duckdb')[:60]},")
        return found

    met = _written(condition, spelt, write)
    inner.append("expressions", exp.alias_(met, _MET, quoted=True))
    names = [exp.column(named(value.alias_or_name)) for value in node.expressions]
    outside = exp.Select(expressions=names)
    with_ = inner.args.pop("with_", None)
    if with_ is not None:
        outside.set("with_", with_)
    rows = exp.Subquery(this=inner, alias=exp.TableAlias(this=named("__rows")))
    return outside.from_(rows, copy=False).where(exp.column(named(_MET)), copy=False)


def _written(condition: exp.Expr, spelt: Callable[[exp.Expr], exp.Expr], write: Writer) -> exp.Expr:
    """A condition with the columns that its SELECT makes written out."""
    found = spelt(condition)
    if found is not condition:
        return exp.paren(write(found))
    if isinstance(
        condition, exp.And | exp.Or | exp.Not | exp.Paren | exp.LTE | exp.LT | exp.GTE | exp.GT | exp.EQ | exp.NEQ
    ):
        return again(condition, lambda part: _written(part, spelt, write))
    return write(condition)


def _table(node: exp.Expr, write: Writer) -> exp.Expr:
    _only(node, "this", "db", "alias")
    assert isinstance(node, exp.Table)
    if isinstance(node.this, exp.GenerateSeries):
        return _numbers(node, write)
    if not isinstance(node.this, exp.Identifier) or (node.db and node.db not in KINDS):
        raise Unfaithful(f"the table function {node.sql('duckdb')}")
    name = view_name(node.db, node.name) if node.db else node.name
    return exp.Table(this=named(name), alias=_alias(node.args.get("alias") or (node.db and node.name) or None))


def _numbers(node: exp.Table, write: Writer) -> exp.Expr:
    """Numbers from one to another, as a table."""
    given = node.this
    ends = [given.args.get("start"), given.args["end"]]
    if given.args.get("step") is not None or not all(isinstance(end, exp.Literal) and end.is_int for end in ends):
        raise Unfaithful(f"the table function {node.sql('duckdb')}")
    first, last = (int(end.name) for end in ends)
    own, stop = ("range", last) if given.args.get("is_end_exclusive") else ("generate_series", last + 1)
    ((column, _),) = write.columns(exp.select("*").from_(node.copy()))
    alias = exp.TableAlias(this=named(node.alias_or_name or own), columns=[named(column)])
    return exp.Table(this=call("range", number(first), number(stop)), alias=alias)


def _values(node: exp.Expr, write: Writer) -> exp.Expr:
    """Rows that are written out, each value of its column's type."""
    _only(node, "expressions", "alias")
    kinds = [parsed(kind) for _, kind in write.columns(exp.select("*").from_(node.copy()))]
    rows = [
        exp.Tuple(expressions=[write.as_kind(value, kind) for value, kind in zip(row.expressions, kinds, strict=True)])
        for row in node.expressions
    ]
    return exp.Values(expressions=rows, alias=_alias(node.args.get("alias")))


def _alias(alias: exp.Expr | str | None) -> exp.Expr | None:
    """A view goes by the name of its relation, as a table in a schema does."""
    if alias is None or isinstance(alias, str):
        return None if alias is None else exp.TableAlias(this=named(alias))
    _only(alias, "this", "columns")
    columns = [named(column.name) for column in alias.args.get("columns") or []]
    return exp.TableAlias(this=named(alias.name), columns=columns)


def _alias_rule(node: exp.Expr, _: Writer) -> exp.Expr:
    return _alias(node) or node


def _subquery(node: exp.Expr, write: Writer) -> exp.Expr:
    assert isinstance(node, exp.Subquery)
    if subqueries.is_scalar(node):
        return subqueries.scalar(node, write)
    _only(node, "this", "alias")
    return again(node, write)


def _join(node: exp.Expr, write: Writer) -> exp.Expr:
    if isinstance(node, exp.Join) and node.method == "ASOF":
        _only(node, "this", "on", "side", "kind", "method")
        return laterals.nearest(node, write)
    _only(node, "this", "on", "side", "kind")
    return again(node, write)


def _group(node: exp.Expr, write: Writer) -> exp.Expr:
    _only(node, "expressions")
    return again(node, write)


def _ordered_by(node: exp.Expr, write: Writer) -> exp.Expr:
    return exp.Order(expressions=[_ordered(value, write) for value in node.expressions])


def _ordered(node: exp.Expr, write: Writer) -> exp.Expr:
    """With the place of NULL always said."""
    value, down, first = node, False, False
    if isinstance(node, exp.Ordered):
        _only(node, "this", "desc", "nulls_first")
        value, down, first = node.this, bool(node.args.get("desc")), bool(node.args.get("nulls_first"))
    written, kind = _output(node, value, write) or (write(value), write.told(value))
    if kind is not None and kind.this in NESTED:
        written = compare.order_key(written, kind)
    text = f"{written.sql('spark')} {'DESC' if down else 'ASC'} NULLS {'FIRST' if first else 'LAST'}"
    return exp.Var(this=text)


def _output(node: exp.Expr, value: exp.Expr, write: Writer) -> tuple[exp.Expr, exp.DataType] | None:
    """The output column that a number in ORDER BY stands for, and its type, where Spark would order it in another way."""
    order = node.parent if isinstance(node, exp.Ordered) else node
    query = order.parent if isinstance(order, exp.Order) else None
    if not isinstance(query, exp.Query) or not (isinstance(value, exp.Literal) and value.is_int):
        return None
    name, text = write.columns(query)[int(value.name) - 1]
    kind = parsed(text)
    return (exp.column(named(name)), kind) if kind.this in NESTED else None


def _operation(node: exp.Expr, write: Writer) -> exp.Expr:
    """UNION and its like, with both sides of the types that DuckDB makes of them."""
    _only(node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
    assert isinstance(node, exp.SetOperation)
    kinds = [parsed(kind) for _, kind in write.columns(node)]
    made = type(node)(distinct=bool(node.args.get("distinct")))
    for side in ("this", "expression"):
        made.set(side, _side(node.args[side], kinds, write))
    for part in ("order", "limit", "offset", "with_"):
        if node.args.get(part) is not None:
            made.set(part, write(node.args[part]))
    return made


def _side(side: exp.Query, kinds: list[exp.DataType], write: Writer) -> exp.Expr:
    columns = write.columns(side)
    written = write(side)
    if all(same(parsed(kind), wanted) for (_, kind), wanted in zip(columns, kinds, strict=True)):
        return written
    names = [f"c{i}" for i in range(len(columns))]
    cast = [
        exp.alias_(casts.convert(exp.column(named(short)), parsed(kind), wanted), name, quoted=True)
        for short, (name, kind), wanted in zip(names, columns, kinds, strict=True)
    ]
    alias = exp.TableAlias(this=named("__side"), columns=[named(short) for short in names])
    return exp.select(*cast).from_(exp.Subquery(this=written, alias=alias), copy=False)


def _with(node: exp.Expr, write: Writer) -> exp.Expr:
    _only(node, "expressions")
    return again(node, write)


def _cte(node: exp.Expr, write: Writer) -> exp.Expr:
    # MATERIALIZED is a hint.
    _only(node, "this", "alias", "materialized")
    return exp.CTE(this=write(node.this), alias=_alias(node.args["alias"]))


def _distinct(node: exp.Expr, _: Writer) -> exp.Expr:
    _only(node)
    return exp.Distinct()


def _limit(node: exp.Expr, _: Writer) -> exp.Expr:
    _only(node, "expression")
    if not (isinstance(node.expression, exp.Literal) and node.expression.is_int):
        raise Unfaithful(node.sql("duckdb"))
    return type(node)(expression=node.expression.copy())


def _column(node: exp.Expr, write: Writer) -> exp.Expr:
    if isinstance(node.this, exp.Star):
        return again(node, write)
    _only(node, "this", "table")
    assert isinstance(node, exp.Column)
    return exp.Column(this=named(node.name), table=named(node.table) if node.table else None)


def _star(node: exp.Expr, _: Writer) -> exp.Expr:
    _only(node)
    return exp.Star()


def _named_value(node: exp.Expr, write: Writer) -> exp.Expr:
    return exp.Alias(this=write(node.this), alias=named(node.alias))


def _name(node: exp.Expr, _: Writer) -> exp.Expr:
    return named(node.name)


def _condition(node: exp.Expr, write: Writer) -> exp.Expr:
    return type(node)(this=write.condition(node.this))


def _copied(node: exp.Expr, write: Writer) -> exp.Expr:
    return again(node, write)


RULES: Rules = {
    exp.Select: _select,
    exp.Subquery: _subquery,
    exp.Table: _table,
    exp.Values: _values,
    exp.TableAlias: _alias_rule,
    exp.Join: _join,
    exp.Lateral: laterals.lateral,
    exp.Group: _group,
    exp.Order: _ordered_by,
    **dict.fromkeys((exp.Union, exp.Intersect, exp.Except), _operation),
    exp.With: _with,
    exp.CTE: _cte,
    exp.Distinct: _distinct,
    exp.Limit: _limit,
    exp.Offset: _limit,
    exp.Column: _column,
    exp.Star: _star,
    exp.Alias: _named_value,
    exp.Identifier: _name,
    exp.From: _copied,
    **dict.fromkeys((exp.Where, exp.Having), _condition),
}
