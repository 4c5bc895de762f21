"""The columns of what a SELECT reads from."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.catalog import Catalog


def columns_of(source: exp.Expr, select: exp.Select, catalog: Catalog) -> list[str]:
    """The names of the columns of something in the FROM of ``select``; nothing when they cannot be told."""
    alias = source.args.get("alias")
    if alias is not None and alias.columns:
        return [c.name for c in alias.columns]
    if isinstance(source, exp.Lateral):
        source = source.this
    if isinstance(source, exp.Subquery):
        return [name for name in source.this.named_selects if name != "*"]
    if isinstance(source, exp.Table):
        cte = _cte(source, select)
        if cte is not None:
            return list(cte.this.named_selects)
        relation = catalog.relations.get(source.name.lower())
        return list(relation.columns) if relation is not None else []
    return []


def owner(tables: Sequence[exp.Expr], name: str, catalog: Catalog) -> exp.Expr:
    """Which of the tables in FROM has that column, as far as can be told before names are resolved."""
    found = [(table, _has(table, name, catalog)) for table in tables]
    certain = next((table for table, has in found if has), None)
    return certain or next((table for table, has in found if has is None), tables[0])


def _has(table: exp.Expr, name: str, catalog: Catalog) -> bool | None:
    """None: it cannot be told."""
    names = _names(table, catalog)
    alias = table.args.get("alias")
    renamed = [column.name for column in alias.columns] if alias is not None else []
    found = [*renamed, *(names or [])[len(renamed) :]]
    if name.lower() in (n.lower() for n in found):
        return True
    return None if names is None or "*" in names else False


def _names(table: exp.Expr, catalog: Catalog) -> list[str] | None:
    """The columns of a table in FROM by their own names; None when that cannot be told."""
    if isinstance(table, exp.Subquery):
        return list(table.this.named_selects)
    cte = _cte(table, table) if isinstance(table, exp.Table) else None
    if cte is not None:
        renamed = [column.name for column in cte.args["alias"].columns]
        return [*renamed, *cte.this.named_selects[len(renamed) :]]
    relation = catalog.relations.get(table.name.lower())
    return None if relation is None else list(relation.columns)


def _cte(table: exp.Table, select: exp.Expr) -> exp.CTE | None:
    """The part of a WITH that a table names: of those around it, those before the one that it stands in."""
    node: exp.Expr | None = select
    within: exp.Expr | None = None
    while node is not None:
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            if cte is within and with_ is not None and not with_.args.get("recursive"):
                break
            if cte.alias.lower() == table.name.lower():
                return cte  # type: ignore[no-any-return]
        within = node if isinstance(node, exp.CTE) else within
        node = node.parent
    return None
