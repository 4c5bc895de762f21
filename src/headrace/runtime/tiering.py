"""Tiering: rows move from the engine's hot tables to the lake, by number and by age; models leave snapshots there.

Of a model whose rows become final, these move instead: the lake then has the final ones, and the engine the others.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from headrace.engine import Engine, Mark
from headrace.errors import HeadraceError, LogError
from headrace.lake import Lake
from headrace.log import Log
from headrace.runtime.services import SILENT, Waits, regularly

log_ = structlog.get_logger("headrace.tiering")

LOOK_SECONDS = 0.5
# A model's snapshot is its whole content, so it is taken again only after this many times what the last one took.
SNAPSHOT_REST = 20.0
# After this many commits a table's small files are merged, and its old snapshots forgotten.
TIDY_AFTER = 16
KEEP_SNAPSHOTS = 20
# Who still reads a former snapshot has this long to finish; a write takes less.
KEEP_FOR = timedelta(hours=1)


def take_up(model: str, engine: Engine, lake: Lake) -> None:
    """Tell the engine which final rows of a model the lake has."""
    generation = engine.generation(model)
    if generation is not None:
        stop = lake.covered(f"models.{model}", generation=generation)
        engine.sealed(model, generation, stop, lake.select(f"models.{model}") if stop else "")


class History(Protocol):
    """What a node does with the lake beside its epochs."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def flush(self) -> None:
        """Do it all, now."""


@dataclass
class _Snapshot:
    epoch: int = 0
    due: float = 0.0


@dataclass
class Tiering:
    """Moves history to the lake on its own thread.

    Args:
        mark: the last epoch that would survive a crash; what comes after it stays out of the lake until it is durable.
        changed_at: epoch in which each model last changed.
        now: the time of day, for the log's retention.
    """

    engine: Engine
    lake: Lake
    log: Log
    sources: tuple[str, ...]
    models: tuple[str, ...]
    commit_rows: int
    commit_age: timedelta
    retention: timedelta
    mark: Callable[[], Mark]
    changed_at: Callable[[], Mapping[str, int]]
    failed: Callable[[HeadraceError], None]
    now: Callable[[], datetime]
    waits: Waits = field(default_factory=Waits)
    _commits: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, float] = field(default_factory=dict)
    _snapshots: dict[str, _Snapshot] = field(default_factory=dict)
    _swept: bool = False
    _end: threading.Event = field(default_factory=threading.Event)
    _work: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="tiering", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def flush(self) -> None:
        """Everything up to the last epoch into the lake, now."""
        self.engine.checkpoint()
        with self._work:
            for source in self.sources:
                while self._tier(source):
                    pass
            for model in self.models:
                self._snapshot(model)
            self._trim()

    def covered(self, source: str) -> int:
        return self.lake.covered(f"raw.{source}")

    def _loop(self) -> None:
        regularly("tiering", "moving history to the lake", LOOK_SECONDS, self._end, self._turn, self.failed, self.waits)

    def _turn(self) -> None:
        with self._work:
            if not self._swept:
                self.lake.sweep(before=self.now() - KEEP_FOR)
                self._swept = True
            self._look()

    def _look(self) -> None:
        moved = False
        for source in self.sources:
            if self._end.is_set():
                return
            if self._due(source):
                moved |= self._tier(source)
                self._waiting.pop(source, None)
        for model in self.models:
            if not self._end.is_set() and time.monotonic() >= self._snapshots.setdefault(model, self._first()).due:
                self._snapshot(model)
        if moved:
            self._trim()

    def _first(self) -> _Snapshot:
        return _Snapshot(due=time.monotonic() + self.commit_age.total_seconds())

    def _due(self, source: str) -> bool:
        rows = self.mark().offsets.get(source, 0) - self.covered(source)
        if rows <= 0:
            return False
        since = self._waiting.setdefault(source, time.monotonic())
        return rows >= self.commit_rows or time.monotonic() - since >= self.commit_age.total_seconds()

    def _tier(self, source: str) -> bool:
        """One snapshot's worth of rows; whether there were any."""
        start = self.covered(source)
        mark = self.mark()
        limit = min(mark.offsets.get(source, 0), start + self.commit_rows * 4)
        if limit <= start:
            return False
        rows = self.engine.untiered(source, start, limit)
        if rows.num_rows:
            table, stop = f"raw.{source}", start + rows.num_rows
            types = self.engine.columns(source)
            self.lake.append(table, rows, start=start, stop=stop, epoch=mark.epoch, columns=types)
            self.engine.tiered(source, stop, self.lake.select(table))
            if self._tidy_due(table):
                self._tidy(table)
                self.engine.tiered(source, stop, self.lake.select(table))
        return bool(rows.num_rows)

    def _tidy_due(self, table: str) -> bool:
        self._commits[table] += 1
        return self._commits[table] % TIDY_AFTER == 0

    def _tidy(self, table: str) -> None:
        """Keep what the table costs to read and to write in bounds."""
        self.lake.compact(table, at_least=TIDY_AFTER)
        self.lake.expire(table, keep=KEEP_SNAPSHOTS, older_than=self.now() - KEEP_FOR)

    def _seal(self, model: str, generation: str) -> bool:
        """One snapshot's worth of final rows; whether there were any."""
        table = f"models.{model}"
        start = self.lake.covered(table, generation=generation)
        rows = self.engine.final(model, start, self.commit_rows * 4)
        if not rows.num_rows:
            return False
        stop, types = start + rows.num_rows, self.engine.columns(model)
        epoch = self.mark().epoch
        self.lake.append(table, rows, start=start, stop=stop, epoch=epoch, columns=types, generation=generation)
        if self._tidy_due(table):
            self._tidy(table)
        self.engine.sealed(model, generation, stop, self.lake.select(table))
        return True

    def _snapshot(self, model: str) -> None:
        generation = self.engine.generation(model)
        if generation is not None:
            while self._seal(model, generation):
                pass
            self._snapshots[model] = _Snapshot(due=time.monotonic() + self.commit_age.total_seconds())
            return
        last = self._snapshots.setdefault(model, _Snapshot())
        if self.changed_at().get(model, 1) <= last.epoch:
            last.due = time.monotonic() + self.commit_age.total_seconds()
            return
        started = time.monotonic()
        rows, mark = self.engine.content(model)
        table, types = f"models.{model}", self.engine.columns(model)
        self.lake.overwrite(table, rows, epoch=mark.epoch, offsets=mark.offsets, columns=types)
        if self._tidy_due(table):
            self._tidy(table)
        took = time.monotonic() - started
        rest = max(self.commit_age.total_seconds(), took * SNAPSHOT_REST)
        self._snapshots[model] = _Snapshot(mark.epoch, time.monotonic() + rest)

    def _trim(self) -> None:
        """Rows that the lake has and that are older than the retention leave the log."""
        try:
            self.log.trim({source: self.covered(source) for source in self.sources}, self.now() - self.retention)
        except LogError as error:
            if error.code not in SILENT:
                raise
            log_.warning("the log is not trimmed", why=error.what)  # after the next rows that move it is tried again
