"""What is left of a query when some deltas are known to be empty: parts of unions that cannot give a row are not run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from sqlglot import exp

from headrace.sql.nodes import changed

DELTA = "delta"


def deltas(query: exp.Expr) -> frozenset[str]:
    """The names of the deltas that ``query`` reads."""
    return frozenset(table.name for table in query.find_all(exp.Table) if table.db == DELTA)


def pruned(query: exp.Query, empty: Set[str]) -> exp.Query | None:
    """``query`` without the parts that are empty because they read only from ``empty`` deltas; None when nothing is left.

    It knows the shapes that rules make. What a user wrote, over inputs that a rule bound to it as common table expressions, reads no
    delta itself.
    """
    return _pruned(query, empty) if empty else query


def _pruned(query: exp.Query, empty: Set[str]) -> exp.Query | None:
    """What is as it was is not copied."""
    if isinstance(query, exp.Union) and not query.args.get("distinct"):
        return _union(query, empty)
    if isinstance(query, exp.Select):
        return _select(query, empty)
    return query


def _union(query: exp.Union, empty: Set[str]) -> exp.Query | None:
    left, right = _pruned(query.left, empty), _pruned(query.right, empty)
    if left is None or right is None:
        return left or right
    same = left is query.left and right is query.right
    return query if same else changed(query, this=left, expression=right)


def _select(query: exp.Select, empty: Set[str]) -> exp.Query | None:
    query = _bound(query, empty)
    nothing, others = False, dict[int, exp.Expr]()
    for place, needed in _sources(query):
        kept = _source(place, empty)
        nothing |= needed and kept is None
        if kept is not None and kept is not place:
            others[id(place)] = kept
    if nothing and not _has_a_row_anyway(query):
        return None
    return changed(query, **_replaced(query, others)) if others else query


def _source(place: exp.Expr, empty: Set[str]) -> exp.Expr | None:
    if isinstance(place, exp.Subquery):
        kept = _pruned(place.this, empty)
        return None if kept is None else place if kept is place.this else changed(place, this=kept)
    return None if isinstance(place, exp.Table) and place.db == DELTA and place.name in empty else place


def _replaced(query: exp.Select, others: Mapping[int, exp.Expr]) -> dict[str, object]:
    """The FROM and the joins of ``query`` with other sources."""
    start, joins = query.args.get("from_"), query.args.get("joins")
    args: dict[str, object] = {}
    if start is not None and id(start.this) in others:
        args["from_"] = changed(start, this=others[id(start.this)])
    if joins:
        args["joins"] = [changed(j, this=others[id(j.this)]) if id(j.this) in others else j for j in joins]
    return args


def _bound(query: exp.Select, empty: Set[str]) -> exp.Select:
    with_ = query.args.get("with_")
    if with_ is None:
        return query
    bodies = [_pruned(cte.this, empty) or cte.this for cte in with_.expressions]
    if all(body is cte.this for body, cte in zip(bodies, with_.expressions, strict=True)):
        return query
    ctes = [changed(cte, this=body) for body, cte in zip(bodies, with_.expressions, strict=True)]
    return changed(query, with_=changed(with_, expressions=ctes))


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
