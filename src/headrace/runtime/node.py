"""The running node: everything of a project on one data directory, in one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pyarrow as pa
import structlog

from headrace.engine import Arrived, Committed, Engine, Mark, OnStart, Recomputed
from headrace.errors import EngineError, HeadraceError, LogError, SqlError, UsageError
from headrace.govern import Standing
from headrace.ingest import open_reader, parse_push, resolve
from headrace.log import Stored
from headrace.project import Dashboard, Project, PushSource, Report, Source
from headrace.runtime.answers import Answer, Answers, Ask, Question
from headrace.runtime.assemble import REJECTED, assemble
from headrace.runtime.datadir import DataDir
from headrace.runtime.decide import EPOCH_ROWS, complete_to, iso, shown
from headrace.runtime.defects import as_ours
from headrace.runtime.explained import explained
from headrace.runtime.governed import Catalogs, PublishedContracts, check
from headrace.runtime.intake import Intake, parts_of, reader_position
from headrace.runtime.loop import EpochLoop
from headrace.runtime.products import ContractWatch, Found, described, promised
from headrace.runtime.publishing import Publishing, build_of
from headrace.runtime.receipts import Receipts, verdict_of
from headrace.runtime.reconciling import CountedFile, proof_interval, reconciled_models, reconciled_sources
from headrace.runtime.services import SILENT, Backoff, Waits, open_engine, open_history, open_log, open_publisher
from headrace.runtime.tiering import History, Tiering, take_up
from headrace.security import Principal
from headrace.sql import nearest

log_ = structlog.get_logger("headrace.node")
T = TypeVar("T")

INTAKE_ROWS = 50_000
PROGRESS_SECONDS = 0.2
PROMISES_SECONDS = 2.0
# Epochs may have to wait for a proof, which can take minutes: then it is made less often than it was asked for.
PARITY_REST = 5.0


@dataclass(frozen=True)
class Settings:
    """How a node runs.

    Attributes:
        epoch_rows: rows an epoch takes at most.
        full_speed: it is there to catch up: replays do not keep to their pace, bounded input is taken as fast as it can be, and models
            are proven only when that is asked for.
        intake: read the sources; without it the node only answers from what is there.
    """

    epoch_rows: int = EPOCH_ROWS
    full_speed: bool = False
    intake: bool = True


@dataclass(frozen=True)
class EpochResult:
    """What one committed epoch did. ``changes`` may be called on the epoch thread, in the callback."""

    epoch: int
    time: datetime | None
    changed: frozenset[str]
    changes: Callable[[str], pa.Table]


class Node:
    """See the module. :meth:`open` takes the data directory; :meth:`start` sets everything in motion; :meth:`close` ends it.

    Args:
        clock: the time of day, UTC.
    """

    def __init__(self, project: Project, data: DataDir, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.project = project
        self.data = data
        self._settings = settings
        self._clock = clock
        self._watchers: dict[int, Callable[[EpochResult], None]] = {}
        self._changed_at: dict[str, int] = {}
        self._intakes: dict[str, Intake] = {}
        self._failure: HeadraceError | None = None
        self._waits = Waits()
        self._said: dict[str, Any] = {}
        """Answers of log and engine to what a status asks, by what was asked."""
        self._ended = threading.Event()
        self._opened: list[Callable[[], None]] = []
        """What closes the parts that are open, in the order in which they were opened."""
        self._proving = threading.Lock()
        self._publishing: Publishing | None = None
        self._same = False
        """The state is what it was when the node ended: no part of it was made again."""
        self.built: tuple[str, ...] = ()
        """Models that were made from history when the node opened."""

    # -- life

    def open(self) -> None:
        """Open log, lake and engine, compile the models, build what is new, and run the epochs a crash left unfinished."""
        self.data.hold()
        try:
            self._open()
        except BaseException:
            for end in reversed(self._opened):
                _tried(end)
            self.data.release()
            raise

    def start(self) -> None:
        """Read the sources, run epochs, move history to the lake, publish and prove."""
        self._begin_publishing()
        self._loop.start()
        self._tiering.start()
        for intake in self._intakes.values():
            intake.start()
        if proof_interval(self.project) is not None and not self._settings.full_speed:
            threading.Thread(target=self._prove_regularly, name="parity", daemon=True).start()
        if self.project.products:
            threading.Thread(target=self._watch_promises, name="promises", daemon=True).start()

    def run_until_caught_up(self, progress: Callable[[Mapping[str, Any]], None]) -> None:
        """Take all bounded input, and what is there of the rest; then move everything to the lake.

        Args:
            progress: called a few times a second with epoch, records read, rows per second, and rows behind.
        """
        while not self._patiently("catching up", self._caught_up) and not self._ended.wait(PROGRESS_SECONDS):
            progress(self._headway())
        self.check()
        if reconciled_models(self.project):
            try:
                self._patiently("reconciling", self.reconcile)
            except HeadraceError:
                self.check()  # what stopped the node is what there is to tell
                raise
        try:
            self._patiently("tiering", self._tiering.flush)
        except Exception as error:  # noqa: BLE001 - whatever it was, the node is not to try again as it closes
            self._fail(as_ours(error, "moving history to the lake"))
        while self._publishing is not None and not self._publishing.idle and not self._ended.wait(PROGRESS_SECONDS):
            pass
        self.check()

    def check(self) -> None:
        """Raise what stopped the node, if anything has."""
        if self._failure is not None:
            raise self._failure

    def wait(self, seconds: float) -> bool:
        """Wait; true when the node has been told to end, or has failed."""
        return self._ended.wait(seconds)

    def end(self) -> None:
        """Ask whoever waits to close the node. May be called from a signal handler."""
        self._ended.set()

    def close(self) -> None:
        """Stop reading, finish the epoch that runs, move history to the lake, let the data directory go."""
        self._ended.set()
        for intake in self._intakes.values():
            intake.stop()
        for intake in self._intakes.values():
            if intake.is_alive():
                intake.join()
        if self._publishing is not None:
            self._publishing.release()
        self._loop.stop()
        self._tiering.stop()
        if self._publishing is not None:
            self._publishing.close()
        ends = [*reversed(self._opened), self.data.release]
        if self._failure is None and self._settings.intake:
            ends.insert(0, self._tiering.flush)
        failed = [error for end in ends if (error := _tried(end)) is not None]
        # What stopped the node is told by check(); that it then could not be closed in order adds nothing.
        if failed and self._failure is None:
            raise failed[0]

    # -- questions

    def query(
        self,
        sql: str,
        principal: Principal,
        *,
        as_of: int | datetime | None = None,
        limit: int | None = None,
        on_start: OnStart | None = None,
    ) -> Answer:
        """One SELECT, at the newest epoch or at the one named.

        Raises:
            AccessDenied, SqlError, UsageError: the gate's; EngineError: the engine's.
        """
        question = Ask(sql, None, limit)
        if as_of is not None:
            return self._answers.at(question, principal, as_of, on_start)
        answer = self._answers.all([question], principal, on_start)[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def query_all(
        self, questions: Sequence[Question], principal: Principal, *, on_start: OnStart | None = None
    ) -> Sequence[Answer | Exception]:
        """Several SELECTs as of one epoch; a failed one is its error."""
        return self._answers.all(questions, principal, on_start)

    def push(self, source: str, body: bytes, content_type: str, key: str | None) -> dict[str, Any]:
        """Append pushed rows: durable when it returns.

        Raises:
            UsageError: HR-111, there is no such push source.
            SourceError: the body cannot be read at all.
        """
        declared = self._push_source(source)
        chunk = parse_push(declared, body, content_type)
        parts = parts_of(source, chunk.rows, chunk.rejected, self._clock())
        offsets: Mapping[str, tuple[int, int]] = {}
        duplicate = False
        if parts:
            receipt = self._log.append(parts, source=source, key=key)
            offsets, duplicate = receipt.offsets, receipt.duplicate
        return {
            "read": chunk.read,
            "kept": chunk.kept,
            "rejected": chunk.read - chunk.kept,
            "offsets": {stream: list(span) for stream, span in offsets.items()},
            "duplicate": duplicate,
        }

    # -- proof

    def parity(self, models: Sequence[str] = ()) -> dict[str, Any]:
        """Recompute models from history and compare; every model when none is named. Receipts are stored.

        Raises:
            UsageError: HR-112, an unknown model.
        """
        for name in models:
            if name not in self.project.models:
                near = nearest(name, self.project.models)
                raise UsageError(
                    f"there is no model {name!r}",
                    code="HR-112",
                    fix=f"did you mean {near}?" if near else f"models: {', '.join(self.project.models)}",
                )
        with self._proving:
            mark, results = self._engine.recompute(list(models) or list(self.project.models))
            receipts = [self._receipt(mark, result) for result in results]
            self._receipts.add(receipts)
            if self._publishing is not None:
                self._publishing.receipts(self._receipts.newest())
        return {"epoch": mark.epoch, "models": receipts}

    def reconcile(self) -> dict[str, Any]:
        """Count late rows in, recompute the models of the lambda pattern, and replace what differs by the recompute.

        Raises:
            UsageError: HR-121, the project has no such pattern.
            EngineError: HR-618, the engine cannot build models while it runs; what differs is in the receipts.
        """
        sources, models = reconciled_sources(self.project), reconciled_models(self.project)
        if not sources | models:
            raise UsageError(
                f"there is nothing to reconcile: the pattern is {self.project.pattern}",
                code="HR-121",
                state="nothing was changed",
                fix="write `pattern: lambda`; models are compared, and not changed, by `headrace parity`",
            )
        late = {name: rows for name in sorted(sources) if (rows := self._engine.late(name))}
        changed: dict[str, int] = {}
        if late:
            changed.update(self._reconciled(sources, ()))
        found = self._proven({*models, *changed})
        if differing := [receipt["model"] for receipt in found["models"] if not receipt["equal"]]:
            for name, rows in self._reconciled((), differing).items():
                changed[name] = changed.get(name, 0) + rows
            found = self._proven({*models, *changed})
        return {
            **found,
            "late": late,
            "changed": {name: changed[name] for name in self.project.models if name in changed},
        }

    def _proven(self, names: Collection[str]) -> dict[str, Any]:
        """Receipts of the models among these; of none where there are none."""
        models = [name for name in self.project.models if name in names]
        return self.parity(models) if models else {"epoch": self._loop.mark.epoch, "models": []}

    def _reconciled(self, sources: Iterable[str], models: Sequence[str]) -> Mapping[str, int]:
        with (
            self._proving
        ):  # a proof reads for as long as it takes, and what is reconciled could not be saved meanwhile
            committed = self._loop.reconcile(frozenset(sources), models)
        CountedFile(self.data.counted).write(self._engine.counted())
        return committed.changed

    def _reconcile_regularly(self) -> None:
        """Reconcile, and prove what the pattern leaves alone if all is to be proven."""
        found = self.reconcile()
        if self.project.parity.every is not None:
            self._proven(self.project.models.keys() - {receipt["model"] for receipt in found["models"]})

    def receipts(self) -> dict[str, dict[str, Any]]:
        """The newest receipt of each model that has one."""
        return self._receipts.newest()

    # -- description

    def explain(self, model: str, *, measured: bool = False) -> dict[str, Any]:
        """How a model is maintained: columns, operators and the rule of each, state and its bound.

        Args:
            measured: estimate what an epoch costs with what is kept now; that takes a look at every table.
        """
        if model not in self.project.models:
            near = nearest(model, self.project.models)
            raise UsageError(
                f"there is no model {model!r}", code="HR-112", fix=f"did you mean {near}?" if near else "see models/"
            )
        sizes = self._engine.sizes() if measured else None
        return explained(self._assembly.program(model), self._assembly.relations[model], self.project, sizes)

    def lineage(self) -> dict[str, Any]:
        """Sources, models, dashboards and reports, and what reads what."""
        sizes = self._sizes()
        receipts = self.receipts()
        nodes: list[dict[str, Any]] = []
        edges: list[list[str]] = []
        for name, source in self.project.sources.items():
            nodes.append(
                {
                    "id": name,
                    "kind": "source",
                    "label": name,
                    "rows": self._loop.mark.offsets.get(name, 0),
                    "source_kind": source.kind,
                }
            )
        for program in self._assembly.programs:
            name = program.model
            receipt = receipts.get(name)
            nodes.append(
                {
                    "id": name,
                    "kind": "model",
                    "label": name,
                    "rows": sizes.get(f"live.{name}", 0),
                    "parity": verdict_of(receipt),
                }
            )
            edges += [[read, name] for read in program.reads]
        pages: list[tuple[str, Dashboard | Report, list[str]]] = [
            ("dashboard", p, [t.sql for t in p.tiles]) for p in self.project.dashboards.values()
        ]
        pages += [("report", r, [s.sql for s in r.sections if s.sql]) for r in self.project.reports.values()]
        for kind, page, queries in pages:
            identity = f"{kind}:{page.name}"
            nodes.append({"id": identity, "kind": kind, "label": page.title, "name": page.name})
            read = {r for sql in queries for r in self._answers.relations_of(sql)}
            edges += [[relation, identity] for relation in sorted(read)]
        return {"nodes": nodes, "edges": edges}

    def status(self) -> dict[str, Any]:
        """Health: epoch, rates, lag, counts by source, rows and watermark by model."""
        (ends, held), mark, sizes = self._stored_lately(), self._loop.mark, self._sizes()
        rows_per_second, epochs_per_second = self._loop.rates()
        sources = [self._source_status(name, mark, ends) for name in self.project.sources]
        moment = iso(shown(mark.time))
        return {
            "name": self.project.name,
            "epoch": mark.epoch,
            "time": moment,
            "as_of": moment,
            "complete_to": iso(self._complete_to(self.project.sources)),
            "rows_per_second": rows_per_second,
            "epochs_per_second": epochs_per_second,
            "lag_rows": sum(source["lag_rows"] for source in sources),
            "caught_up": self._has_taken(ends),
            "waiting": self._waits.told(),
            "sources": sources,
            "models": [self._model_status(name, sizes) for name in self.project.models],
            "products": self._promises(mark, ends),
            "state_rows": {name: rows for name, rows in sizes.items() if name.startswith("state.")},
            "log": {stream: {"rows": stored.rows, "bytes": stored.bytes} for stream, stored in held.items()},
        }

    def _stored_lately(self) -> tuple[Mapping[str, int], Mapping[str, Stored]]:
        """What the log has; what it had when it last said so, while it does not answer."""
        if "log" in self._said and self._waits.of(LogError):
            found: tuple[Mapping[str, int], Mapping[str, Stored]] = self._said["log"]
            return found
        return self._lately("log", lambda: (self._log.ends(), self._log.counts()))

    def _lately(self, what: str, ask: Callable[[], T]) -> T:
        """What is said of it; while nobody answers, what was said last.

        Raises:
            HeadraceError: what does not heal by itself; or nothing has been said yet.
        """
        try:
            self._said[what] = ask()
        except HeadraceError as error:
            if error.code not in SILENT or what not in self._said:
                raise
        found: T = self._said[what]
        return found

    def _sizes(self) -> Mapping[str, int]:
        return self._lately("sizes", self._engine.sizes)

    def products(self) -> list[dict[str, Any]]:
        """Published products: who answers for each, its contract, and how it stands to its promises."""
        ends, mark, sizes = self._stored_lately()[0], self._loop.mark, self._sizes()
        entries = []
        for name, product in self.project.products.items():
            parity = verdict_of(self.receipts().get(name))
            rows, broken = sizes.get(f"live.{name}", 0), self._contracts.broken(product)
            found = Found(rows, parity, shown(mark.time), self._complete_to([name]), broken)
            entries.append(described(product, self.project, self._assembly, self._standing(name, mark, ends), found))
        return entries

    def watch(self, callback: Callable[[EpochResult], None]) -> Callable[[], None]:
        """Call back after every commit, on the epoch thread. Returns what ends the watch."""
        key = id(callback) ^ time.monotonic_ns()
        self._watchers[key] = callback
        return lambda: self._watchers.pop(key, None) and None

    # -- inside

    def _open(self) -> None:
        settings, project = self._settings, self.project
        self._log = open_log(project, self.data, self._clock)
        self._opened.append(self._log.close)
        self._lake = open_history(project, self.data)
        self._opened.append(self._lake.close)
        self._engine = self._open_engine()
        self._opened.append(self._engine.close)
        self._receipts = self._open_receipts()
        known = self._engine.definitions()
        self._assembly = assemble(project, self._engine.oracle, lambda source: self._columns(source, known))
        check(project, self._assembly)
        published = PublishedContracts(self.data.contracts)
        published.check(project)
        self._assembled()
        tables = list(self._assembly.sources.values())
        history = {t.name: self._history(t.name) for t in tables}
        for name, (covered, selected) in history.items():
            self._engine.tiered(name, covered, selected)
        restored = self._restore({name: covered for name, (covered, _) in history.items()})
        CountedFile(self.data.counted).write(self._engine.counted())
        for model in project.models:
            take_up(model, self._engine, self._lake)
        built = self._engine.install(tables, self._assembly.programs)
        self._receipts.forget(built)
        self.built = built if self._engine.mark().epoch else ()
        self._loop = self._make_loop()
        self._tiering = self._make_tiering()
        catalogs = Catalogs(project, self._assembly)
        self._answers = Answers(
            self._engine, self._log, self._assembly.relations, catalogs.of, self._complete_to, self._verdict
        )
        self._contracts = ContractWatch(self.query, self._assembly.program, self._changed_at)
        again = self._loop.recover()
        self._stored_lately()
        self._same = not (restored or built or again)
        if settings.intake:
            published.publish(project)
            self._open_intakes()

    def _open_engine(self) -> Engine:
        return open_engine(self.project, self.data, self._lake)

    def _open_receipts(self) -> Receipts:
        return Receipts(self.data.receipts)

    def _assembled(self) -> None:
        """The models are compiled, and nothing has been done with them."""

    @property
    def _event_times(self) -> dict[str, str]:
        return {s.name: s.event_time for s in self.project.sources.values() if s.event_time}

    def _make_loop(self) -> EpochLoop:
        return EpochLoop(
            self._log,
            self._engine,
            frozenset(self._assembly.sources),
            self._event_times,
            self._clock if self.project.clock == "wall" else None,
            any(p.timely for p in self._assembly.programs),
            self._settings.epoch_rows,
            self._exhausted,
            self._committed,
            self._fail,
            waits=self._waits,
        )

    def _make_tiering(self) -> History:
        project = self.project
        return Tiering(
            self._engine,
            self._lake,
            self._log,
            tuple(self._assembly.sources),
            tuple(project.models),
            project.lake.commit_rows,
            project.lake.commit_age,
            project.log.retention,
            self._engine.durable,
            lambda: self._changed_at,
            self._fail,
            self._clock,
            self._waits,
        )

    def _begin_publishing(self) -> None:
        """Publish the models, if the target's log is where that can be done."""
        publisher = open_publisher(self.project, self.data, self._clock)
        if publisher is None:
            return
        keys = {program.model: program.key for program in self._assembly.programs}
        build = build_of(self._assembly, self.project)
        self._publishing = Publishing(publisher, self._engine, keys, build, self._exhausted, self._fail, self._waits)
        self._publishing.begin(same=self._same, interrupted=self._ended.is_set)
        self._publishing.receipts(self._receipts.newest())

    def _columns(self, source: Source, known: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
        """Declared, or inferred once: what more input would make of it does not change what has been kept."""
        if source.columns is None and source.name in known:
            return known[source.name]
        return resolve(source, self.project.root, cache=self.data.cache)

    def _history(self, source: str) -> tuple[int, str]:
        """Up to which offset the lake has a source's rows, and how they are selected there."""
        covered = self._lake.covered(f"raw.{source}")
        return covered, self._lake.select(f"raw.{source}") if covered else ""

    def _restore(self, covered: Mapping[str, int]) -> bool:
        """A state file that was lost is built again, from lake and log, up to the ledger's last epoch; whether it was."""
        last = self._log.last_epoch()
        at = None if last is None else self._engine.to_restore(Mark(last.id, last.offsets, last.time))
        if at is None:
            return False
        arrived = {
            name: Arrived(self._log.read(name, start, at.offsets[name]), start)
            for name, start in covered.items()
            if at.offsets.get(name, 0) > start
        }
        epochs = [epoch.offsets for epoch in self._log.epochs(0) if epoch.id <= at.epoch]
        counted = CountedFile(self.data.counted).read()
        self._engine.restore(at, list(self._assembly.sources.values()), arrived, epochs, counted)
        return True

    def _open_intakes(self) -> None:
        for name, source in self.project.sources.items():
            if isinstance(source, PushSource):
                continue
            reader = open_reader(
                source,
                self.project.root,
                position=reader_position(self._log.position(name)),
                full_speed=self._settings.full_speed,
                clock=time.monotonic,
                cache=self.data.cache,
            )
            self._intakes[name] = intake = Intake(
                name,
                reader,
                self._log,
                chunk_rows=max(1000, min(INTAKE_ROWS, self._settings.epoch_rows * 4)),
                taken=lambda name=name: self._loop.mark.offsets.get(name, 0),  # type: ignore[misc]
                failed=self._fail,
                clock=self._clock,
                waits=self._waits,
            )
            self._opened.append(intake.close)

    def _patiently(self, who: str, step: Callable[[], T]) -> T | None:
        """Do it, and again while somebody does not answer; None if the node is to end first.

        Raises:
            HeadraceError: what does not heal by itself.
        """
        silence = Backoff(who, self._ended, self._waits)
        try:
            while not self._ended.is_set():
                try:
                    found = step()
                except HeadraceError as error:
                    if error.code not in SILENT:
                        raise
                    silence.wait(error)
                else:
                    silence.reset()
                    return found
        finally:
            self._waits.end(who)
        return None

    def _headway(self) -> dict[str, Any]:
        mark, ends = self._loop.mark, self._stored_lately()[0]
        return {
            "epoch": mark.epoch,
            "read": sum(intake.counts.read for intake in self._intakes.values()),
            "rows_per_second": self._loop.rates()[0],
            "lag_rows": sum(end - mark.offsets.get(stream, 0) for stream, end in ends.items()),
        }

    @property
    def interrupted(self) -> bool:
        """Whether somebody asked it to end."""
        return self._ended.is_set()

    def _exhausted(self) -> frozenset[str]:
        return frozenset(name for name, intake in self._intakes.items() if intake.done)

    def _caught_up(self) -> bool:
        """Every source has been read to its end, or to what is there of it, and epochs have taken all of it."""
        return self._has_taken(self._log.ends())

    def _has_taken(self, ends: Mapping[str, int]) -> bool:
        if not all(intake.done or intake.idle for intake in self._intakes.values()):
            return False
        taken = self._loop.mark.offsets
        return all(taken.get(stream, 0) >= end for stream, end in ends.items() if stream in self._assembly.sources)

    def _committed(self, committed: Committed) -> None:
        epoch = committed.mark.epoch
        self._changed_at.update(dict.fromkeys(committed.changed, epoch))
        if self._publishing is not None:
            self._publishing.epoch(committed.mark, committed.changed)
        result = EpochResult(epoch, shown(committed.mark.time), frozenset(committed.changed), self._engine.changes)
        for callback in list(self._watchers.values()):
            callback(result)

    def _fail(self, error: HeadraceError) -> None:
        """The first failure stops the node; what is committed stays."""
        self._failure = self._failure or error
        self._ended.set()

    def _prove_regularly(self) -> None:
        every = proof_interval(self.project)
        reconciles = bool(reconciled_models(self.project))
        prove: Callable[[], object] = self._reconcile_regularly if reconciles else self.parity
        assert every is not None
        rest = every.total_seconds()
        while not self._ended.wait(rest):
            started = time.monotonic()
            try:
                prove()
            except Exception as error:  # noqa: BLE001 - a thread must not end in silence
                failed = as_ours(error, "proving")
                # All is as it was: the next one tries again, or there is one model fewer that is proven.
                undone = isinstance(failed, SqlError) or (reconciles and isinstance(failed, EngineError))
                if failed.code not in SILENT and not undone:
                    self._fail(failed)
                else:
                    log_.warning("models were not proven", why=failed.what)
            rest = max(every.total_seconds(), (time.monotonic() - started) * PARITY_REST)

    def _watch_promises(self) -> None:
        """Say in the log when a promise is broken, and when it is kept again."""
        kept = dict.fromkeys(self.project.products, True)
        while not self._ended.wait(PROMISES_SECONDS):
            try:
                promises = self._promises(self._loop.mark, self._stored_lately()[0])
            except Exception as error:  # noqa: BLE001 - a thread must not end in silence
                log_.warning("promises were not looked at", why=as_ours(error, "looking at promises").what)
                continue
            for found in promises:
                if found["ok"] != kept[found["name"]]:
                    kept[found["name"]] = found["ok"]
                    say = log_.info if found["ok"] else log_.warning
                    say("promises are kept again" if found["ok"] else "a promise is broken", **found)

    def _receipt(self, mark: Mark, result: Recomputed) -> dict[str, Any]:
        sources = self._assembly.upstream(result.model)
        snapshots = {s: found[-1].id for s in sorted(sources) if (found := self._lake.snapshots(f"raw.{s}"))}
        return {
            "model": result.model,
            "equal": result.missing == 0 and result.extra == 0,
            "missing": result.missing,
            "extra": result.extra,
            "rows": result.rows,
            "seconds": round(result.seconds, 6),
            "epoch": mark.epoch,
            "as_of": iso(mark.time),
            "offsets": {s: mark.offsets.get(s, 0) for s in sorted(sources)},
            "snapshot": snapshots,
            "checked_at": iso(self._clock()),
        }

    def _verdict(self, relations: Iterable[str]) -> str:
        receipts = self.receipts()
        verdicts = {verdict_of(receipts.get(name)) for name in relations if name in self.project.models}
        return next((v for v in ("differs", "unproven") if v in verdicts), "equal")

    def _complete_to(self, relations: Iterable[str]) -> datetime | None:
        sources = frozenset().union(*(self._assembly.upstream(name) for name in relations))
        declared = self.project.sources
        lateness = {
            s: declared[s].lateness.total_seconds() for s in sources if s in declared and declared[s].event_time
        }
        return complete_to(sources, self._loop.reached, lateness, self._exhausted())

    def _promises(self, mark: Mark, ends: Mapping[str, int]) -> list[dict[str, Any]]:
        """How each product stands to its promises."""
        return [
            promised(product, self._standing(name, mark, ends), self._contracts.broken(product))
            for name, product in self.project.products.items()
        ]

    @property
    def _goes_on(self) -> bool:
        """Rows are taken: it is not only opened to be asked."""
        return self._settings.intake

    def _standing(self, model: str, mark: Mark, ends: Mapping[str, int]) -> Standing:
        sources = self._assembly.upstream(model)
        going = sources - self._exhausted()
        receipt = self.receipts().get(model)
        clock = self._clock()
        return Standing(
            now=clock if self.project.clock == "wall" else shown(mark.time),
            complete_to=self._complete_to(going & self.project.sources.keys()),
            timed=any(self.project.sources[s].event_time for s in going if s in self.project.sources),
            ended=not going,
            waiting=sum(max(0, ends.get(s, 0) - mark.offsets.get(s, 0)) for s in sources),
            taken_at=shown(mark.time) if self._goes_on else None,
            equal=None if receipt is None else bool(receipt["equal"]),
            proven_at=None if receipt is None else datetime.fromisoformat(receipt["checked_at"]),
            clock=clock,
        )

    def _source_status(self, name: str, mark: Mark, ends: Mapping[str, int]) -> dict[str, Any]:
        intake = self._intakes.get(name)
        kept = intake.counts.kept if intake is not None else ends.get(name, 0)
        rejected = intake.counts.read - intake.counts.kept if intake is not None else self._rejected(name)
        reached, late = self._loop.reached.get(name), self._engine.late(name)
        return {
            "name": name,
            "read": kept + rejected,
            "kept": kept - late,
            "rejected": rejected,
            "late": late,
            "offset": mark.offsets.get(name, 0),
            "lag_rows": ends.get(name, 0) - mark.offsets.get(name, 0),
            "watermark": iso(self._complete_to([name])) if reached is not None else None,
            "done": intake.done if intake is not None else False,
        }

    def _rejected(self, name: str) -> int:
        return self._lately(f"rejected of {name}", lambda: self._engine.rejected(REJECTED, name))

    def _model_status(self, name: str, sizes: Mapping[str, int]) -> dict[str, Any]:
        return {
            "name": name,
            "rows": sizes.get(f"live.{name}", 0),
            "complete_to": iso(self._complete_to([name])),
            "parity": verdict_of(self.receipts().get(name)),
        }

    def _push_source(self, name: str) -> PushSource:
        source: Source | None = self.project.sources.get(name)
        if isinstance(source, PushSource):
            return source
        pushed = [s.name for s in self.project.sources.values() if isinstance(s, PushSource)]
        near = nearest(name, pushed)
        what = (
            f"{name} is a {source.kind} source: rows are not pushed to it" if source else f"there is no source {name!r}"
        )
        fix = (
            f"did you mean {near}?"
            if near
            else f"push sources: {', '.join(pushed) or 'none; declare one with kind: push'}"
        )
        raise UsageError(what, code="HR-111", state="nothing was written", fix=fix)


def _tried(step: Callable[[], None]) -> HeadraceError | None:
    """What kept a step of closing from being done; the next ones are still to be tried."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - each part is to be closed, whatever became of the others
        return as_ours(error, "closing the node")
    return None


__all__ = ["Answer", "EpochResult", "Node", "Settings"]
