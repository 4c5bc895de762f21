"""A table of a subquery never has the name of one outside it, so that a column's table says which of the two is meant."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText


def unshadow(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT * FROM t AS t WHERE EXISTS(SELECT 1 FROM t AS t WHERE t.a = 1)
        ->  SELECT * FROM t AS t WHERE EXISTS(SELECT 1 FROM t AS t_2 WHERE t_2.a = 1)
    """
    taken = {source.alias_or_name.lower() for select in query.find_all(exp.Select) for source in tables(select)}
    _visit(query, frozenset(), taken)
    return query


def tables(select: exp.Select) -> list[exp.Expr]:
    """What a SELECT reads from, in order: FROM, joins, laterals."""
    from_ = select.args.get("from_")
    joined = [join.this for join in select.args.get("joins") or ()]
    return [*([] if from_ is None else [from_.this]), *joined, *(select.args.get("laterals") or ())]


def _visit(node: exp.Expr, outside: frozenset[str], taken: set[str]) -> None:
    """Rename in the SELECTs at and below ``node``, innermost first; ``outside`` are the names they can see from here."""
    if not isinstance(node, exp.Select):
        for child in node.iter_expressions():
            _visit(child, outside, taken)
        return
    own = tables(node)
    inside = outside | {source.alias_or_name.lower() for source in own}
    read = {id(source) for source in own if not isinstance(source, exp.Lateral)}
    for child in _parts(node):
        _visit(child, outside if id(child) in read else inside, taken)
    for source in own:
        if source.alias_or_name.lower() in outside:
            _rename(node, source, _fresh(source.alias_or_name, taken))


def _parts(select: exp.Select) -> Iterator[exp.Expr]:
    """The direct parts of a SELECT; of FROM and the joins, what they read and their conditions apart."""
    for child in select.iter_expressions():
        if isinstance(child, exp.From | exp.Join):
            yield from child.iter_expressions()
        else:
            yield child


def _rename(select: exp.Select, source: exp.Expr, name: str) -> None:
    old = source.alias_or_name.lower()
    for column in select.find_all(exp.Column):
        if column.table.lower() == old:
            column.set("table", exp.to_identifier(name, quoted=True))
    alias = source.args.get("alias") or exp.TableAlias()
    alias.set("this", exp.to_identifier(name, quoted=True))
    source.set("alias", alias)


def _fresh(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}".lower() in taken:
        number += 1
    taken.add(f"{name}_{number}".lower())
    return f"{name}_{number}"
