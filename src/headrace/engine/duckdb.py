"""The embedded engine: delta programs, state and current results in one DuckDB file, committed with the epoch's offsets."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from headrace.engine import tables
from headrace.engine.compare import differing
from headrace.engine.oracle import DuckDBOracle
from headrace.engine.programs import Prepared, Runner, create_delta, create_states, drop_states, empty_name
from headrace.engine.protocol import Arrived, Asked, Committed, Mark, OnStart, Recomputed, Result, SourceTable
from headrace.engine.render import Place, delta_name, listed, quoted, render
from headrace.engine.session import engine_error, open_database, transaction
from headrace.errors import EngineError
from headrace.sql import WEIGHT, Program

# Queries beside the epochs: more of them wait, so that they cannot starve the epochs.
MAX_QUERIES = 4
# Measured on two cores: an epoch of fewer rows takes half the time on one thread.
ROWS_FOR_THREADS = 50_000

_META = """
CREATE SCHEMA IF NOT EXISTS state;
CREATE SCHEMA IF NOT EXISTS live;
CREATE SCHEMA IF NOT EXISTS hot;
CREATE SCHEMA IF NOT EXISTS headrace;
CREATE TABLE IF NOT EXISTS headrace.mark (epoch BIGINT, time TIMESTAMP, offsets VARCHAR);
CREATE TABLE IF NOT EXISTS headrace.models (name VARCHAR, fingerprint VARCHAR);
CREATE TABLE IF NOT EXISTS headrace.sources (name VARCHAR, definition VARCHAR);
"""


class DuckDBEngine:
    """See :class:`headrace.engine.protocol.Engine`.

    Args:
        path: the state file.
        lake: the folder below which history's files are; the only place outside ``path`` that SQL can read.
    """

    def __init__(self, path: Path, lake: Path) -> None:
        self.oracle = DuckDBOracle()
        self._path = path
        self._connection = open_database(path, [lake])
        self._connection.execute(_META)
        self._durable = _mark(self._connection)
        self._threads = self._using = os.cpu_count() or 1
        self._runner = Runner(self._connection)
        self._lock = threading.RLock()
        self._queries = threading.BoundedSemaphore(MAX_QUERIES)
        self._sources: dict[str, SourceTable] = {}
        self._programs: dict[str, Prepared] = {}
        self._files: dict[str, tuple[str, ...]] = {}

    def mark(self) -> Mark:
        with self._lock:
            return _mark(self._connection)

    def durable(self) -> Mark:
        """The last epoch whose state would survive a crash: later ones are run again from the log."""
        return self._durable

    def restore(self, mark: Mark, sources: Sequence[SourceTable], arrived: Mapping[str, Arrived]) -> None:
        """Start an empty state file at ``mark``, with the rows that are not in the lake; models are built by install."""
        with self._lock, self._doing("restoring state"), transaction(self._connection):
            for source in sources:
                tables.create_source(self._connection, source)
                if source.name in arrived:
                    self._keep_raw(source, arrived[source.name])
                if source.changelog:
                    body = tables.current(source, self._files.get(source.name, ()), None)
                    self._connection.execute(f"INSERT INTO live.{quoted(source.name)} {body}")
            _set_mark(self._connection, mark)

    def install(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        with self._lock, self._doing("installing models"), transaction(self._connection):
            for source in sources:
                self._install_source(source)
            self._programs = {program.model: Prepared(program) for program in programs}
            _set_times(self._connection, None, None)
            known = dict(self._connection.execute("SELECT name, fingerprint FROM headrace.models").fetchall())
            for gone in known.keys() - self._programs.keys():
                drop_states(self._connection, gone)
                self._connection.execute("DELETE FROM headrace.models WHERE name = ?", [gone])
            return self._install_programs(known)

    def run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        with self._lock, self._doing(f"running epoch {mark.epoch}"):
            self._use_threads(sum(source.rows.num_rows for source in arrived.values()))
            try:
                with transaction(self._connection):
                    return self._epoch(mark, arrived)
            except BaseException:
                self._runner.forget()
                raise

    def query(self, queries: Sequence[Asked], *, on_start: OnStart | None = None) -> tuple[list[Result], Mark]:
        with self._reading(on_start) as cursor:
            mark = _mark(cursor)
            _set_times(cursor, mark.time, mark.time)
            return [self._answer(cursor, asked, None) for asked in queries], mark

    def query_at(self, queries: Sequence[Asked], mark: Mark, *, on_start: OnStart | None = None) -> list[Result]:
        with self._reading(on_start) as cursor:
            named = {table.name.lower() for asked in queries for table in asked.query.find_all(exp.Table)}
            places = self._recomputed_at(cursor, mark, [m for m in self._programs if m in named])
            return [self._answer(cursor, asked, places) for asked in queries]

    def _answer(self, cursor: duckdb.DuckDBPyConnection, asked: Asked, place: Place | None) -> Result:
        try:
            return _fetched(cursor, render(asked.query, place), asked.limit)
        except duckdb.InterruptException as error:
            raise engine_error(error, "reading") from error
        except duckdb.Error as error:
            # DuckDB gives up a transaction on some errors; the next query of the batch then reads the newest epoch.
            cursor.execute("ROLLBACK")
            cursor.execute("BEGIN")
            return engine_error(error, "reading")

    def recompute(self, models: Sequence[str]) -> tuple[Mark, list[Recomputed]]:
        with self._reading() as cursor:
            mark = _mark(cursor)
            results: list[Recomputed] = []
            self._recomputed_at(cursor, mark, models, results)
            return mark, results

    def untiered(self, source: str, start: int) -> pa.Table:
        with self._reading() as cursor:
            text = f"SELECT * FROM hot.{quoted(source)} WHERE {tables.OFFSET} >= {start} ORDER BY {tables.OFFSET}"
            return _fetched(cursor, text, None)

    def content(self, relation: str) -> tuple[pa.Table, Mark]:
        """Every current row of a model, with the epoch it is of."""
        with self._reading() as cursor:
            mark = _mark(cursor)
            return _fetched(cursor, f"SELECT * FROM main.{quoted(relation)}", None), mark

    def newest(self, source: str, column: str) -> datetime | None:
        """The largest value of a time column over all of a source's rows, as an instant."""
        with self._reading() as cursor:
            found = _fetched(cursor, f"SELECT max({quoted(column)})::TIMESTAMP AS t FROM main.{quoted(source)}", None)
            moment: datetime | None = found["t"][0].as_py()
            return None if moment is None else moment.replace(tzinfo=UTC)

    def definitions(self) -> dict[str, dict[str, str]]:
        """The columns of each source as they were when it was first installed."""
        with self._lock:
            rows = self._connection.execute("SELECT name, definition FROM headrace.sources").fetchall()
        return {name: json.loads(definition)[0] for name, definition in rows}

    def rejected(self, table: str, source: str) -> int:
        """How many records of ``source`` are in the dead-letter table."""
        with self._reading() as cursor:
            row = cursor.execute(f"SELECT count(*) FROM main.{quoted(table)} WHERE source = ?", [source]).fetchone()
            return row[0] if row is not None else 0

    def tiered(self, source: str, stop: int, files: Sequence[str]) -> None:
        with self._lock, self._doing(f"moving {source} to the lake"):
            self._files[source] = tuple(files)
            if source not in self._sources:
                return
            with transaction(self._connection):
                self._connection.execute(f"DELETE FROM hot.{quoted(source)} WHERE {tables.OFFSET} < {stop}")
                tables.show(self._connection, self._sources[source], self._files[source])

    def sizes(self) -> dict[str, int]:
        """Rows by table: ``live.x``, ``hot.x``, ``state.x``."""
        with self._reading() as cursor:
            found = cursor.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name IN ('live', 'hot', 'state')"
            ).fetchall()
            if not found:
                return {}
            counts = (f"SELECT '{schema}.{table}', count(*) FROM {quoted(schema, table)}" for schema, table in found)
            return dict(cursor.execute(" UNION ALL ".join(counts)).fetchall())

    def checkpoint(self) -> None:
        """Make the last epoch's state durable, and give dropped rows' space back. Skipped when readers are busy."""
        with self._lock:
            if self._durable.epoch == (mark := _mark(self._connection)).epoch and mark.epoch:
                return
            try:
                self._connection.execute("CHECKPOINT node")
            except duckdb.TransactionException:
                return
            self._durable = mark

    def close(self) -> None:
        with self._lock:
            self.checkpoint()
            self._connection.execute("USE memory")
            self._connection.execute("DETACH node")
            self._connection.close()

    def _use_threads(self, rows: int) -> None:
        """One thread for small epochs: handing their statements to several costs more than it gains."""
        threads = self._threads if rows > ROWS_FOR_THREADS else 1
        if threads != self._using:
            self._connection.execute(f"SET threads = {threads}")
            self._using = threads

    # -- sources and models

    def _install_source(self, source: SourceTable) -> None:
        definition = json.dumps([dict(source.columns), source.changelog, list(source.key)])
        row = self._connection.execute(
            "SELECT definition FROM headrace.sources WHERE name = ?", [source.name]
        ).fetchone()
        if row is not None and row[0] != definition:
            raise EngineError(
                f"source {source.name} was {_words(row[0])} and is now {_words(definition)}",
                code="HR-606",
                state="the data directory is as it was",
                fix="put the old definition back, give the source a new name, or start anew with --data DIR",
            )
        if row is None:
            self._connection.execute("INSERT INTO headrace.sources VALUES (?, ?)", [source.name, definition])
        tables.create_source(self._connection, source)
        tables.show(self._connection, source, self._files.get(source.name, ()))
        self._sources[source.name] = source
        self._create_delta(source)

    def _create_delta(self, source: SourceTable) -> None:
        """The source's change: a view of the hot rows that came last, or for a changelog a table of net changes."""
        delta = quoted(delta_name(source.name))
        columns = listed(list(source.columns))
        if source.changelog:
            body = ", ".join(f"{quoted(name)} {kind}" for name, kind in source.columns.items())
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {delta} ({body}, {WEIGHT} TINYINT)")
            return
        self._runner.view(source.name)
        fresh = f"{tables.OFFSET} >= getvariable({_start_of(source.name)})"
        self._connection.execute(f"SET VARIABLE {_variable(source.name)} = {_NOTHING}::BIGINT")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {delta} AS SELECT {columns}, 1::TINYINT AS {WEIGHT} FROM hot.{quoted(source.name)} WHERE {fresh}"
        )

    def _install_programs(self, known: Mapping[str, str]) -> tuple[str, ...]:
        built: list[str] = []
        mark = _mark(self._connection)
        for name, prepared in self._programs.items():
            program = prepared.program
            fingerprint = _fingerprint(prepared)
            if known.get(name) == fingerprint and not set(program.reads) & set(built):
                for step in program.compute:
                    create_delta(self._connection, step)
                continue
            self._build(prepared, mark)
            self._connection.execute("DELETE FROM headrace.models WHERE name = ?", [name])
            self._connection.execute("INSERT INTO headrace.models VALUES (?, ?)", [name, fingerprint])
            built.append(name)
        return tuple(built)

    def _build(self, prepared: Prepared, mark: Mark) -> None:
        """A model from all of its inputs' rows, as the first change it sees."""
        program = prepared.program
        drop_states(self._connection, program.model)
        _set_times(self._connection, mark.time, mark.time)
        create_states(self._connection, program)
        tables.create_live(self._connection, program)
        for name in program.reads:
            self._all_is_change(name)
        building = Prepared(program, tuple(program.reads))
        self._runner.compute(building, first=True)
        self._runner.advance(building)
        self._runner.clear([*program.reads, *(step.name for step in program.compute)])
        for name in program.reads:
            if self._is_view(name):
                self._create_delta(self._sources[name])

    def _all_is_change(self, relation: str) -> None:
        """Fill ``delta.<relation>`` with all of its rows, as if there had been none before."""
        columns = listed(list(self._columns(relation)))
        whole = f"SELECT {columns}, 1::TINYINT AS {WEIGHT} FROM main.{quoted(relation)}"
        if self._is_view(relation):
            self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(delta_name(relation))} AS {whole}")
            self._runner.viewed(relation, 1)
        else:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {quoted(empty_name(relation))} AS SELECT {columns} FROM main.{quoted(relation)} LIMIT 0"
            )
            self._runner.fill(relation, whole)

    def _is_view(self, relation: str) -> bool:
        return relation in self._sources and not self._sources[relation].changelog

    def _columns(self, relation: str) -> Sequence[str]:
        source = self._sources.get(relation)
        return list(source.columns) if source is not None else self._programs[relation].program.columns

    # -- epochs

    def _epoch(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        before = _mark(self._connection)
        moved = before.time != mark.time
        _set_times(self._connection, mark.time, before.time)
        for name, source in self._sources.items():
            if name in arrived:
                self._arrive(source, arrived[name])
            else:
                self._nothing_of(source)
        ran = [p for p in self._programs.values() if self._affected(p.program, moved)]
        # Only now that every change is computed from what was there before do the tables move on.
        for source in self._sources.values():
            if source.changelog and self._runner.rows(source.name):
                self._runner.apply(source.name, list(source.columns), source.key)
        for prepared in ran:
            self._runner.advance(prepared, moved=moved)
        _set_mark(self._connection, mark)
        relations = [*self._sources, *(p.program.model for p in ran)]
        return Committed(mark, {name: rows for name in relations if (rows := self._runner.rows(name))})

    def changes(self, relation: str) -> pa.Table:
        """The net change of a relation in the last epoch, with ``__w``; on the thread that ran it, before the next."""
        with self._lock:
            return _fetched(self._connection, f"SELECT * FROM {quoted(delta_name(relation))}", None)

    def _affected(self, program: Program, moved: bool) -> bool:
        """Compute the program if something it reads has changed or time moves it; else its deltas are empty."""
        prepared = self._programs[program.model]
        if any(self._runner.rows(name) for name in program.reads) or (program.timely and moved):
            self._runner.compute(prepared, moved=moved)
            return True
        self._runner.clear(step.name for step in program.compute)
        return False

    def _arrive(self, source: SourceTable, arrived: Arrived) -> None:
        self._keep_raw(source, arrived)
        columns = listed(list(source.columns))
        fresh = f"SELECT * FROM hot.{quoted(source.name)} WHERE {tables.OFFSET} >= {arrived.start}"
        if not source.changelog:
            self._connection.execute(f"SET VARIABLE {_variable(source.name)} = {arrived.start}::BIGINT")
            self._runner.viewed(source.name, arrived.rows.num_rows)
            return
        live = f"live.{quoted(source.name)}"
        if source.key:
            keys = listed(source.key)
            latest = f"SELECT * FROM ({fresh}) QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY {tables.OFFSET} DESC) = 1"
            same = " AND ".join(f"l.{quoted(k)} IS NOT DISTINCT FROM f.{quoted(k)}" for k in source.key)
            before = f"SELECT {listed(list(source.columns), 'l.')} FROM {live} AS l WHERE EXISTS (SELECT 1 FROM ({latest}) AS f WHERE {same})"
            moves = f"SELECT {columns}, 1 AS __n FROM ({latest}) WHERE {WEIGHT} > 0 UNION ALL SELECT {columns}, -1 FROM ({before})"
        else:
            moves = f"SELECT {columns}, {WEIGHT} AS __n FROM ({fresh})"
        counted = f"SELECT {columns}, sum(__n)::BIGINT AS __n FROM ({moves}) GROUP BY ALL HAVING sum(__n) <> 0"
        copies = f"SELECT *, unnest(range(abs(__n))) AS __c FROM ({counted})"
        self._runner.fill(source.name, f"SELECT {columns}, sign(__n)::TINYINT FROM ({copies})")

    def _nothing_of(self, source: SourceTable) -> None:
        if not source.changelog and self._runner.rows(source.name):
            self._connection.execute(f"SET VARIABLE {_variable(source.name)} = {_NOTHING}::BIGINT")
        self._runner.clear([source.name])

    def _keep_raw(self, source: SourceTable, arrived: Arrived) -> None:
        """Add the batch to the hot table, numbered by log offset."""
        names = [*source.columns, *([WEIGHT] if source.changelog else [])]
        offsets = pa.array(range(arrived.start, arrived.start + arrived.rows.num_rows), pa.int64())
        rows = arrived.rows.append_column(tables.OFFSET, offsets)
        self._connection.register("headrace_arrived", rows)
        try:
            self._connection.execute(
                f"INSERT INTO hot.{quoted(source.name)} SELECT {listed([*names, tables.OFFSET])} FROM headrace_arrived"
            )
        finally:
            self._connection.unregister("headrace_arrived")

    # -- batch

    def _recomputed_at(
        self,
        cursor: duckdb.DuckDBPyConnection,
        mark: Mark,
        models: Sequence[str],
        results: list[Recomputed] | None = None,
    ) -> Place:
        """Temporary tables with everything ``models`` read, and themselves, recomputed from raw rows up to ``mark``."""
        _set_times(cursor, mark.time, mark.time)
        needed = self._upstream(models)
        for name, source in self._sources.items():
            body = tables.current(source, self._files.get(name, ()), mark.offsets.get(name, 0))
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(_batch_name(name))} AS {body}")

        def place(name: str) -> exp.Table | None:
            known = name in self._sources or name in self._programs
            return exp.table_(_batch_name(name), quoted=True) if known else None

        for name, prepared in self._programs.items():
            if name not in needed:
                continue
            started = time.perf_counter()
            table = quoted(_batch_name(name))
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {render(prepared.program.batch, place)}")
            if results is not None and name in models:
                results.append(self._compared(cursor, name, table, started))
        return place

    def _compared(self, cursor: duckdb.DuckDBPyConnection, name: str, table: str, started: float) -> Recomputed:
        columns = [(row[0], row[1]) for row in cursor.execute(f"DESCRIBE {table}").fetchall()]
        missing, extra = differing(cursor, table, f"live.{quoted(name)}", columns)
        rows = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
        return Recomputed(name, rows[0] if rows else 0, missing, extra, time.perf_counter() - started)

    def _upstream(self, models: Sequence[str]) -> set[str]:
        needed = set(models)
        for name in reversed(list(self._programs)):
            if name in needed:
                needed.update(r for r in self._programs[name].program.reads if r in self._programs)
        return needed

    @contextmanager
    def _reading(self, on_start: OnStart | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own inside one transaction: everything read is as of one epoch."""
        with self._queries, self._doing("reading"):
            cursor = self._connection.cursor()
            try:
                cursor.execute("USE node")
                cursor.execute("SET TimeZone = 'UTC'")
                cursor.execute("BEGIN")
                if on_start is not None:
                    on_start(cursor.interrupt)
                yield cursor
            finally:
                cursor.close()

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise engine_error(error, what) from error


# An offset that no row has.
_NOTHING = 2**62


def _variable(source: str) -> str:
    """The session variable with the offset of the first row of a source that the running epoch takes."""
    return quoted(f"headrace_start_{source}")


def _start_of(source: str) -> str:
    return f"'headrace_start_{source}'"


def _mark(connection: duckdb.DuckDBPyConnection) -> Mark:
    row = connection.execute("SELECT epoch, time, offsets FROM headrace.mark").fetchone()
    if row is None:
        return Mark(0, {}, None)
    return Mark(row[0], json.loads(row[2]), row[1].replace(tzinfo=UTC) if row[1] is not None else None)


def _set_mark(connection: duckdb.DuckDBPyConnection, mark: Mark) -> None:
    connection.execute("DELETE FROM headrace.mark")
    moment = None if mark.time is None else mark.time.astimezone(UTC).replace(tzinfo=None)
    connection.execute(
        "INSERT INTO headrace.mark VALUES (?, ?, ?)", [mark.epoch, moment, json.dumps(dict(mark.offsets))]
    )


def _set_times(connection: duckdb.DuckDBPyConnection, now: datetime | None, previous: datetime | None) -> None:
    """The logical times that programs see; before the first epoch it is 1970."""
    for name, moment in (("now", now), ("previous", previous)):
        at = (moment or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC)
        connection.execute(f"SET VARIABLE headrace_{name} = TIMESTAMPTZ '{at.isoformat(sep=' ')}'")


def _fetched(cursor: duckdb.DuckDBPyConnection, text: str, limit: int | None) -> pa.Table:
    """The result, at most ``limit`` rows of it."""
    reader = cursor.execute(text).fetch_record_batch(100_000)
    batches: list[pa.RecordBatch] = []
    left = limit
    for batch in reader:
        batches.append(batch if left is None else batch.slice(0, left))
        if left is not None:
            left -= batch.num_rows
            if left <= 0:
                break
    return pa.Table.from_batches(batches, reader.schema)


def _batch_name(name: str) -> str:
    return f"batch.{name}"


def _fingerprint(prepared: Prepared) -> str:
    steps = [render(s.query) for s in prepared.program.compute] + [text for _, text in prepared.advance]
    parts = [*steps, *(render(s.shape) for s in prepared.program.states), render(prepared.program.batch)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _words(definition: str) -> str:
    columns, changelog, key = json.loads(definition)
    text = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"({text}){' changelog' if changelog else ''}{' keyed by ' + ', '.join(key) if key else ''}"
