"""SQL over weighted relations: the pieces that rules are made of.

A query that is put into another is not copied, and may so stand in several: none is changed once it is made, and reading goes
from the top down. Copying them took most of the time of compiling.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.nodes import Aggregate, Join, Node, Project, Recompute, Top, Window, cast, changed, column
from headrace.sql.program import WEIGHT


def columns(node: Node, table: str | None = None) -> list[exp.Expr]:
    return [column(name, table) for name in node.columns]


def weight(value: int | exp.Expr | None = None, table: str | None = None) -> exp.Expr:
    """The weight column: itself, or ``value`` under its name."""
    if value is None:
        return exp.column(WEIGHT, table=table)
    number = cast(exp.Literal.number(value), "TINYINT") if isinstance(value, int) else value
    return exp.alias_(number, WEIGHT, copy=False)


def sub(query: exp.Query, alias: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def delta_table(name: str) -> exp.Table:
    return exp.table_(name, db="delta", quoted=True)


def live_table(name: str) -> exp.Table:
    return exp.table_(name, db="live", quoted=True)


def state_table(name: str) -> exp.Table:
    return exp.table_(name, db="state", quoted=True)


def projected(node: Project, source: exp.Query) -> exp.Select:
    """``node`` over a weighted relation."""
    outputs = [exp.alias_(value, name, quoted=True) for name, value in node.outputs]
    query = exp.select(*outputs, weight()).from_(sub(source, "t"), copy=False)
    return query if node.where is None else query.where(node.where.copy(), copy=False)


def union_all(parts: Sequence[exp.Query]) -> exp.Query:
    first, *others = parts
    query = first
    for other in others:
        query = exp.Union(this=query, expression=other, distinct=False)
    return query


def net(query: exp.Query, names: Sequence[str]) -> exp.Select:
    """``query`` with opposite weights of the same row cancelled; copies stay separate rows."""
    kept = [column(name) for name in names]
    total = exp.Sum(this=cast(weight(), "BIGINT"))
    folded = (
        exp.select(*kept, exp.alias_(total, "__n"))
        .from_(sub(query, "t"), copy=False)
        .group_by(*(k.copy() for k in kept), copy=False)
    )
    folded = folded.having(exp.NEQ(this=total.copy(), expression=exp.Literal.number(0)), copy=False)
    return unfold(folded, names)


def semi_join(query: exp.Select, other: exp.Expr, on: exp.Expr) -> exp.Select:
    """Only the rows of ``query`` that have a match. Not EXISTS, which the engine runs several times slower where NULLs match."""
    joins = query.args.get("joins") or []
    return changed(query, joins=[*joins, exp.Join(this=other, kind="SEMI", on=on)])


def unfold(folded: exp.Query, names: Sequence[str]) -> exp.Select:
    """Rows with a count ``__n`` (its sign is the weight) as that many rows of weight +1 or -1."""
    count = exp.column("__n")
    copies = exp.Anonymous(
        this="unnest",
        expressions=[exp.Anonymous(this="range", expressions=[cast(exp.Abs(this=count), "BIGINT")])],
    )
    sign = cast(exp.Sign(this=count), "TINYINT")
    inner = exp.select(*(column(n) for n in names), weight(sign), exp.alias_(copies, "__nth", copy=False)).from_(
        sub(folded, "f"), copy=False
    )
    return exp.select(*(column(n) for n in names), weight()).from_(sub(inner, "u"), copy=False)


def bag(query: exp.Query, names: Sequence[str], *, append_only: bool) -> exp.Select:
    """The rows of a weighted relation as a plain bag, without ``__w``."""
    source = query if append_only else net(query, names)
    return exp.select(*(column(name) for name in names)).from_(sub(source, "b"), copy=False)


def small(node: Node) -> bool:
    """Whether the rows are the result of grouping, which is small beside what it groups."""
    match node:
        case Aggregate():
            return True
        case Project() | Window() | Top():
            return small(node.child)
        case Join():
            return small(node.left)
        case Recompute():
            return all(small(child) for child in node.inputs[:1])
        case _:
            return False
