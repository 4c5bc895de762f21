"""A SELECT kept whole: its tables become clean inputs, and it runs again when one of them changes."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from headrace.sql.catalog import Catalog
from headrace.sql.nodes import INPUTS, Node, Project, Recompute, Scan, column


def whole(
    query: exp.Query, catalog: Catalog, env: Mapping[str, Node], why: str, names: tuple[str, ...] = ()
) -> Recompute:
    """``query`` as one Recompute over the relations and outer common table expressions it names.

    Args:
        names: the output columns, where the text does not tell.
    """
    query = query.copy()
    used = _used(query)
    inputs: dict[str, Node] = {}
    for scope in traverse_scope(query):
        for table in scope.tables:
            if isinstance(table.this, exp.Func) or (table.name in scope.cte_sources and not table.db):
                continue
            node = _input(table.name, catalog, env, used)
            if node is not None:
                inputs.setdefault(table.name, node)
    order = list(inputs)
    for table in query.find_all(exp.Table):
        if table.name in inputs and not shadowed(table):
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
            table.set("this", exp.to_identifier(INPUTS[order.index(table.name)]))
    nodes = tuple(inputs.values())
    return Recompute("SELECT", query, nodes, None, names or tuple(query.named_selects), f"{why} is not split further")


def _input(name: str, catalog: Catalog, env: Mapping[str, Node], used: set[str] | None) -> Node | None:
    if name in env:
        return env[name]
    relation = catalog.relations.get(name.lower())
    if relation is None:
        return None
    scan = Scan(relation.name, tuple(relation.columns))
    if used is None:
        return scan
    names = [c for c in relation.columns if c.lower() in used] or list(relation.columns)[:1]
    return Project(scan, tuple((c, column(c)) for c in names))


def _used(query: exp.Query) -> set[str] | None:
    """Lower-case names of all columns mentioned; None when there is no telling."""
    if query.find(exp.Star, exp.Columns, exp.Pivot) and any(
        not isinstance(star.parent, exp.Count) for star in query.find_all(exp.Star, exp.Columns, exp.Pivot)
    ):
        return None
    return {identifier.name.lower() for identifier in query.find_all(exp.Identifier)}


def shadowed(table: exp.Table) -> bool:
    """Whether a common table expression of the query itself has the table's name."""
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_")
        if with_ is not None and any(cte.alias == table.name for cte in with_.expressions):
            return not _inside_own(table, with_)
        node = node.parent
    return False


def _inside_own(table: exp.Table, with_: exp.With) -> bool:
    """A non-recursive expression that names a relation of its own name means the relation."""
    cte = table.find_ancestor(exp.CTE)
    return cte is not None and cte.parent is with_ and cte.alias == table.name and not with_.recursive
