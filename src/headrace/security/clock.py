"""Pass: `now()` and its kin become the logical time, so that an answer is as of one epoch."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlglot import exp

from headrace.security.constants import constant
from headrace.security.functions import CLOCK
from headrace.security.projections import keep_name
from headrace.security.request import Request

_KEYWORDS: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentTimestamp: "current_timestamp",
    exp.Localtime: "localtime",
    exp.Localtimestamp: "localtimestamp",
}
_DATES = frozenset({"age", "current_date", "today"})
_TIMES = frozenset({"current_localtime", "localtime"})
_TIMESTAMPS = frozenset({"current_localtimestamp", "localtimestamp"})
_ZONED_TIMES = frozenset({"current_time", "get_current_time"})


def stop_clock(query: exp.Query, request: Request) -> exp.Query:
    """Replace every reading of the clock with the logical time, as the type that DuckDB would give it in UTC."""
    for node in list(query.find_all(*_KEYWORDS, exp.Anonymous)):
        name = _KEYWORDS.get(type(node)) or node.name
        if name == "age" and len(node.expressions) == 1:  # up to midnight of the current day
            keep_name(node)
            node.set("expressions", [_reading(name, request.now), *node.expressions])
        elif name in CLOCK:
            keep_name(node)
            node.replace(_reading(name, request.now))
    return query


def _reading(name: str, now: datetime | None) -> exp.Expr:
    moment = _moment(now)
    if name in _DATES:
        return _cast(moment, "DATE")
    if name in _TIMES:
        return _cast(_cast(moment, "TIMESTAMP"), "TIME")
    if name in _ZONED_TIMES:
        return _cast(moment, "TIMETZ")
    return _cast(moment, "TIMESTAMP") if name in _TIMESTAMPS else moment


def _moment(now: datetime | None) -> exp.Expr:
    if now is None:
        return exp.Placeholder(this="now")
    moment = constant(now if now.tzinfo else now.replace(tzinfo=UTC))
    assert moment is not None
    return moment


def _cast(moment: exp.Expr, kind: str) -> exp.Expr:
    return exp.cast(moment, kind, dialect="duckdb")
