"""What is left of a query when some deltas are known to be empty: parts of unions that cannot give a row are not run."""

from __future__ import annotations

from collections.abc import Iterator, Set

from sqlglot import exp

DELTA = "delta"


def deltas(query: exp.Expr) -> frozenset[str]:
    """The names of the deltas that ``query`` reads."""
    return frozenset(table.name for table in query.find_all(exp.Table) if table.db == DELTA)


def pruned(query: exp.Query, empty: Set[str]) -> exp.Query | None:
    """``query`` without the parts that are empty because they read only from ``empty`` deltas; None when nothing is left.

    It knows the shapes that rules make. A query with common table expressions is one that a user wrote, over inputs that a rule
    bound to it: only the inputs are looked into.
    """
    return _pruned(query.copy(), empty) if empty else query


def _pruned(query: exp.Query, empty: Set[str]) -> exp.Query | None:
    """In place."""
    if isinstance(query, exp.Union) and not query.args.get("distinct"):
        return _union(query, empty)
    if isinstance(query, exp.Select):
        return _select(query, empty)
    return query


def _union(query: exp.Union, empty: Set[str]) -> exp.Query | None:
    left, right = _pruned(query.left, empty), _pruned(query.right, empty)
    if left is None or right is None:
        return left or right
    query.set("this", left)
    query.set("expression", right)
    return query


def _select(query: exp.Select, empty: Set[str]) -> exp.Query | None:
    if query.args.get("with_") is not None:
        return _bound(query, empty)
    nothing = False
    for place, needed in _sources(query):
        if isinstance(place, exp.Subquery):
            kept = _pruned(place.this, empty)
            if kept is not None:
                place.set("this", kept)
            nothing |= needed and kept is None
        elif isinstance(place, exp.Table):
            nothing |= needed and place.db == DELTA and place.name in empty
    return None if nothing and not _has_a_row_anyway(query) else query


def _bound(query: exp.Select, empty: Set[str]) -> exp.Select:
    for cte in query.args["with_"].expressions:
        body = _pruned(cte.this, empty)
        if body is not None:
            cte.set("this", body)
    return query


def _sources(select: exp.Select) -> Iterator[tuple[exp.Expr, bool]]:
    """What is read, and whether without a row of it there is none of the result."""
    start = select.args.get("from_")
    joins = select.args.get("joins") or []
    if start is not None:
        yield start.this, all(join.side in ("", "LEFT") for join in joins)
    for join in joins:
        yield join.this, not join.side and join.kind in ("", "INNER", "CROSS", "SEMI")


def _has_a_row_anyway(select: exp.Select) -> bool:
    """An aggregate without GROUP BY."""
    return select.args.get("group") is None and any(part.find(exp.AggFunc) for part in select.selects)
