"""Passes: what each name in FROM stands for, and a relation read through its declared columns only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from sqlglot import exp

from headrace.security.request import Request, nearest

SCHEMA = "main"
_RELATION = "relation"  # key in a table node's meta: the catalog's name of what it reads
Scope = Mapping[str, str]
"""Folded name of a visible CTE -> its name in the query that is written."""


def resolve_relations(query: exp.Query, request: Request) -> exp.Query:
    """Find every table in the catalog or among the CTEs in scope there, as DuckDB would.

    CTEs get names that no relation can have (`daily#1`). So if this pass and DuckDB ever disagree about what is in
    scope, the query fails; it cannot read a table of the engine that the catalog does not hold.

    Raises:
        UsageError: HR-153 there is no such relation.
        AccessDenied: HR-904 a schema other than `main`; HR-906 a relation that another domain keeps to itself.
    """
    number = count(1)
    open_: list[tuple[exp.Expr, Scope]] = [(query, {})]
    while open_:
        node, scope = open_.pop()
        with_ = node.args.get("with_")
        if isinstance(with_, exp.With):
            bodies, scope = _with(with_, scope, number)
            open_.extend(bodies)
        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            _resolve(node, scope, request)
        open_.extend((child, scope) for child in node.iter_expressions() if child is not with_)
    return query


def _with(with_: exp.With, scope: Scope, number: Iterator[int]) -> tuple[list[tuple[exp.Expr, Scope]], Scope]:
    """The CTEs' bodies, each with what it sees, and what the query under WITH sees."""
    bodies: list[tuple[exp.Expr, Scope]] = []
    for cte in with_.expressions:
        old = cte.args["alias"].this
        inner = {**scope, old.name.lower(): f"{old.name}#{next(number)}"}
        # Only a UNION is recursive to DuckDB. In any other body the CTE's own name means what it meant outside.
        recursive = with_.recursive and isinstance(cte.this, exp.Union)
        bodies.append((cte.this, inner if recursive else scope))
        old.replace(exp.to_identifier(inner[old.name.lower()], quoted=True))
        scope = inner
    return bodies, scope


def _resolve(table: exp.Table, scope: Scope, request: Request) -> None:
    schema = table.db
    if schema and schema.lower() != SCHEMA:
        what = f"`{schema}.{table.name}` may not be read: the schema `{schema}` is not open to queries"
        raise request.denied(what, "HR-904", table, f"name one of: {_some(request)}")
    if not schema and table.name.lower() in scope:
        _read_cte(table, scope[table.name.lower()])
        return
    relation = request.catalog.find(table.name)
    if relation is None and (home := request.catalog.closed.get(table.name.lower())) is not None:
        what = f"`{table.name}` may not be read from here: {home} does not publish it"
        raise request.denied(what, "HR-906", table, f"name one of: {_some(request)}")
    if relation is None:
        fix = nearest(table.name, request.catalog.relations, f"name one of: {_some(request)}")
        raise request.wrong(f"there is no relation `{table.name}`", "HR-153", table, fix)
    table.meta[_RELATION] = relation


def _read_cte(table: exp.Table, name: str) -> None:
    alias = table.args.get("alias")
    known_as = exp.to_identifier(table.name, quoted=True)
    if alias is None:
        table.set("alias", exp.TableAlias(this=known_as))
    elif not alias.this:
        alias.set("this", known_as)
    table.set("this", exp.to_identifier(name, quoted=True))


def _some(request: Request) -> str:
    names = sorted(request.catalog.relations)
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")


def relation_of(table: exp.Expr) -> str | None:
    """The catalog's name of the relation that a resolved table reads; None for a CTE or a function."""
    return table.meta.get(_RELATION)


def relations_of(query: exp.Query) -> frozenset[str]:
    """Every relation that the query reads."""
    return frozenset(name for table in query.find_all(exp.Table) if (name := relation_of(table)))


def project_relations(query: exp.Query, request: Request) -> exp.Query:
    """Put `(SELECT declared columns FROM relation)` in each relation's place.

    The relation stands there by its bare name: where it is read is for the engine to say.
    """
    for column in query.find_all(exp.Column):
        _unqualify(column, query)
    for table in list(query.find_all(exp.Table)):
        if relation_of(table) is not None:
            table.replace(_projection(table, request))
    return query


def _projection(table: exp.Table, request: Request) -> exp.Subquery:
    relation = relation_of(table)
    assert relation is not None
    names = [exp.to_identifier(name, quoted=True) for name in request.catalog.relations[relation]]
    whole = exp.Table(this=exp.to_identifier(relation, quoted=True))
    whole.meta[_RELATION] = relation
    alias = table.args.get("alias") or exp.TableAlias()
    if not alias.this:
        alias.set("this", exp.to_identifier(table.name, quoted=True))
    kept = {key: value for key in ("joins", "pivots", "sample") if (value := table.args.get(key))}
    return exp.Subquery(this=exp.Select(expressions=names, from_=exp.From(this=whole)), alias=alias, **kept)


def _unqualify(column: exp.Column, query: exp.Query) -> None:
    """`main.bid.price` names a table; in its place stands a projection, which is only `bid`."""
    if column.text("db").lower() == SCHEMA and not column.text("catalog"):
        names = {table.name.lower() for table in query.find_all(exp.Table) if relation_of(table) and not table.alias}
        if column.table.lower() in names:
            column.set("db", None)
