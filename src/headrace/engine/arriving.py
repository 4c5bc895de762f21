"""Rows as they arrive, read where Arrow has them: an epoch's rows of a source are a relation without being copied into a table.

What is read of a source whose rows only arrive is its ``delta``. Of a large epoch the statements read that from Arrow, each the
columns that it needs; of a small one it is a table with the columns that some model reads.

Raw rows stay where they arrived until the lake has them. They come into the hot tables when somebody asks for the source's rows,
when state is saved, or when there are many of them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping

import duckdb
import pyarrow as pa

from headrace.engine import tables
from headrace.engine.protocol import Arrived, SourceTable
from headrace.engine.render import delta_name, listed, quoted
from headrace.sql import WEIGHT

# Measured: a look at Arrow costs some 0.7 ms however few rows there are, at a table 0.1 ms; a table of them costs 1 ms, and 35 ns
# a value.
ROWS_TO_READ_DIRECTLY = 10_000
# Bytes of raw rows that are kept as they arrived; beyond, they go into the hot tables.
MOST_WAITING = 256 * 2**20


class Stream:
    """One relation whose rows are others in each epoch.

    Args:
        schema: of all the rows it will ever have.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.rows = schema.empty_table()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.rows.__arrow_c_stream__(requested_schema)


class Streams:
    """The sources' rows of the running epoch, as the relations ``arriving.<source>``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._streams: dict[str, Stream] = {}
        self._read: dict[str, tuple[str, ...]] = {}

    def install(self, sources: Iterable[SourceTable], read: Mapping[str, tuple[str, ...]]) -> None:
        """Make the empty deltas of the sources whose rows only arrive.

        Args:
            read: the columns of each source that some model reads.
        """
        for source in sources:
            if not source.changelog:
                self._read[source.name] = tuple(c for c in source.columns if c in read.get(source.name, ()))
                self.create(source)

    def create(self, source: SourceTable) -> None:
        """The source's delta as an empty table."""
        read = self._read[source.name]
        body = ", ".join([*(f"{quoted(name)} {source.columns[name]}" for name in read), f"{WEIGHT} TINYINT"])
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(delta_name(source.name))} ({body})")

    def fits(self, source: SourceTable, rows: pa.Table) -> bool:
        """Whether rows of that shape are what the source's stream was made for."""
        stream = self._streams.get(source.name)
        return stream is not None and bool(stream.schema.equals(rows.select(list(source.columns)).schema))

    def shape(self, source: SourceTable, rows: pa.Table) -> None:
        """Make the source's stream anew, for rows of this shape. This changes the catalog."""
        stream = Stream(rows.select(list(source.columns)).schema.remove_metadata())
        self._streams[source.name] = stream
        self._connection.register(_stream_name(source.name), stream)
        shown = ", ".join(_read_as(name, kind) for name, kind in source.columns.items())
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted(arriving_name(source.name))} AS "
            f"SELECT {shown}, 1::TINYINT AS {WEIGHT} FROM {quoted(_stream_name(source.name))}"
        )

    def begin(self) -> None:
        """An epoch begins: no source has rows in it yet."""
        for stream in self._streams.values():
            stream.rows = stream.schema.empty_table()

    def take(self, source: SourceTable, rows: pa.Table) -> None:
        """These are the source's rows of the running epoch."""
        self._streams[source.name].rows = rows.select(list(source.columns))

    def rows(self, source: str) -> pa.Table | None:
        """The source's rows of the running epoch, with ``__w``; None if it never had any."""
        if source not in self._streams:
            return None
        rows = self._streams[source].rows
        return rows.append_column(WEIGHT, pa.repeat(pa.scalar(1, pa.int8()), rows.num_rows))

    def copy(self, source: str) -> str:
        """A query for what the source's delta has as a table."""
        columns = listed([*self._read[source], WEIGHT])
        return f"SELECT {columns} FROM {quoted(arriving_name(source))}"


class Waiting:
    """Raw rows of committed epochs that are not in the hot tables yet."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._begun: list[tuple[SourceTable, Arrived]] = []
        self._waiting: dict[str, list[tuple[SourceTable, Arrived]]] = {}

    def keep(self, source: SourceTable, arrived: Arrived) -> None:
        """Rows of the running epoch, with what marks them."""
        self._begun.append((source, arrived))

    def committed(self) -> None:
        """The running epoch is."""
        for source, arrived in self._begun:
            self._waiting.setdefault(source.name, []).append((source, arrived))
        self._begun.clear()

    def rolled_back(self) -> None:
        """The running epoch is."""
        self._begun.clear()

    def rows(self, source: str) -> int:
        return sum(arrived.rows.num_rows for _, arrived in self._waiting.get(source, ()))

    def sources(self) -> set[str]:
        """Those that have rows waiting."""
        return set(self._waiting)

    def full(self) -> bool:
        """Whether it is time to write them: they take much memory."""
        held: int = sum(arrived.rows.nbytes for parts in self._waiting.values() for _, arrived in parts)
        return held > MOST_WAITING

    def write(self) -> None:
        """Put them into the hot tables, in the caller's transaction; :meth:`written` tells that it was committed."""
        for parts in self._waiting.values():
            for source, arrived in parts:
                insert_hot(self._connection, source, arrived)

    def written(self) -> None:
        self._waiting.clear()

    def drop(self, source: str, stop: int) -> None:
        """Rows below offset ``stop`` are in the lake."""
        left = [(table, _from(arrived, stop)) for table, arrived in self._waiting.pop(source, ())]
        if left := [(table, arrived) for table, arrived in left if arrived.rows.num_rows]:
            self._waiting[source] = left


def arriving_name(source: str) -> str:
    """A view of the source's rows of the running epoch, as its delta has them."""
    return f"arriving.{source}"


def insert(connection: duckdb.DuckDBPyConnection, rows: pa.Table, table: str) -> None:
    """Add rows to a table, whose columns they have in order."""
    # Not registered under a name: that would change the catalog, and every prepared statement would be planned anew.
    connection.from_arrow(rows).insert_into(table)


def insert_hot(connection: duckdb.DuckDBPyConnection, source: SourceTable, arrived: Arrived) -> None:
    """Add raw rows to the source's hot table."""
    insert(connection, numbered(source, arrived), f"hot.{quoted(source.name)}")


def numbered(source: SourceTable, arrived: Arrived) -> pa.Table:
    """Raw rows as the hot table has them: with what marks them, and their log offset."""
    names = [*source.columns, *tables.marks(source)]
    numbers = array("q", range(arrived.start, arrived.start + arrived.rows.num_rows))
    offsets = pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])
    return arrived.rows.select(names).append_column(tables.OFFSET, offsets)


def _stream_name(source: str) -> str:
    return f"arrow.{source}"


def _read_as(name: str, kind: str) -> str:
    """A column so written that no condition on it is left to Arrow.

    For Arrow nothing compares with NaN, where for the engine it is the largest number; what the engine asks of it for a join, or of a
    time with a zone, it refuses. DuckDB hands on conditions on columns, not on what is computed, and this costs least to compute.
    """
    value = f"CAST({quoted(name)} AS {kind})"
    return f"CASE WHEN {quoted(name)} IS NULL THEN NULL ELSE {value} END AS {quoted(name)}"


def _from(arrived: Arrived, stop: int) -> Arrived:
    skipped = min(max(stop - arrived.start, 0), arrived.rows.num_rows)
    return Arrived(arrived.rows.slice(skipped), arrived.start + skipped)
