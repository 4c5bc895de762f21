"""Common table expressions that nothing reads are left out: the engine does not look at them either, so they may hold anything."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText


def unread(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        WITH a AS (SELECT nonsense), b AS (SELECT 1 AS x) SELECT x FROM b
        ->  WITH b AS (SELECT 1 AS x) SELECT x FROM b
    """
    while any(_left_out(with_) for with_ in list(query.find_all(exp.With))):
        pass
    return query


def _left_out(with_: exp.With) -> bool:
    """Leave out what no other expression of the WITH and not its query reads; whether there was any."""
    around = with_.parent
    assert around is not None
    kept = []
    for cte in with_.expressions:
        own = {id(table) for table in cte.find_all(exp.Table)}
        if any(t.name.lower() == cte.alias.lower() and id(t) not in own for t in around.find_all(exp.Table)):
            kept.append(cte)
    if len(kept) == len(with_.expressions):
        return False
    around.set("with_", exp.With(expressions=kept, recursive=with_.args.get("recursive")) if kept else None)
    return True
