"""Rows that come behind their source's watermark, where the source sets them aside.

Such a row is kept with the others, marked with the watermark that it came behind, and takes part in nothing. A source's watermark
after an epoch is its newest event time, of the rows taken, less its lateness; a row is late if it happened before the watermark of
the epoch before. So what is late depends on the epochs alone, which the log's ledger has: run again, they give the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from headrace.engine.protocol import SourceTable
from headrace.engine.render import literal, quoted
from headrace.engine.tables import LATE, OFFSET

LEDGER = "headrace_late"
LEDGER_COLUMNS: Mapping[str, str] = {
    "source": "VARCHAR",
    "position": "BIGINT",
    "event_time": "TIMESTAMP",
    "watermark": "TIMESTAMP",
    "raw": "VARCHAR",
}

META = "CREATE TABLE IF NOT EXISTS headrace.watermarks (source VARCHAR, reached TIMESTAMP, late BIGINT)"

_MICROSECONDS = pa.timestamp("us")
_FIRST = datetime(1, 1, 1, tzinfo=UTC).replace(tzinfo=None)


class Watermarks:
    """The watermarks of the sources that set late rows aside, in the state database with all else."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(META)
        self._reached: dict[str, datetime | None] = {}
        self._late: dict[str, int] = {}
        self.load()

    def load(self) -> None:
        """What was committed last."""
        rows = self._connection.execute("SELECT source, reached, late FROM headrace.watermarks").fetchall()
        self._reached = {source: reached for source, reached, _ in rows}
        self._late = {source: late for source, _, late in rows}

    def of(self, source: SourceTable) -> datetime | None:
        """UTC, without a zone; None before the first event."""
        reached = self._reached.get(source.name)
        if reached is None or source.sets_aside is None:
            return None
        return _FIRST + max(reached - _FIRST - source.sets_aside.behind, timedelta(0))

    def knows(self, source: str) -> bool:
        """Whether the source has set rows aside from its first on, or since it began to."""
        return source in self._reached

    def drop(self, source: str) -> None:
        """The source sets no rows aside, or no longer."""
        if self._reached.pop(source, None) is not None or self._late.pop(source, 0):
            self._connection.execute("DELETE FROM headrace.watermarks WHERE source = ?", [source])

    def late(self, source: str) -> int:
        """How many rows the source has set aside."""
        return self._late.get(source, 0)

    def marked(self, source: SourceTable, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Rows of one epoch: all of them with ``__late``, and those that are taken. The watermark follows the latter."""
        limit = self.of(source)
        times = _times(source, rows)
        behind = pa.nulls(rows.num_rows, _MICROSECONDS)
        taken = rows
        if limit is not None:
            is_late = pc.fill_null(pc.less(times, pa.scalar(limit, _MICROSECONDS)), False)
            if count := pc.sum(is_late).as_py() or 0:
                behind = pc.if_else(is_late, pa.scalar(limit, _MICROSECONDS), pa.scalar(None, _MICROSECONDS))
                taken, times = rows.filter(pc.invert(is_late)), times.filter(pc.invert(is_late))
                self._late[source.name] = self.late(source.name) + count
        self._follow(source.name, pc.max(times).as_py())
        return rows.append_column(LATE, behind), taken

    def restart(self, source: SourceTable, stop: int, counted: int = 0) -> None:
        """As after the epoch that took the rows below offset ``stop``, all of which are there.

        Args:
            counted: late rows below this offset count.
        """
        assert source.sets_aside is not None
        time = quoted(source.sets_aside.column)
        row = self._connection.execute(
            f"SELECT (max({time}) FILTER ({LATE} IS NULL))::TIMESTAMP, count({LATE}) FILTER ({OFFSET} >= {counted}) "
            f"FROM raw.{quoted(source.name)} WHERE {OFFSET} < {stop}"
        ).fetchone()
        if row is not None:
            self._reached[source.name], self._late[source.name] = row[0], row[1]
            self._store(source.name)

    def _follow(self, source: str, newest: datetime | None) -> None:
        reached = self._reached.get(source)
        if newest is not None and (reached is None or newest > reached):
            self._reached[source] = newest
        self._store(source)

    def _store(self, source: str) -> None:
        values = [source, self._reached.get(source), self.late(source)]
        self._connection.execute("DELETE FROM headrace.watermarks WHERE source = ?", [source])
        self._connection.execute("INSERT INTO headrace.watermarks VALUES (?, ?, ?)", values)


def ledger(sources: Sequence[SourceTable], counted: Mapping[str, int], stops: Mapping[str, int] | None = None) -> str:
    """The late-row ledger as a SELECT: every row set aside, with where it stands in the log and the watermark it came behind.

    Args:
        counted: offsets below which late rows count, by source: they are not in the ledger any more.
        stops: the offsets below which rows count, by source; None: all rows.
    """
    parts = [
        _set_aside(source, counted.get(source.name, 0), stops) for source in sources if source.sets_aside is not None
    ]
    nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in LEDGER_COLUMNS.items())
    return " UNION ALL ".join([f"SELECT {nothing} WHERE false", *parts])


def _set_aside(source: SourceTable, counted: int, stops: Mapping[str, int] | None) -> str:
    assert source.sets_aside is not None
    stop = "" if stops is None else f" AND {OFFSET} < {stops.get(source.name, 0)}"
    packed = f"to_json({{{', '.join(_entry(c) for c in source.columns)}}})::VARCHAR"
    return (
        f"SELECT {literal(source.name)}, {OFFSET}, {quoted(source.sets_aside.column)}::TIMESTAMP, {LATE}, {packed} "
        f"FROM raw.{quoted(source.name)} WHERE {LATE} IS NOT NULL AND {OFFSET} >= {counted}{stop}"
    )


def _entry(column: str) -> str:
    return f"{literal(column)}: {quoted(column)}"


def _times(source: SourceTable, rows: pa.Table) -> pa.ChunkedArray:
    assert source.sets_aside is not None
    column = rows[source.sets_aside.column]
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column = pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False)
    return pc.cast(column, _MICROSECONDS, safe=False)
