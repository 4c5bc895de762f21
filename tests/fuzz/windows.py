"""Random window functions."""

from __future__ import annotations

from .expressions import column, filled
from .maker import COMPARABLE, Maker, Scope

RANKS = ("row_number()", "rank()", "dense_rank()", "ntile(3)")
POSITIONS = {
    "INT": ("lag($INT)", "lead($INT, 2)", "lag($INT, 1, 0)", "first_value($INT)", "last_value($INT)", "nth_value($INT, 2)",
            "first_value($INT IGNORE NULLS)", "lead($INT IGNORE NULLS)"),
    "STR": ("lag($STR)", "lead($STR, 1, 'none')", "first_value($STR)", "last_value($STR)", "nth_value($STR, 2)"),
    "TS": ("lag($TS)", "lead($TS)"),
}  # fmt: skip
AGGREGATES = {
    "INT": ("count(*)", "sum($INT)", "min($INT)", "max($INT)", "count($COL)", "sum($INT) FILTER (WHERE $BOOL)"),
    "DBLD": ("avg($INT)", "avg($DBL)"),
    "DBL": ("sum($DBL)",),
    "STR": ("max($STR)", "string_agg($STR, ',')"),
    "INTS": ("list($INT)",),
    "BOOL": ("bool_or($BOOL)",),
}
FRAMES = (
    "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
    "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
    "ROWS 2 PRECEDING",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW",
    "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
)


def window(make: Maker, scope: Scope, partition: str) -> tuple[str, str]:
    """A window function over ``partition`` (or none), and the kind of its answer."""
    family = make.weighted({"rank": 3.0, "position": 3.0, "aggregate": 3.0, "share": 0.7})
    make.mark(f"window {family}")
    if family == "rank":
        return f"{make.pick(RANKS)} OVER ({_inside(partition, order(make, scope))})", "INT"
    if family == "share":
        return f"{make.pick(['percent_rank()', 'cume_dist()'])} OVER ({_inside(partition, order(make, scope))})", "DBLD"
    if family == "position":
        kind = make.pick(list(POSITIONS))
        call = filled(make, make.pick(POSITIONS[kind]), scope, 0)
        return f"{call} OVER ({_inside(partition, order(make, scope), _frame(make, call))})", kind
    kind = make.pick(list(AGGREGATES))
    call = filled(make, make.pick(AGGREGATES[kind]), scope, 0)
    if make.chance(0.35):
        return f"{call} OVER ({partition})", kind
    if make.chance(0.25):
        return f"{call} OVER ({_inside(partition, *_ranged(make, scope))})", kind
    return f"{call} OVER ({_inside(partition, order(make, scope), make.pick(('', *FRAMES)))})", kind


def partition(make: Maker, scope: Scope) -> str:
    """A PARTITION BY clause, or nothing."""
    if make.chance(0.2):
        make.mark("window without PARTITION BY")
        return ""
    return "PARTITION BY " + ", ".join(column(make, scope) for _ in range(make.pick([1, 1, 1, 2])))


def order(make: Maker, scope: Scope) -> str:
    """An ORDER BY clause over comparable columns."""
    parts = [
        column(make, scope) + make.pick(["", "", " DESC", " NULLS FIRST", " DESC NULLS LAST"])
        for _ in range(make.pick([1, 1, 2]))
    ]
    return "ORDER BY " + ", ".join(parts)


def _frame(make: Maker, call: str) -> str:
    return make.pick(FRAMES[:5]) if "_value(" in call and make.chance(0.5) else ""


def _ranged(make: Maker, scope: Scope) -> tuple[str, str]:
    """An ORDER BY and a RANGE frame of a distance."""
    moments, numbers = scope.of("TS"), scope.of("INT")
    make.mark("RANGE frame of a distance")
    if moments:
        return f"ORDER BY {make.pick(moments).ref}", "RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW"
    if numbers:
        return f"ORDER BY ({make.pick(numbers).ref})::BIGINT", "RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING"
    return order(make, Scope(tuple(scope.of(*COMPARABLE)))), ""


def _inside(*clauses: str) -> str:
    return " ".join(clause for clause in clauses if clause)
