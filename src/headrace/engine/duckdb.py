"""The embedded engine: delta programs, state and current results in one DuckDB file, committed with the epoch's offsets."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import duckdb
import pyarrow as pa
from sqlglot import exp

from headrace.engine import records, tables
from headrace.engine.arriving import (
    ROWS_TO_READ_DIRECTLY,
    Stream,
    Streams,
    Waiting,
    arriving_name,
    insert,
    insert_hot,
    numbered,
)
from headrace.engine.compare import differing
from headrace.engine.counted import CountedRows
from headrace.engine.functions import register
from headrace.engine.lateness import LEDGER, Watermarks, ledger
from headrace.engine.oracle import DuckDBOracle
from headrace.engine.programs import (
    Prepared,
    Runner,
    create_delta,
    create_states,
    drop_states,
    empty_name,
    fingerprint,
    instant,
)
from headrace.engine.protocol import (
    Arrived,
    Asked,
    Committed,
    Counted,
    Mark,
    OnStart,
    Pace,
    Recomputed,
    Result,
    SourceTable,
)
from headrace.engine.render import Place, delta_name, listed, quoted, render
from headrace.engine.sealing import Seals
from headrace.engine.session import engine_error, open_database, streamed, transaction
from headrace.errors import EngineError
from headrace.project import Function
from headrace.sql import WEIGHT, Program, called

# How long to wait for readers, when state has to be saved.
BUSY_SECONDS = 0.1
# Queries beside the epochs: more of them wait, so that they cannot starve the epochs.
MAX_QUERIES = 4
# UUID, TIMETZ, BIT and others leave DuckDB as what they are, not as what Arrow has that is nearest.
_LOSSLESS = "SET SESSION arrow_lossless_conversion = true"
# What watermarks have made final is let go of after so many rows, or epochs if they are small: each time costs a scan of the states.
FORGET_ROWS = 400_000
FORGET_EPOCHS = 50
# A temporary table that is emptied keeps the memory of its rows, and every look at it passes over them, until a checkpoint of the
# temporary tables: after so many rows, or epochs if they are small.
CLEAR_ROWS = 500_000
CLEAR_EPOCHS = 20
# Measured on two cores: an epoch of fewer rows takes half the time on one thread; handing statements to several costs more than it
# gains.
ROWS_FOR_THREADS = 50_000

# On Nexmark, epochs held under one second took up to twice the time of these.
PACE = Pace(first_rows=25_000, seconds=4.0)

_META = """
CREATE SCHEMA IF NOT EXISTS state;
CREATE SCHEMA IF NOT EXISTS live;
CREATE SCHEMA IF NOT EXISTS hot;
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS headrace;
CREATE TABLE IF NOT EXISTS headrace.mark (epoch BIGINT, time TIMESTAMP, offsets VARCHAR);
CREATE TABLE IF NOT EXISTS headrace.models (name VARCHAR, fingerprint VARCHAR);
CREATE TABLE IF NOT EXISTS headrace.sources (name VARCHAR, definition VARCHAR);
CREATE TABLE IF NOT EXISTS headrace.mirrors (name VARCHAR, made VARCHAR);
"""


class DuckDBEngine:
    """See :class:`headrace.engine.protocol.Engine`.

    Args:
        path: the state file.
        lake: the folder, or the URL, below which history's files are; the only place outside ``path`` that SQL can read.
        functions: those of the project, by name.
        preparation: statements that it takes to read there.
        read_directly: an epoch of so many rows of a source is read from Arrow; a smaller one goes into a table first.
    """

    def __init__(
        self,
        path: Path,
        lake: Path | str,
        functions: Mapping[str, Function] = MappingProxyType({}),
        *,
        preparation: Sequence[str] = (),
        read_directly: int = ROWS_TO_READ_DIRECTLY,
    ) -> None:
        self.oracle = DuckDBOracle(functions)
        self._functions = functions
        self._read_directly = read_directly
        self._path = path
        self._connection = open_database(path, [lake], preparation)
        register(self._connection, functions)
        self._connection.execute(_META)
        self._watermarks = Watermarks(self._connection)
        self._counted = CountedRows(self._connection)
        self._seals = Seals(self._connection)
        self._unforgotten = Counter[str]()
        self._uncleared = Counter[str]()
        self._durable = _mark(self._connection)
        self._threads = self._using = os.cpu_count() or 1
        self._runner = Runner(self._connection)
        self._streams = Streams(self._connection)
        self._waiting = Waiting(self._connection)
        self._lock = threading.RLock()
        self._queries = threading.BoundedSemaphore(MAX_QUERIES)
        self._sources: dict[str, SourceTable] = {}
        self._programs: dict[str, Prepared] = {}
        self._batches: dict[str, Program] = {}
        self._history: dict[str, tuple[int, str]] = {}
        # While models are installed: relations that are known to have no rows, so that what is built on them need not look.
        self._rowless: set[str] = set()
        self._records: Stream | None = None
        # Models that the last epoch, a reconcile, has built anew: what it changed of them is the difference.
        self._differences: frozenset[str] = frozenset()

    pace = PACE

    def mark(self) -> Mark:
        with self._lock:
            return _mark(self._connection)

    def durable(self) -> Mark:
        """The last epoch whose state would survive a crash: later ones are run again from the log."""
        return self._durable

    def to_restore(self, last: Mark) -> Mark | None:
        return None if self.mark().epoch else last

    def restore(
        self,
        mark: Mark,
        sources: Sequence[SourceTable],
        arrived: Mapping[str, Arrived],
        epochs: Sequence[Mapping[str, int]] = (),
        counted: Sequence[Counted] = (),
    ) -> None:
        """Start an empty state file at ``mark``, with the rows that are not in the lake; models are built by install."""
        with self._lock, self._doing("restoring state"), transaction(self._connection):
            self._counted.add([one for one in counted if one.epoch <= mark.epoch])
            for source in sources:
                tables.create_source(self._connection, source)
                tables.show(
                    self._connection,
                    source,
                    self._history.get(source.name, (0, ""))[1],
                    self._counted.below(source.name),
                )
                if source.sets_aside is not None:
                    self._mark_again(source, arrived.get(source.name), epochs)
                elif source.name in arrived:
                    insert_hot(self._connection, source, arrived[source.name])
                if source.changelog:
                    self._connection.execute(f"INSERT INTO live.{quoted(source.name)} {tables.current(source, None)}")
            _set_mark(self._connection, mark)

    def _mark_again(self, source: SourceTable, arrived: Arrived | None, epochs: Sequence[Mapping[str, int]]) -> None:
        """Rows that the lake does not have, each late or not as it was in its epoch."""
        stops = sorted({offsets.get(source.name, 0) for offsets in epochs})
        start = stop = self._history.get(source.name, (0, ""))[0]
        if arrived is not None:
            self._watermarks.restart(source, max((s for s in stops if s <= start), default=0))
            for stop in (s for s in stops if s > start):
                marked, _ = self._watermarks.marked(source, arrived.rows.slice(start - arrived.start, stop - start))
                insert_hot(self._connection, source, Arrived(marked, start))
                start = stop
        # The lake may end within an epoch: then not all of its rows have been seen here.
        self._watermarks.restart(source, stop, self._counted.below(source.name))

    def install(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        with self._lock, self._doing("installing models"):
            self._write_waiting()
            with transaction(self._connection):
                built = self._installed(sources, programs)
            # Not before: what is prepared in a transaction that changes the catalog is planned again at each use.
            self._runner.install(programs)
            return built

    def _installed(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        for source in sources:
            self._install_source(source)
        read: dict[str, tuple[str, ...]] = {}
        for program in programs:
            for name, columns in program.reads.items():
                read[name] = (*read.get(name, ()), *columns)
        self._streams.install(sources, read)
        self._show_ledger(sources)
        self._programs = {program.model: Prepared(program) for program in programs}
        self._batches = {program.model: program for program in programs}
        _set_time(self._connection, None)
        known = dict(self._connection.execute("SELECT name, fingerprint FROM headrace.models").fetchall())
        for gone in known.keys() - self._programs.keys():
            drop_states(self._connection, gone)
            self._seals.drop(gone)
            self._connection.execute("DELETE FROM headrace.models WHERE name = ?", [gone])
        return self._install_programs(known)

    def _show_ledger(self, sources: Sequence[SourceTable]) -> None:
        late = ledger(sources, self._counted.of([source.name for source in sources]))
        self._connection.execute(f"CREATE OR REPLACE VIEW main.{LEDGER} AS {late}")

    def counted(self) -> list[Counted]:
        with self._lock:
            return self._counted.all()

    def reconcile(self, mark: Mark, sources: Collection[str], models: Collection[str]) -> Committed:
        with self._lock, self._doing(f"reconciling in epoch {mark.epoch}"):
            self._forget_differences()
            self._use_threads(self._threads)
            self._write_waiting()
            try:
                with transaction(self._connection):
                    changed = self._reconciled(mark, sources, models)
            except BaseException:
                self._watermarks.load()
                self._counted.load()
                self._runner.forget()
                raise
            self._runner.install([prepared.program for prepared in self._programs.values()])
        # Epochs after it would be run again after a crash, and not this one: it must not be lost. None runs meanwhile.
        while self.durable().epoch != mark.epoch:
            self.checkpoint()
            if self.durable().epoch != mark.epoch:
                time.sleep(BUSY_SECONDS)
        return Committed(mark, changed)

    def _reconciled(self, mark: Mark, sources: Collection[str], models: Collection[str]) -> dict[str, int]:
        """How many rows changed, by relation: late rows that count now, and what the models' rows have become."""
        aside = [s for name, s in self._sources.items() if name in sources and s.sets_aside is not None]
        changed = {source.name: late for source in aside if (late := self._watermarks.late(source.name))}
        counting = [source for source in aside if source.name in changed]
        self._counted.add([Counted(s.name, mark.epoch, mark.offsets.get(s.name, 0)) for s in counting])
        for source in counting:
            self._show(source)
            self._watermarks.restart(source, mark.offsets.get(source.name, 0), self._counted.below(source.name))
        self._show_ledger(list(self._sources.values()))
        anew = self._made_of({*models, *changed})
        for name in anew:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {quoted(_before_name(name))} AS FROM main.{quoted(name)}"
            )
        known = dict(self._connection.execute("SELECT name, fingerprint FROM headrace.models").fetchall())
        for name in anew:
            drop_states(self._connection, name)
            self._connection.execute("DELETE FROM headrace.models WHERE name = ?", [name])
        self._runner.catalog_changed()
        self._install_programs({name: found for name, found in known.items() if name not in anew})
        for name in anew:
            changed[name] = self._difference(name)
        self._let_all_go()  # so that the lake gets the final rows of this build, and lets go of those of the one before
        _set_mark(self._connection, mark)
        self._differences = frozenset(anew)
        return {name: rows for name, rows in changed.items() if rows}

    def _made_of(self, names: Collection[str]) -> list[str]:
        """The models among ``names``, and those that read one of them, at any remove, in order."""
        found = set(names)
        for name, prepared in self._programs.items():
            if found.intersection(prepared.program.reads):
                found.add(name)
        return [name for name in self._programs if name in found]

    def _difference(self, model: str) -> int:
        """What a model's rows have become, against what they were, as a change; how many rows that is."""
        before, columns = quoted(_before_name(model)), listed(self._programs[model].program.columns)
        change = tables.change(f"SELECT {columns} FROM {before}", f"SELECT {columns} FROM main.{quoted(model)}")
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(_difference_name(model))} AS {change}")
        self._connection.execute(f"DROP TABLE {before}")
        row = self._connection.execute(f"SELECT count(*) FROM {quoted(_difference_name(model))}").fetchone()
        return row[0] if row is not None else 0

    def run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        with self._lock, self._doing(f"running epoch {mark.epoch}"):
            # Not after the epoch: the lake may well have taken its rows before the next.
            if self._waiting.full():
                self._write_waiting()
            self._forget_differences()
            committed = None
            while committed is None:
                try:
                    committed = self._run(mark, arrived)
                except tables.CopiesError as found:
                    self._runner.has_copies(found.table)
            return committed

    def _forget_differences(self) -> None:
        for name in self._differences:
            self._connection.execute(f"DROP TABLE IF EXISTS {quoted(_difference_name(name))}")
        self._differences = frozenset()

    def _run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        """An epoch as one transaction; if it fails, all is as it was before."""
        try:
            self._shape_streams(arrived)
            with transaction(self._connection):
                committed = self._epoch(mark, arrived)
            self._waiting.committed()
            self._clear_deltas(sum(source.rows.num_rows for source in arrived.values()))
            return committed
        except BaseException:
            self._runner.forget()
            self._watermarks.load()
            self._waiting.rolled_back()
            raise

    def _shape_streams(self, arrived: Mapping[str, Arrived]) -> None:
        for name, source in self._sources.items():
            if name in arrived and not source.changelog and not self._streams.fits(source, arrived[name].rows):
                self._streams.shape(source, arrived[name].rows)
                self._runner.catalog_changed()

    def _write_waiting(self, *names: str) -> None:
        """Put raw rows that wait into the hot tables, if some of ``names`` wait; no names: all of them."""
        waiting = self._waiting.sources()
        if waiting and (not names or LEDGER in names or not waiting.isdisjoint(names)):
            with transaction(self._connection):
                self._waiting.write()
            self._waiting.written()

    def query(self, queries: Sequence[Asked], *, on_start: OnStart | None = None) -> tuple[list[Result], Mark]:
        named = _named(queries)
        with self._reading(on_start, [name for name in (*self._sources, LEDGER) if name.lower() in named]) as cursor:
            mark = _mark(cursor)
            _set_time(cursor, mark.time)
            return [self._answer(cursor, asked, None) for asked in queries], mark

    def query_at(self, queries: Sequence[Asked], mark: Mark, *, on_start: OnStart | None = None) -> list[Result]:
        with self._reading(on_start, list(self._sources)) as cursor:
            named = _named(queries)
            places = self._recomputed_at(cursor, mark, [m for m in self._batches if m in named])
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
        with self._reading(of=list(self._sources)) as cursor:
            mark = _mark(cursor)
            results: list[Recomputed] = []
            self._recomputed_at(cursor, mark, models, results)
            return mark, results

    # -- models that another engine keeps

    def mirrors(self) -> dict[str, str]:
        """The mirrored relations, each with what its content was made by."""
        with self._lock:
            return dict(self._connection.execute("SELECT name, made FROM headrace.mirrors").fetchall())

    def mirror(self, source: SourceTable, rows: pa.Table, made: str) -> None:
        """Make a mirrored relation, which is installed, hold exactly these rows, with ``__w``, until the next epoch changes it.

        Args:
            rows: of one that is published, its records.
        """
        with self._lock, self._doing(f"copying {source.name}"), transaction(self._connection):
            self._connection.execute(f"DELETE FROM live.{quoted(source.name)}")
            table = self._recorded(source, Arrived(rows, 0))
            names = listed(list(source.columns))
            self._connection.execute(
                f"INSERT INTO live.{quoted(source.name)} ({names}) SELECT {names} FROM {table} WHERE {WEIGHT} > 0"
            )
            self._connection.execute(f"TRUNCATE {table}")
            self._connection.execute("DELETE FROM headrace.mirrors WHERE name = ?", [source.name])
            self._connection.execute("INSERT INTO headrace.mirrors VALUES (?, ?)", [source.name, made])

    def towards(self, relation: str, rows: pa.Table) -> pa.Table:
        """What has to change, with ``__w``, for a relation to hold exactly these rows."""
        with self._reading(of=[relation]) as cursor:
            cursor.execute(_LOSSLESS)
            kinds = self._kinds(cursor, relation)
            cursor.register("wanted", rows)
            wanted = f"SELECT {', '.join(f'CAST({quoted(n)} AS {kind}) AS {quoted(n)}' for n, kind in kinds.items())} FROM wanted"
            there = f"SELECT {listed(list(kinds))} FROM main.{quoted(relation)}"
            found = _fetched(cursor, tables.change(there, wanted), None)
            cursor.unregister("wanted")
            return found

    def forget_mirror(self, name: str) -> None:
        """Drop a mirrored relation: it is no longer there, or has other columns."""
        with self._lock, self._doing(f"dropping {name}"), transaction(self._connection):
            for kind, place in (("VIEW", "main"), ("VIEW", "raw"), ("TABLE", "hot"), ("TABLE", "live")):
                self._connection.execute(f"DROP {kind} IF EXISTS {place}.{quoted(name)}")
            for table in ("mirrors", "sources"):
                self._connection.execute(f"DELETE FROM headrace.{table} WHERE name = ?", [name])
            self._sources.pop(name, None)

    def recomputes(self, programs: Sequence[Program]) -> None:
        """What models are as of an earlier epoch is worked out by these, whoever keeps them."""
        self._batches = {program.model: program for program in programs}

    def columns(self, relation: str) -> dict[str, str]:
        with self._reading() as cursor:
            return self._kinds(cursor, relation)

    def _kinds(self, cursor: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
        return {row[0]: row[1] for row in cursor.execute(f"DESCRIBE main.{quoted(relation)}").fetchall()}

    def untiered(self, source: str, start: int, stop: int) -> pa.Table:
        # Saving state made them hot: none of them waits.
        with self._reading() as cursor:
            cursor.execute(_LOSSLESS)
            asked = f"{tables.OFFSET} >= {start} AND {tables.OFFSET} < {stop}"
            return _fetched(cursor, f"SELECT * FROM hot.{quoted(source)} WHERE {asked} ORDER BY {tables.OFFSET}", None)

    def content(self, relation: str) -> tuple[pa.Table, Mark]:
        """Every current row of a model, with the epoch it is of."""
        with self._reading(of=[relation]) as cursor:
            cursor.execute(_LOSSLESS)
            mark = _mark(cursor)
            return _fetched(cursor, f"SELECT * FROM main.{quoted(relation)}", None), mark

    def newest(self, source: str, column: str) -> datetime | None:
        """The largest value of a time column over all of a source's rows, as an instant."""
        with self._reading(of=[source]) as cursor:
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
        with self._reading(of=[table]) as cursor:
            row = cursor.execute(f"SELECT count(*) FROM main.{quoted(table)} WHERE source = ?", [source]).fetchone()
            return row[0] if row is not None else 0

    def late(self, source: str) -> int:
        """How many rows of ``source`` are in the late-row ledger."""
        return self._watermarks.late(source)

    def generation(self, model: str) -> str | None:
        """What tells the final rows of this build of a model from those of others; None for one whose rows are never final."""
        with self._lock:
            return self._seals.generation(model)

    def final(self, model: str, start: int, limit: int) -> pa.Table:
        """At most ``limit`` of the model's final rows from number ``start`` on, with ``__offset``, that would survive a crash."""
        with self._reading() as cursor:
            cursor.execute(_LOSSLESS)
            return _fetched(cursor, self._seals.waiting(model, start), limit)

    def final_rows(self, model: str) -> int:
        """How many rows of the model are final and would survive a crash, in the lake or not."""
        return self._seals.rows(model)

    def sealed(self, model: str, generation: str, stop: int, history: str) -> None:
        """Final rows of that generation below number ``stop`` are what ``history`` selects, and their copies here are dropped."""
        with self._lock, self._doing(f"moving {model} to the lake"):
            self._seals.told(model, generation, stop, history)
            if model in self._programs:
                with transaction(self._connection):
                    self._seals.take_up(self._programs[model].program)
                self._runner.catalog_changed()

    def tiered(self, source: str, stop: int, history: str) -> None:
        with self._lock, self._doing(f"moving {source} to the lake"):
            self._history[source] = (stop, history)
            self._waiting.drop(source, stop)
            if source in self._sources:
                with transaction(self._connection):
                    self._show(self._sources[source])
                self._runner.catalog_changed()

    def _show(self, source: SourceTable) -> None:
        """Read what the lake has from there, and drop the hot rows that it has."""
        stop, history = self._history.get(source.name, (0, ""))
        self._connection.execute(f"DELETE FROM hot.{quoted(source.name)} WHERE {tables.OFFSET} < {stop}")
        tables.show(self._connection, source, history, self._counted.below(source.name))

    def sizes(self) -> dict[str, int]:
        """Rows by table: ``live.x``, ``hot.x``, ``state.x``."""
        with self._reading() as cursor:
            found = cursor.execute(
                "SELECT table_schema, table_name FROM information_schema.tables "
                "WHERE table_catalog = 'node' AND table_schema IN ('live', 'hot', 'state')"
            ).fetchall()
            if not found:
                return {}
            sealing = {name for name, p in self._programs.items() if p.program.seal is not None}
            places = {(s, t): quoted("main" if s == "live" and t in sealing else s, t) for s, t in found}
            counts = (f"SELECT '{s}.{t}', count(*) FROM {place}" for (s, t), place in places.items())
            rows = dict[str, int](cursor.execute(" UNION ALL ".join(counts)).fetchall())
        return {
            table: n + (self._waiting.rows(table[4:]) if table.startswith("hot.") else 0) for table, n in rows.items()
        }

    def checkpoint(self) -> None:
        """Make the last epoch's state durable, and give dropped rows' space back. Skipped when readers are busy."""
        with self._lock, self._doing("saving state"):
            if self._durable.epoch == (mark := _mark(self._connection)).epoch and mark.epoch:
                return
            self._write_waiting()
            try:
                self._connection.execute("CHECKPOINT node")
            except duckdb.TransactionException:
                return
            self._durable = mark
            self._seals.survives()

    def close(self) -> None:
        with self._lock:
            try:
                self.checkpoint()
            finally:
                # A database that could not be saved cannot be detached either; the file is as it was saved last.
                with suppress(duckdb.Error):
                    self._connection.execute("USE memory")
                    self._connection.execute("DETACH node")
                self._connection.close()

    def _use_threads(self, threads: int) -> None:
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
        self._show(source)
        if source.sets_aside is None:
            self._watermarks.drop(source.name)
        elif not self._watermarks.knows(source.name):
            taken = _mark(self._connection).offsets.get(source.name, 0)
            self._watermarks.restart(source, taken, self._counted.below(source.name))
        self._sources[source.name] = source
        if source.changelog:
            self._create_delta(source)

    def _create_delta(self, source: SourceTable) -> None:
        """The source's net change; for a changelog also the records that it is made of."""
        if not source.changelog:
            self._streams.create(source)
            return
        body = ", ".join(f"{quoted(name)} {kind}" for name, kind in source.columns.items())
        delta, records = quoted(delta_name(source.name)), quoted(_records_name(source.name))
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {delta} ({body}, {WEIGHT} TINYINT)")
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {records} ({tables.typed(source)}, {tables.OFFSET} BIGINT)"
        )

    def _install_programs(self, known: Mapping[str, str]) -> tuple[str, ...]:
        built: list[str] = []
        mark = _mark(self._connection)
        self._rowless = {name for name in self._sources if not self._has_rows(name)}
        for name, prepared in self._programs.items():
            program = prepared.program
            found = fingerprint(prepared, self._rests_on(program))
            fresh = known.get(name) == found and not set(program.reads) & set(built)
            if fresh and self._seals.take_up(program):
                for step in program.compute:
                    create_delta(self._connection, prepared, step)
                continue
            if name in known:
                drop_states(self._connection, name)
                self._connection.execute("DELETE FROM headrace.models WHERE name = ?", [name])
            self._build(prepared, mark)
            self._connection.execute("INSERT INTO headrace.models VALUES (?, ?)", [name, found])
            built.append(name)
        return tuple(built)

    def _rests_on(self, program: Program) -> list[str]:
        """What a model's rows rest on beside its text: the functions that it calls, and which rows its sources leave out."""
        called_ = sorted(called(program.batch) & self._functions.keys())
        asides = [
            repr((name, s.sets_aside)) for name in program.reads if (s := self._sources.get(name)) and s.sets_aside
        ]
        return [*(self._functions[name].digest for name in called_), *asides]

    def _build(self, prepared: Prepared, mark: Mark) -> None:
        """A model from all of its inputs' rows, as the first change it sees."""
        program = prepared.program
        _set_time(self._connection, mark.time)
        create_states(self._connection, prepared)
        runner = Runner(self._connection, (program,), building=True)
        change = [name for name in program.reads if name not in self._rowless]
        for name in program.reads:
            runner.filled(name, int(name in change))
        for name in change:
            self._all_is_change(name)
        building = Prepared(program, True, tuple(change), prepared.pieces)
        if not runner.compute(building, first=True):
            self._rowless.add(program.model)
        runner.advance(building)
        self._seals.start(program)
        if program.seal is not None:
            self._seals.show(program)
        runner.clear(step.name for step in program.compute)
        for name in change:
            self._connection.execute(f"DROP VIEW {quoted(delta_name(name))}")
            if name in self._sources:
                self._create_delta(self._sources[name])
            else:
                read = self._programs[name]
                create_delta(self._connection, read, read.program.compute[-1])

    def _has_rows(self, relation: str) -> bool:
        return bool(self._connection.execute(f"SELECT 1 FROM main.{quoted(relation)} LIMIT 1").fetchall())

    def _all_is_change(self, relation: str) -> None:
        """Fill ``delta.<relation>`` with all of its rows, as if there had been none before."""
        columns = listed(list(self._columns(relation)))
        whole = f"SELECT {columns}, 1::TINYINT AS {WEIGHT} FROM main.{quoted(relation)}"
        delta = quoted(delta_name(relation))
        kept = relation in self._programs and self._programs[relation].program.live is not None
        self._connection.execute(f"DROP {'VIEW' if kept else 'TABLE'} {delta}")
        self._connection.execute(f"CREATE TEMP VIEW {delta} AS {whole}")
        if relation in self._programs or self._sources[relation].changelog:
            self._connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {quoted(empty_name(relation))} AS SELECT {columns} FROM main.{quoted(relation)} LIMIT 0"
            )

    def _columns(self, relation: str) -> Sequence[str]:
        source = self._sources.get(relation)
        return list(source.columns) if source is not None else self._programs[relation].program.columns

    # -- epochs

    def _epoch(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        before = _mark(self._connection)
        moved = before.time != mark.time
        self._runner.at(mark.time, before.time)
        rows = sum(source.rows.num_rows for source in arrived.values())
        self._use_threads(self._threads if rows > ROWS_FOR_THREADS else 1)
        direct: dict[str, str] = {}
        self._runner.elsewhere(direct)
        self._streams.begin()
        for name, source in self._sources.items():
            self._runner.clear([name])
            if name not in arrived:
                continue
            if source.changelog:
                self._change(source, arrived[name])
            elif self._arrive(source, arrived[name]):
                direct[quoted(delta_name(name))] = quoted(arriving_name(name))
        self._runner.elsewhere(direct)
        ran = [p for p in self._programs.values() if self._affected(p.program, moved)]
        # Only now that every change is computed from what was there before do the tables move on.
        for source in self._sources.values():
            if source.changelog and self._runner.rows(source.name):
                self._runner.apply(source.name, list(source.columns), source.key)
        for prepared in ran:
            self._runner.advance(prepared, moved=moved)
        self._let_go(rows)
        _set_mark(self._connection, mark)
        relations = [*self._sources, *(p.program.model for p in ran)]
        return Committed(mark, {name: rows for name in relations if (rows := self._runner.rows(name))})

    def _clear_deltas(self, rows: int) -> None:
        self._uncleared.update(rows=rows, epochs=1)
        if self._uncleared["rows"] >= CLEAR_ROWS or self._uncleared["epochs"] >= CLEAR_EPOCHS:
            self._connection.execute("CHECKPOINT temp")
            self._uncleared.clear()

    def _let_go(self, rows: int) -> None:
        self._unforgotten.update(rows=rows, epochs=1)
        if self._unforgotten["rows"] >= FORGET_ROWS or self._unforgotten["epochs"] >= FORGET_EPOCHS:
            self._let_all_go()

    def _let_all_go(self) -> None:
        marks = {s.name: self._watermarks.of(s) for s in self._sources.values()}
        programs = [prepared.program for prepared in self._programs.values()]
        self._seals.let_go(programs, marks, self._runner.statements)
        self._unforgotten.clear()

    def changes(self, relation: str) -> pa.Table:
        """The net change of a relation in the last epoch, with ``__w``; on the thread that ran it, before the next."""
        with self._lock:
            if relation in self._differences:
                return _fetched(self._connection, self._changed(relation), None)
            if relation not in self._programs and not self._sources[relation].changelog:
                rows = self._streams.rows(relation)
                nothing = f"SELECT *, 1::TINYINT AS {WEIGHT} FROM main.{quoted(relation)} LIMIT 0"
                return _fetched(self._connection, nothing, None) if rows is None else rows
            text = self._changed(relation)
            straight = self._runner.straight(relation)
            return _fetched(self._connection, text if straight else self._runner.prepared(text), None)

    def records(self, relation: str, key: Sequence[str]) -> pa.Table:
        """What the last epoch left of each row of a model that it changed, as ``key`` and ``value``."""
        with self._lock, self._doing(f"publishing {relation}"):
            columns = self._kinds(self._connection, relation)
            text = records.changed(self._changed(relation), f"main.{quoted(relation)}", columns, key)
            return _fetched(self._connection, text, None)

    def all_records(self, relation: str, key: Sequence[str]) -> pa.Table:
        """Every current row of a model, as ``key`` and ``value``."""
        with self._reading(of=[relation]) as cursor:
            columns = self._kinds(cursor, relation)
            return _fetched(cursor, records.content(f"main.{quoted(relation)}", columns, key), None)

    def _changed(self, relation: str) -> str:
        """A query for the net change, in the last epoch, of a relation that is no source whose rows only arrive."""
        if relation in self._differences:
            return f"SELECT * FROM {quoted(_difference_name(relation))}"
        delta = quoted(delta_name(relation))
        prepared = self._programs.get(relation)
        if self._runner.straight(relation):
            return self._arrived_last(relation)
        if prepared is None or prepared.program.live is None:
            return f"SELECT * FROM {delta}"
        return tables.netted(delta, prepared.program.columns)

    def _arrived_last(self, model: str) -> str:
        """The rows that went into the model's table in the last epoch. None ever leave it, so they are the last."""
        table = f"live.{quoted(model)}"
        row = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        columns = listed(self._programs[model].program.columns)
        return (
            f"SELECT {columns}, 1::TINYINT AS {WEIGHT} FROM {table} WHERE rowid >= {row[0] - self._runner.rows(model)}"
        )

    def _affected(self, program: Program, moved: bool) -> bool:
        """Compute the program if something it reads has changed or time moves it; else its deltas are empty."""
        prepared = self._programs[program.model]
        if any(self._runner.rows(name) for name in program.reads) or (program.timely and moved):
            self._runner.compute(prepared, moved=moved)
            return True
        self._runner.clear(step.name for step in program.compute)
        return False

    def _arrive(self, source: SourceTable, arrived: Arrived) -> bool:
        """Rows of a source whose rows only arrive; whether its change is to be read from Arrow."""
        taken = arrived.rows
        if source.sets_aside is not None:
            arrived, taken = self._marked(source, arrived)
        self._waiting.keep(source, arrived)
        self._streams.take(source, taken)
        if taken.num_rows >= self._read_directly and not self._runner.viewed(source.name):
            self._runner.filled(source.name, taken.num_rows)
            return True
        self._runner.fill(source.name, self._streams.copy(source.name))
        return False

    def _marked(self, source: SourceTable, arrived: Arrived) -> tuple[Arrived, pa.Table]:
        """Rows with the mark of those that are late, and those that are not; as if each epoch had been taken by itself."""
        bounds = [arrived.start, *arrived.stops, arrived.start + arrived.rows.num_rows]
        parts = [
            self._watermarks.marked(source, arrived.rows.slice(start - arrived.start, stop - start))
            for start, stop in pairwise(bounds)
            if stop > start
        ]
        marked, taken = (pa.concat_tables(tables_) for tables_ in zip(*parts, strict=True))
        return Arrived(marked, arrived.start), taken

    def _change(self, source: SourceTable, arrived: Arrived) -> None:
        """The records of a changelog: its delta is what they come to."""
        if not source.mirrored:
            self._waiting.keep(source, arrived)
        self._runner.fill(source.name, _net(source, self._recorded(source, arrived)))

    def _recorded(self, source: SourceTable, arrived: Arrived) -> str:
        """The temporary table with these changes of a changelog."""
        table = quoted(_records_name(source.name))
        self._connection.execute(f"TRUNCATE {table}")
        if not source.published:
            insert(self._connection, numbered(source, arrived), table)
            return table
        if self._records is None:
            self._records = Stream(arrived.rows.schema)
            self._connection.register("arrow.records", self._records)
        self._records.rows = arrived.rows
        moves = records.moves('"arrow.records"', f"live.{quoted(source.name)}", source.columns, source.key)
        self._connection.execute(f"INSERT INTO {table} {moves}")
        self._records.rows = arrived.rows.schema.empty_table()
        return table

    # -- batch

    def _recomputed_at(
        self,
        cursor: duckdb.DuckDBPyConnection,
        mark: Mark,
        models: Sequence[str],
        results: list[Recomputed] | None = None,
    ) -> Place:
        """Temporary tables with everything ``models`` read, and themselves, recomputed from raw rows up to ``mark``."""
        _set_time(cursor, mark.time)
        needed = self._upstream(models)
        for name, source in self._sources.items():
            if source.mirrored:
                continue
            body = tables.current(source, mark.offsets.get(name, 0), self._counted.below(name, mark.epoch))
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(_batch_name(name))} AS {body}")
        late = ledger(list(self._sources.values()), self._counted.of(list(self._sources), mark.epoch), mark.offsets)
        cursor.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(_batch_name(LEDGER))} AS {late}")

        def place(name: str) -> exp.Table | None:
            known = name in self._sources or name in self._batches or name == LEDGER
            return exp.table_(_batch_name(name), quoted=True) if known else None

        for name, program in self._batches.items():
            if name not in needed:
                continue
            started = time.perf_counter()
            table = quoted(_batch_name(name))
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {render(program.batch, place)}")
            if results is not None and name in models:
                results.append(self._compared(cursor, name, table, started))
        return place

    def _compared(self, cursor: duckdb.DuckDBPyConnection, name: str, table: str, started: float) -> Recomputed:
        columns = [(row[0], row[1]) for row in cursor.execute(f"DESCRIBE {table}").fetchall()]
        missing, extra = differing(cursor, table, f"main.{quoted(name)}", columns)
        rows = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
        return Recomputed(name, rows[0] if rows else 0, missing, extra, time.perf_counter() - started)

    def _upstream(self, models: Sequence[str]) -> set[str]:
        needed = set(models)
        for name in reversed(list(self._batches)):
            if name in needed:
                needed.update(r for r in self._batches[name].reads if r in self._batches)
        return needed

    @contextmanager
    def _reading(self, on_start: OnStart | None = None, of: Sequence[str] = ()) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own inside one transaction: everything read is as of one epoch.

        Args:
            of: sources whose rows are to be read.
        """
        with self._queries, self._doing("reading"):
            cursor = self._connection.cursor()
            try:
                cursor.execute("USE node")
                cursor.execute("SET TimeZone = 'UTC'")
                if of:
                    with self._lock:
                        self._write_waiting(*of)
                        self._begin(cursor)
                else:
                    self._begin(cursor)
                if on_start is not None:
                    on_start(cursor.interrupt)
                yield cursor
            finally:
                cursor.close()

    def _begin(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute("BEGIN")
        # A transaction sees a database as it is when it first reads from it.
        _mark(cursor)

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise engine_error(error, what) from error


def _named(queries: Sequence[Asked]) -> set[str]:
    """The tables that queries name, in lower case."""
    return {table.name.lower() for asked in queries for table in asked.query.find_all(exp.Table)}


def _records_name(source: str) -> str:
    """A temporary table with the change records of a changelog that the running epoch takes."""
    return f"records.{source}"


def _net(source: SourceTable, records: str) -> str:
    """What change records come to, against the rows there were."""
    columns = listed(list(source.columns))
    live = f"live.{quoted(source.name)}"
    if source.key:
        latest = f"SELECT * FROM {records} QUALIFY row_number() OVER (PARTITION BY {listed(source.key)} ORDER BY {tables.OFFSET} DESC) = 1"
        same = " AND ".join(f"l.{quoted(k)} IS NOT DISTINCT FROM f.{quoted(k)}" for k in source.key)
        # Not EXISTS: where NULLs match, the engine then copies the whole table.
        before = f"SELECT {listed(list(source.columns), 'l.')} FROM {live} AS l SEMI JOIN {records} AS f ON {same}"
        arriving = f"SELECT {columns}, 1 AS {WEIGHT} FROM ({latest}) WHERE {WEIGHT} > 0"
        moves = f"({arriving} UNION ALL SELECT {columns}, -1 FROM ({before}))"
    else:
        moves = records
    return tables.netted(moves, list(source.columns))


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


def _set_time(connection: duckdb.DuckDBPyConnection, now: datetime | None) -> None:
    """The logical time that statements which are run once see."""
    connection.execute(f"SET VARIABLE now = {instant(now)}")
    connection.execute(f"SET VARIABLE previous = {instant(now)}")


def _fetched(cursor: duckdb.DuckDBPyConnection, text: str, limit: int | None) -> pa.Table:
    """The result, at most ``limit`` rows of it."""
    reader = cursor.execute(text).to_arrow_reader(100_000)
    batches: list[pa.RecordBatch] = []
    left = limit
    try:
        for batch in reader:
            batches.append(batch if left is None else batch.slice(0, left))
            if left is not None:
                left -= batch.num_rows
                if left <= 0:
                    break
    except OSError as error:
        raise streamed(error) from error
    return pa.Table.from_batches(batches, reader.schema)


def _before_name(model: str) -> str:
    """A temporary table with a model's rows as they were before a reconcile."""
    return f"before.{model}"


def _difference_name(model: str) -> str:
    """A temporary table with what a reconcile has changed of a model."""
    return f"difference.{model}"


def _batch_name(name: str) -> str:
    return f"batch.{name}"


def _words(definition: str) -> str:
    columns, changelog, key = json.loads(definition)
    text = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"({text}){' changelog' if changelog else ''}{' keyed by ' + ', '.join(key) if key else ''}"
