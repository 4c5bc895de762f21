"""``now()`` and its kin become ``:now``, the epoch's logical time (a TIMESTAMP WITH TIME ZONE; sessions run in UTC)."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText

_INSTANT = frozenset({"now", "get_current_timestamp", "transaction_timestamp"})


def now() -> exp.Expr:
    return exp.Placeholder(this="now")


def logical_time(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT * FROM t WHERE ts > NOW() - INTERVAL '1' HOUR  ->  SELECT * FROM t WHERE ts > $now - INTERVAL '1' HOUR
    """
    return query.transform(_bind, copy=False)  # type: ignore[return-value]


def _bind(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.CurrentTimestamp) or (isinstance(node, exp.Anonymous) and node.name.lower() in _INSTANT):
        return now()
    if isinstance(node, exp.CurrentDate):
        return exp.cast(now(), "DATE")
    if isinstance(node, exp.Localtimestamp | exp.CurrentDatetime):
        return exp.cast(now(), "TIMESTAMP")
    if isinstance(node, exp.CurrentTime | exp.Localtime):
        return exp.cast(exp.cast(now(), "TIMESTAMP"), "TIME")
    return node
