"""TUMBLE, HOP and SESSION in FROM become SELECTs that add window_start and window_end to the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

from sqlglot import exp

from headrace.errors import Place, SqlError
from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText

START, END = "window_start", "window_end"
# Under this a subquery keeps what it was made of: the function, the relation, and where it is named.
ADDS = "adds_windows"
SHAPES = {
    "tumble": "TUMBLE(table, time column, size)",
    "hop": "HOP(table, time column, slide, size)",
    "session": "SESSION(table, time column, gap, key column, …)",
}


def event_windows(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    A row is in the windows that start at or before its time and end after it. One without a time is in none.

    Example:
        SELECT * FROM TUMBLE(t, ts, INTERVAL 10 SECOND)
        ->  SELECT * FROM (SELECT *, TIME_BUCKET(INTERVAL 10 SECOND, ts) AS window_start, … FROM t WHERE NOT ts IS NULL) AS t

    Raises:
        SqlError: HR-309, arguments of another form.
    """
    for table in list(query.find_all(exp.Table)):
        call = table.this
        if isinstance(call, exp.Anonymous) and (name := call.name.lower()) in SHAPES:
            relation, column, *rest = _arguments(call, name, text)
            known = catalog.relations.get(relation.name)
            if known is not None and not any(cte.alias == relation.name for cte in query.find_all(exp.CTE)):
                _refuse(name, relation.name, {c.lower() for c in known.columns}, text.of(relation))
            inner = _MAKERS[name](relation, column, rest)
            alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(relation.name))
            made = exp.Subquery(this=inner, alias=alias.copy(), joins=table.args.get("joins"))
            made.meta[ADDS] = (name, relation.name, text.of(relation))
            table.replace(made)
    return query


def refuse_shadowed(query: exp.Query) -> None:
    """
    Args:
        query: with stars written out.

    Raises:
        SqlError: HR-309, windows are added to rows that have columns of these names.
    """
    for made in query.find_all(exp.Subquery):
        if ADDS in made.meta:
            # A star over two columns of one name is left as it is: then only the SELECT below it tells that there are two.
            names = [[n.lower() for n in select.named_selects] for select in made.find_all(exp.Select)]
            name, relation, where = made.meta[ADDS]
            _refuse(name, relation, {n for found in names for n in found if found.count(n) > 1}, where)


def _refuse(name: str, relation: str, taken: Set[str], where: Place) -> None:
    for column in (START, END):
        if column in taken:
            raise SqlError(
                f"{relation} has a column {column}, and {name.upper()} adds another",
                code="HR-309",
                where=where,
                fix=f"rename it first: WITH renamed AS (SELECT {column} AS …, … FROM {relation}) SELECT … FROM {name.upper()}(renamed, …)",
            )


def _arguments(call: exp.Anonymous, name: str, text: SqlText) -> list[exp.Expr]:
    given = list(call.expressions)
    wanted = {"tumble": 3, "hop": 4, "session": 3}[name]
    columns = [given[1], *given[3:]] if name == "session" else given[1:2]
    well = (
        (len(given) == wanted or (name == "session" and len(given) > wanted))
        and isinstance(given[0], exp.Column)
        and all(isinstance(c, exp.Column) for c in columns)
    )
    if not well:
        raise SqlError(
            f"{name.upper()} is written {SHAPES[name]}",
            code="HR-309",
            where=text.find(name),
            fix=f"for instance {_INSTANCES[name]}",
        )
    return given


_INSTANCES = {
    "tumble": "TUMBLE(orders, ts, INTERVAL 10 MINUTE)",
    "hop": "HOP(orders, ts, INTERVAL 1 MINUTE, INTERVAL 10 MINUTE)",
    "session": "SESSION(clicks, ts, INTERVAL 30 MINUTE, user_id)",
}


def _tumble(relation: exp.Expr, column: exp.Expr, rest: Sequence[exp.Expr]) -> exp.Select:
    (size,) = rest
    start = _bucket(size, column)
    return _rows(relation, column).select(exp.alias_(start, START), exp.alias_(_plus(start, size), END))


def _hop(relation: exp.Expr, column: exp.Expr, rest: Sequence[exp.Expr]) -> exp.Select:
    """The windows of a row start at the slide's multiples after ``time - size``, up to the time itself."""
    slide, size = rest
    last = _bucket(slide, column)
    if _is_multiple(size, slide):
        before: exp.Expr = exp.Sub(this=last.copy(), expression=size.copy())
    else:
        before = _bucket(slide, exp.Sub(this=column.copy(), expression=size.copy()))
    series = exp.Anonymous(this="generate_series", expressions=[_plus(before, slide), last, slide.copy()])
    started = _rows(relation, column).select(exp.alias_(exp.Anonymous(this="unnest", expressions=[series]), START))
    return exp.select("*", exp.alias_(_plus(exp.column(START), size), END)).from_(_sub(started))


def _is_multiple(size: exp.Expr, slide: exp.Expr) -> bool:
    """Whether windows end where others start, so that one multiple of the slide tells all windows of a row."""
    counts, units = [], []
    for part in (size, slide):
        if not isinstance(part, exp.Interval) or not part.this.name.isdigit():
            return False
        counts.append(int(part.this.name))
        units.append(part.args["unit"].name.upper().removesuffix("S") if part.args.get("unit") else "")
    return (
        units[0] == units[1]
        and units[0] in ("SECOND", "MINUTE", "HOUR")
        and counts[1] > 0
        and counts[0] % counts[1] == 0
    )


def _session(relation: exp.Expr, column: exp.Expr, rest: Sequence[exp.Expr]) -> exp.Select:
    """Rows of the same key belong together as long as none is more than the gap after the one before."""
    gap, *keys = rest

    def over(call: exp.Expr, *further: exp.Expr, ordered: bool) -> exp.Window:
        window = exp.Window(this=call, partition_by=[*(k.copy() for k in keys), *further])
        if ordered:
            window.set("order", exp.Order(expressions=[exp.Ordered(this=column.copy())]))
        return window

    before = over(exp.Lag(this=column.copy()), ordered=True)
    near = exp.LTE(this=column.copy(), expression=_plus(exp.paren(before), gap))
    opens = exp.case().when(near, exp.Literal.number(0)).else_(exp.Literal.number(1))
    marked = _rows(relation, column).select(exp.alias_(opens, "__opens"))
    numbered = exp.select("*", exp.alias_(over(exp.Sum(this=exp.column("__opens")), ordered=True), "__session"))
    numbered = numbered.from_(_sub(marked))
    inside = exp.column("__session")
    start = over(exp.Min(this=column.copy()), inside.copy(), ordered=False)
    end = over(exp.Max(this=column.copy()), inside.copy(), ordered=False)
    star = exp.Star(except_=[exp.to_identifier("__opens"), exp.to_identifier("__session")])
    rows = exp.Select(expressions=[star, exp.alias_(start, START), exp.alias_(_plus(end, gap), END)])
    return rows.from_(_sub(numbered))


_MAKERS: dict[str, Callable[[exp.Expr, exp.Expr, Sequence[exp.Expr]], exp.Select]] = {
    "tumble": _tumble,
    "hop": _hop,
    "session": _session,
}


def _rows(relation: exp.Expr, column: exp.Expr) -> exp.Select:
    known = exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))
    return exp.select("*").from_(exp.to_table(relation.name)).where(known)


def _sub(query: exp.Select) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("w")))


def _bucket(size: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="time_bucket", expressions=[size.copy(), value.copy()])


def _plus(value: exp.Expr, size: exp.Expr) -> exp.Expr:
    return exp.Add(this=value.copy(), expression=size.copy())
