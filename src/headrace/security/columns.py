"""Pass: a column that no relation has is refused with the name of the column that was meant.

This is help, not a guard: it speaks only where everything in scope is a relation of the catalog, and leaves the rest
to the engine's binder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlglot import exp

from headrace.security.functions import CLOCK, SQL_VALUES
from headrace.security.relations import relation_of
from headrace.security.request import Request, nearest

_SHAPING = (exp.Pivot, exp.PropertyEQ, exp.Star, exp.TableAlias)
"""Under these a column is a name being made, or belongs to a shape that only the binder knows."""


def check_columns(query: exp.Query, request: Request) -> exp.Query:
    """Refuse columns that cannot be there.

    Raises:
        UsageError: HR-154 nothing in scope has the column.
        AccessDenied: HR-903 a bare word that DuckDB turns into a call when no column has the name: `current_user`.
    """
    named = _named(query)
    anywhere = {name.lower() for name in _columns(query.find_all(exp.Table), request)}
    for column in query.find_all(exp.Column):
        if not isinstance(column.this, exp.Identifier) or column.find_ancestor(*_SHAPING):
            continue
        first = column.parts[0].name.lower()
        if len(column.parts) == 1 and first in SQL_VALUES | CLOCK and first not in named | anywhere:
            raise _bare_call(column, request)
        tables = _in_scope(column)
        if tables:
            _check(column, tables, named, request)
    return query


def _named(query: exp.Query) -> frozenset[str]:
    """Every name that is not a use of a column: aliases, relations, CTEs, arguments of lambdas, fields."""
    return frozenset(
        name.name.lower() for name in query.find_all(exp.Identifier) if not isinstance(name.parent, exp.Column)
    )


def _columns(tables: Iterable[exp.Table], request: Request) -> list[str]:
    relations = (relation_of(table) for table in tables)
    return [column for relation in relations if relation for column in request.catalog.relations[relation]]


def _in_scope(column: exp.Column) -> list[exp.Table]:
    """The relations a column may come from; none when something else is in scope, or nothing."""
    tables: list[exp.Table] = []
    select = column.find_ancestor(exp.Select)
    while select is not None:
        for source in _sources(select):
            if relation_of(source) is None or not isinstance(source, exp.Table) or source.args.get("pivots"):
                return []
            tables.append(source)
        select = select.find_ancestor(exp.Select)
    return tables


def _sources(select: exp.Expr) -> Iterator[exp.Expr]:
    from_ = select.args.get("from_")
    items = [from_, *(select.args.get("joins") or ())] if from_ else []
    for item in items:
        yield item.this
        yield from (join.this for join in item.this.args.get("joins") or ())


def _check(column: exp.Column, tables: list[exp.Table], named: frozenset[str], request: Request) -> None:
    columns = _columns(tables, request)
    folded = {name.lower() for name in columns}
    words = [part.name for part in column.parts]
    if words[0].lower() in folded:
        return
    if len(words) == 1:
        if words[0].lower() not in named:
            raise _unknown(column, words[0], columns, tables, request)
        return
    owners = [table for table in tables if table.alias_or_name.lower() == words[0].lower()]
    if len(owners) == 1 and not owners[0].alias_column_names:
        own = _columns(owners, request)
        if words[1].lower() not in {name.lower() for name in own}:
            raise _unknown(column, words[1], own, owners, request)


def _unknown(column: exp.Column, word: str, columns: list[str], tables: list[exp.Table], request: Request) -> Exception:
    within = " or ".join(f"`{name}`" for name in sorted({relation_of(table) or "" for table in tables}))
    fix = nearest(word, (name.lower() for name in columns), f"its columns: {', '.join(columns[:20])}")
    return request.wrong(f"there is no column `{word}` in {within}", "HR-154", column, fix)


def _bare_call(column: exp.Column, request: Request) -> Exception:
    clock = column.name.lower() in CLOCK
    fix = "write it without quotes" if clock else "leave it out: a query has no user and no schema of its own"
    return request.denied(f"`{column.name}` may not be asked for in a query", "HR-903", column, fix)
