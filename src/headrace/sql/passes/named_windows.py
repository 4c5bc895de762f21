"""Windows that are named in a WINDOW clause are written out where they are used."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText


def named_windows(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT SUM(x) OVER (w ORDER BY t) FROM a WINDOW w AS (PARTITION BY k)
        ->  SELECT SUM(x) OVER (PARTITION BY k ORDER BY t) FROM a
    """
    for select in list(query.find_all(exp.Select)):
        clause = select.args.get("windows") or []
        named = {window.this.name.lower(): window for window in clause}
        for window in [*clause, *(w for w in select.find_all(exp.Window) if w.find_ancestor(exp.Select) is select)]:
            _write_out(window, named)
        if named and not any(w.args.get("alias") for w in select.find_all(exp.Window)):
            select.set("windows", None)
    return query


def _write_out(window: exp.Window, named: dict[str, exp.Window]) -> None:
    """Take over what the window that ``window`` names has, and it has not."""
    alias = window.args.get("alias")
    base = named.get(alias.name.lower()) if alias is not None else None
    if base is None or base is window:
        return
    _write_out(base, named)
    for part in ("partition_by", "order", "spec"):
        found = base.args.get(part)
        if found and not window.args.get(part):
            window.set(part, [f.copy() for f in found] if isinstance(found, list) else found.copy())
    window.set("alias", None)
