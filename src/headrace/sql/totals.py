"""A subquery that is one expression over aggregates: its rows are grouped by what ties them to the rows outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from headrace.sql.catalog import Oracle
from headrace.sql.functions import aggregates, has_subquery, mentions_time
from headrace.sql.nodes import Node, column
from headrace.sql.ties import INSIDE, Correlated, is_outside, reads_outside, rows_inside, said_outside


def is_total(query: exp.Select, tied: Sequence[exp.Expr], oracle: Oracle) -> bool:
    """Whether it is one expression over aggregates of all rows inside, and reads nothing else."""
    clauses = ("group", "having", "qualify", "limit", "offset", "distinct", "order")
    if any(query.args.get(c) for c in clauses) or len(query.selects) != 1:
        return False
    calls = list(aggregates(query.selects[0], oracle))
    within = {id(c) for call in calls for c in call.find_all(exp.Column)}
    columns = list(query.selects[0].find_all(exp.Column))
    plain = not any(is_outside(c) for c in columns) and not has_subquery(query.selects[0])
    timely = any(mentions_time(part) for part in (*query.selects, *tied))
    return bool(calls) and plain and not timely and not reads_outside(query) and all(id(c) in within for c in columns)


def totals(
    query: exp.Select,
    tied: Sequence[exp.Expr],
    keys: Sequence[tuple[exp.Expr, exp.Expr]],
    own: Sequence[exp.Expr],
    oracle: Oracle,
    build: Callable[[exp.Query], Node],
) -> Correlated:
    """Aggregates of the rows inside that are tied to a row outside: grouped by what ties them, and looked up."""
    (item,) = query.selects
    calls = list(dict.fromkeys(call.copy() for call in aggregates(item.unalias(), oracle)))
    by = [inner for _, inner in keys]
    outputs = [
        *(exp.alias_(value.copy(), f"__k{i}", quoted=True) for i, value in enumerate(by)),
        *(exp.alias_(call.copy(), f"__a{i}", quoted=True) for i, call in enumerate(calls)),
    ]
    grouped = rows_inside(query, outputs, own)
    inside = build(grouped.group_by(*(value.copy() for value in by)))
    ties = [
        type(part)(this=column(f"__k{i}", INSIDE), expression=said_outside(outer))
        for i, (part, (outer, _)) in enumerate(zip(tied, keys, strict=True))
    ]

    def looked_up(node: exp.Expr) -> exp.Expr:
        if node not in calls:
            return node
        one = exp.select(column(f"__a{calls.index(node)}", INSIDE)).from_(INSIDE).where(*(t.copy() for t in ties))
        value = exp.Subquery(this=one)
        counts = isinstance(node.this if isinstance(node, exp.Filter) else node, exp.Count)
        return exp.func("COALESCE", value, exp.Literal.number(0)) if counts else value

    value = item.unalias().copy().transform(looked_up)
    return Correlated(
        exp.paren(value), inside, (tuple(k for k, _ in keys), tuple(column(f"__k{i}") for i in range(len(keys))))
    )
