"""Every column says which table it is of; stars, USING and lateral aliases are written out."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify as sqlglot_qualify

from headrace.errors import SqlError
from headrace.sql.catalog import Catalog
from headrace.sql.functions import conjuncts
from headrace.sql.passes.event_windows import refuse_shadowed
from headrace.sql.passes.relations import owner
from headrace.sql.text import SqlText, nearest

# In a join's notes: columns that are of several tables, with these.
MERGED = "merged"


def qualify(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT * FROM t WHERE a > 1  ->  SELECT "t"."a" AS "a" FROM "t" AS "t" WHERE "t"."a" > 1

    Raises:
        SqlError: HR-306, a column that no table has, or that several have.
    """
    for select in query.find_all(exp.Select):
        _say_using(select, catalog)
    try:
        qualified: exp.Query = sqlglot_qualify(query, schema=catalog.schema(), dialect="duckdb")
    except OptimizeError as error:
        raise _unresolved(error, catalog, text) from None
    except SqlglotError as error:
        raise SqlError(f"cannot be resolved: {error}", code="HR-306", where=text.place(1, 1)) from None
    for join in qualified.find_all(exp.Join):
        _say_merged(join)
    refuse_shadowed(qualified)
    return qualified


def _say_using(select: exp.Select, catalog: Catalog) -> None:
    """Columns of USING where sqlglot leaves them as they are (HAVING, QUALIFY), or takes them to be of later joins too (ON)."""
    from_ = select.args.get("from_")
    if from_ is None:
        return
    before: list[exp.Expr] = [from_.this]
    shared: dict[str, list[str]] = {}
    made_up: set[str] = set()
    hides = False  # sqlglot takes columns of a table that is only looked into for ones that later joins see
    for join in select.args.get("joins") or ():
        _say(join.args.get("on"), shared)
        using = [column.name.lower() for column in join.args.get("using") or ()]
        join.meta[MERGED] = {name: tuple(shared[name]) for name in using if made_up & set(shared.get(name, ()))}
        if join.side in ("RIGHT", "FULL"):
            made_up |= {table.alias_or_name for table in before}
        for name in using:
            tables = shared.setdefault(name, [owner(before, name, catalog).alias_or_name])
            if not join.is_semi_or_anti_join:
                tables.append(join.alias_or_name)
        if not join.is_semi_or_anti_join:
            before.append(join.this)
        elif hides and all(len(shared[name]) == 1 for name in using):
            _say_condition(join, {name: shared[name][0] for name in using})
        hides |= join.is_semi_or_anti_join
    for clause in ("having", "qualify"):
        _say(select.args.get(clause), shared)


def _say_condition(join: exp.Join, owners: Mapping[str, str]) -> None:
    """What USING compares, where it merges nothing that anybody sees."""
    if owners:
        on = exp.and_(
            *(exp.column(name, table=t).eq(exp.column(name, table=join.alias_or_name)) for name, t in owners.items())
        )
        join.set("using", None)
        join.set("on", on)


def _say_merged(join: exp.Join) -> None:
    """What USING compares is the column that joins before made of several, where some of those can be of made-up rows."""
    for name, tables in join.meta.pop(MERGED, {}).items():
        for equal in (part for part in conjuncts(join.args.get("on")) if isinstance(part, exp.EQ)):
            one, other = equal.this, equal.expression
            named = isinstance(one, exp.Column) and isinstance(other, exp.Column) and one.name == other.name == name
            if named and other.table == join.alias_or_name and one.table in tables:
                merged = (
                    exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(t, quoted=True))
                    for t in tables
                )
                one.replace(exp.func("COALESCE", *merged))


def _say(clause: exp.Expr | None, shared: dict[str, list[str]]) -> None:
    """Write out the columns in ``clause`` that are of several tables; those in a subquery may be its own."""
    if clause is None:
        return
    for found in list(clause.find_all(exp.Column)):
        tables = shared.get(found.name.lower(), []) if not found.table else []
        if tables and found.parent_select is clause.parent_select:
            found.replace(exp.func("COALESCE", *(exp.column(found.name, table=table) for table in tables)))


def _unresolved(error: OptimizeError, catalog: Catalog, text: SqlText) -> SqlError:
    match = re.search(r"Column '\"?([^'\"]+)\"?' could not be resolved", str(error))
    if match is None:
        return SqlError(str(error), code="HR-306", where=text.place(1, 1))
    name = match[1].split(".")[-1]
    known = {column for relation in catalog.relations.values() for column in relation.columns}
    near = nearest(name, known)
    return SqlError(
        f"no table here has a column {name!r}",
        code="HR-306",
        where=text.find(name),
        fix=f"did you mean {near}?" if near and near != name else f"columns here: {', '.join(sorted(known)[:20])}",
    )
