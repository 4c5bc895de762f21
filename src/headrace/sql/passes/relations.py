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
    if isinstance(table, exp.Subquery):
        names = table.this.named_selects
        return "*" in names or name.lower() in (n.lower() for n in names)
    relation = catalog.relations.get(table.name.lower())
    return relation is None or name.lower() in (c.lower() for c in relation.columns)


def _cte(table: exp.Table, select: exp.Expr) -> exp.CTE | None:
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            if cte.alias == table.name:
                return cte  # type: ignore[no-any-return]
        node = node.parent
    return None
