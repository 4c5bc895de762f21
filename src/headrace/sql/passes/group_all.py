"""GROUP BY ALL is written out: every selected expression that holds no aggregate."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.functions import has_aggregate
from headrace.sql.text import SqlText


def group_all(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT t.a AS a, COUNT(*) AS n FROM t GROUP BY ALL  ->  SELECT t.a AS a, COUNT(*) AS n FROM t GROUP BY t.a
    """
    for select in query.find_all(exp.Select):
        group = select.args.get("group")
        if group is not None and group.args.get("all"):
            keys = [s.unalias().copy() for s in select.selects if not has_aggregate(s, catalog.oracle)]
            select.set("group", exp.Group(expressions=keys) if keys else None)
    return query
