"""Rows that fit the column schema, and a reason for each that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from headrace.ingest.cast import Cast
from headrace.ingest.session import Connection, ask, literal, quote

AT = "__at"
"""The column that says which input record a row came from."""


@dataclass(frozen=True)
class Fitted:
    """`rows` has the schema's columns, then the kept ones, then `AT`; `misfits` maps an AT value to the reason."""

    rows: pa.Table
    misfits: Mapping[int, str]


def fit(
    con: Connection,
    query: str,
    casts: Mapping[str, Cast],
    *,
    keep: Sequence[str] = (),
    refused: Mapping[int, str] | None = None,
    tables: Mapping[str, pa.Table] | None = None,
) -> Fitted:
    """Casts what `query` gives (with an AT column), and splits off what does not fit.

    A record of several rows (an update: the row before and after) is refused whole if any of its rows is.

    Args:
        casts: column name -> SQL over the query's columns.
        keep: names of the query's columns to take along as they are.
        refused: AT values that are misfits already, and why.
    """
    values = [f"{cast.carried} AS {quote(name)}" for name, cast in casts.items()]
    kept = [quote(name) for name in (*keep, AT)]
    fits = " AND ".join(cast.fits for cast in casts.values())
    result = ask(con, f"SELECT {', '.join(values + kept)}, ({fits}) AS __fits FROM ({query})", tables)
    misfits = {} if pc.all(result["__fits"], min_count=0).as_py() else _reasons(con, query, casts, fits, tables)
    misfits |= refused or {}
    rows = result.drop_columns(["__fits"])
    if misfits:
        bad = pc.is_in(rows[AT], value_set=pa.array(list(misfits), rows[AT].type))
        rows = rows.filter(pc.invert(bad))
    return Fitted(rows, misfits)


def _reasons(
    con: Connection, query: str, casts: Mapping[str, Cast], fits: str, tables: Mapping[str, pa.Table] | None
) -> dict[int, str]:
    each = ", ".join(
        f"CASE WHEN NOT {cast.fits} THEN {literal(f'column {name}: ')} || {cast.reason} END"
        for name, cast in casts.items()
    )
    sql = f"SELECT {quote(AT)}, concat_ws('; ', {each}) AS reason FROM ({query}) WHERE NOT ({fits})"
    found = ask(con, sql, tables)
    return dict(zip(found[AT].to_pylist(), found["reason"].to_pylist(), strict=True))


def keyed(casts: Mapping[str, Cast], key: Sequence[str]) -> dict[str, Cast]:
    """Casts for the rows of a source with a key, which carry ``__w``.

    A key column must not be NULL. Of a delete only the key has to fit: the rest of the row does not matter.
    """
    return {
        name: not_null(cast) if name in key else replace(cast, fits=f"(__w < 0 OR {cast.fits})")
        for name, cast in casts.items()
    }


def timed(casts: Mapping[str, Cast], event_time: str | None) -> dict[str, Cast]:
    """Casts of which that of the event time fits only what a clock can show: a time beyond the calendar would end the source's."""
    found = {
        name: _on_a_clock(cast) for name, cast in casts.items() if event_time and name.lower() == event_time.lower()
    }
    return {**casts, **found}


def _on_a_clock(cast: Cast) -> Cast:
    if cast.target.id == "timestamp_ns":
        return cast  # its years are 1677 to 2262
    zone = "+00" if cast.target.id == "timestamp with time zone" else ""
    first, last = (f"CAST('{day}{zone}' AS {cast.target})" for day in ("0001-01-01 00:00:00", "9999-12-31 23:59:59"))
    shown = f"coalesce({cast.value} BETWEEN {first} AND {last}, true)"
    limits = "is not in the years 1 to 9999, as an event time must be"
    return replace(cast, fits=f"({cast.fits} AND {shown})", beyond=f"({cast.fits} AND NOT {shown})", limits=limits)


def not_null(cast: Cast) -> Cast:
    """`cast`, but NULL does not fit."""
    fits = f"({cast.value} IS NOT NULL AND {cast.fits})"
    return replace(cast, fits=fits, fault=f"is not a {cast.target} NOT NULL")
