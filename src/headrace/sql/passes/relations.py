"""The columns of what a SELECT reads from."""

from __future__ import annotations

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


def has(table: exp.Expr, name: str, catalog: Catalog) -> bool:
    """Whether a table in FROM has that column, as far as can be told before names are resolved."""
    names = _names(table, catalog)
    alias = table.args.get("alias")
    renamed = [column.name for column in alias.columns] if alias is not None else []
    if names is None:
        return True
    names = [*renamed, *names[len(renamed) :]]
    return "*" in names or name.lower() in (n.lower() for n in names)


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
