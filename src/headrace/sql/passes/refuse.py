"""Refuse what cannot be kept up to date exactly: functions without one answer, and reads from outside the project."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from headrace.errors import SqlError
from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText, nearest

# Function -> what to write instead.
UNSETTLED: dict[str, str] = {
    "random": "compute it when the row is made, and keep it as a column of the source",
    "setseed": "compute random values when the row is made",
    "uuid": "make the identifier where the row is made",
    "uuidv4": "make the identifier where the row is made",
    "uuidv7": "make the identifier where the row is made",
    "gen_random_uuid": "make the identifier where the row is made",
    "nextval": "use a column of the source as the identifier",
    "currval": "use a column of the source as the identifier",
    "first": "say which row: arg_min(x, ts), or any_value(x) when all are alike",
    "last": "say which row: arg_max(x, ts), or any_value(x) when all are alike",
    "arbitrary": "use any_value(x) when all are alike, or arg_min(x, ts)",
    "approx_quantile": "use quantile_cont(x, q): it is exact, and kept up to date by group",
    "approx_top_k": "count by value, then ORDER BY the count with a LIMIT",
    "reservoir_quantile": "use quantile_cont(x, q)",
    "getvariable": "write the value itself",
    "getenv": "write the value itself",
    "current_setting": "write the value itself",
    "current_user": "a model is the same for everyone; use a policy to show rows by user",
    "current_database": "write the name itself",
    "current_schema": "write the name itself",
    "version": "write the value itself",
    "txid_current": "use a column of the source",
    "query": "write the SELECT itself",
    "query_table": "name the table itself",
}

TABLE_FUNCTIONS = frozenset(
    {"unnest", "range", "generate_series", "explode", "generateseries", "explodinggenerateseries"}
)


def refuse(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """Raise SqlError HR-303 (no single answer), HR-304 (reads outside the project) or HR-305 (unknown relation)."""
    for node in query.walk():
        if isinstance(node, exp.Func):
            _refuse_unsettled(node, text)
        if isinstance(node, exp.Join) and node.method == "POSITIONAL":
            raise SqlError(
                "POSITIONAL JOIN depends on the order rows are stored in",
                code="HR-303",
                where=text.find("positional"),
                fix="join on columns",
            )
        if isinstance(node, exp.TableSample):
            raise SqlError(
                "a sample has no single answer",
                code="HR-303",
                where=text.find("sample"),
                fix="filter on a hash of a key: WHERE hash(id) % 100 = 0",
            )
        if isinstance(node, exp.Parameter | exp.Placeholder | exp.SessionParameter):
            raise SqlError(
                "a model takes no parameters", code="HR-303", where=text.of(node), fix="write the value itself"
            )
    for table in _outside_tables(query):
        _refuse_table(table, catalog, text)
    return query


def _refuse_unsettled(node: exp.Func, text: SqlText) -> None:
    for name in _names(node):
        if name in UNSETTLED:
            raise SqlError(
                f"{name}() has no single answer, so it cannot be kept up to date and proven",
                code="HR-303",
                where=text.find(name),
                fix=UNSETTLED[name],
            )


def _names(node: exp.Func) -> tuple[str, ...]:
    if isinstance(node, exp.Anonymous):
        return (node.name.lower(),)
    return tuple(name.lower() for name in type(node).sql_names())


def _outside_tables(query: exp.Query) -> list[exp.Table]:
    """Tables that are not common table expressions in their scope."""
    tables: list[exp.Table] = []
    for scope in traverse_scope(query):
        for table in scope.tables:
            if isinstance(table.this, exp.Values):
                continue
            source = scope.cte_sources.get(table.name) if not table.db else None
            if source is None and not _is_recursive_self(table):
                tables.append(table)
    return tables


def _is_recursive_self(table: exp.Table) -> bool:
    parent = table.find_ancestor(exp.CTE)
    while parent is not None:
        if parent.alias.lower() == table.name.lower() and not table.db:
            return True
        parent = parent.find_ancestor(exp.CTE)
    return False


def _refuse_table(table: exp.Table, catalog: Catalog, text: SqlText) -> None:
    if isinstance(table.this, exp.Func):
        names = _names(table.this)
        if not TABLE_FUNCTIONS.intersection(names):
            raise SqlError(
                f"a model reads sources and models only; {names[0]}() reads something else",
                code="HR-304",
                where=text.find(names[0]),
                fix="declare a source in sources/ and select from it",
            )
        return
    if table.db or table.catalog:
        raise SqlError(
            f"there is no schema {table.db!r}: sources and models are named alone",
            code="HR-304",
            where=text.of(table),
            fix=f"write {table.name}",
        )
    if table.name.lower() not in catalog.relations:
        near = nearest(table.name, catalog.relations)
        raise SqlError(
            f"no source or model is called {table.name!r}",
            code="HR-305",
            where=text.of(table),
            fix=f"did you mean {near}?"
            if near
            else f"declare it in sources/{table.name}.yaml or models/{table.name}.sql",
        )
