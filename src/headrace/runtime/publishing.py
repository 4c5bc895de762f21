"""Publishing: what each epoch changed in the models goes to their topics, after the commit, on a thread of its own.

Should the node end before an epoch is published, nothing is missing later: what was published is compared with what is kept when it
starts again, and the difference is published.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import structlog

from headrace.engine import Engine, Mark
from headrace.errors import HeadraceError
from headrace.project import Project
from headrace.runtime.assemble import Assembly
from headrace.runtime.defects import as_ours
from headrace.runtime.services import SILENT, Backoff
from headrace.sql import called

if TYPE_CHECKING:
    from headrace.log.kafka import Build, Publisher

log_ = structlog.get_logger("headrace.publishing")

MOST_WAITING = 64 * 2**20
"""Bytes of changes that wait to be published; beyond, epochs wait for them."""
CLOSE_SECONDS = 10.0
"""How long what waits is still published when the node ends; the rest is published when it starts again."""


@dataclass(frozen=True)
class _Waiting:
    """One epoch's records, by model, with ``key`` and ``value``."""

    mark: Mark
    ended: frozenset[str]
    records: Mapping[str, pa.Table]

    @property
    def bytes(self) -> int:
        return sum(table.nbytes for table in self.records.values())


class Publishing:
    """Publishes models.

    Args:
        keys: the columns that tell a model's rows apart, by model.
        build: what the rows are made by.
        failed: told what stopped it for good.
    """

    def __init__(
        self,
        publisher: Publisher,
        engine: Engine,
        keys: Mapping[str, tuple[str, ...]],
        build: Build,
        failed: Callable[[HeadraceError], None],
    ) -> None:
        self._publisher = publisher
        self._engine = engine
        self._keys = keys
        self._build = build
        self._failed = failed
        self._queue: deque[_Waiting | bytes] = deque()
        self._bytes = 0
        self._change = threading.Condition()
        self._closed = False
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._published = Mark(0, {}, None)

    def begin(self, ended: frozenset[str]) -> None:
        """Bring what is published up to the engine's last epoch, unless it is there already; then follow the epochs."""
        found = self._publisher.begin(list(self._keys))
        mark = self._engine.mark()
        marker = found.marker
        same = marker is not None and (marker.epoch, dict(marker.offsets)) == (mark.epoch, dict(mark.offsets))
        if found.build != self._build:
            self._publisher.build(self._build)
        if not (same and found.whole and found.build == self._build):
            for model in self._keys:
                self._level(model)
            self._mark(mark, ended)
        self._published = mark
        self._thread = threading.Thread(target=self._serve, name="publishing", daemon=True)
        self._thread.start()

    @property
    def published(self) -> Mark:
        """The last epoch that is published."""
        return self._published

    def epoch(self, mark: Mark, ended: frozenset[str], changed: Mapping[str, int]) -> None:
        """An epoch was committed: called on its thread, before the next."""
        records = {name: self._engine.records(name, key) for name, key in self._keys.items() if name in changed}
        waiting = _Waiting(mark, ended, records)
        with self._change:
            self._change.wait_for(lambda: self._bytes < MOST_WAITING or self._closed)
            self._queue.append(waiting)
            self._bytes += waiting.bytes
            self._change.notify_all()

    def receipts(self, newest: Mapping[str, Any]) -> None:
        """Models have been proven."""
        with self._change:
            self._queue.append(json.dumps(newest).encode())
            self._change.notify_all()

    def close(self) -> None:
        """Publish what waits, if that does not take long."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
            self._end.set()
            self._thread.join()
        self._publisher.close()

    def _level(self, model: str) -> None:
        """Publish in what a model differs from what its topic has."""
        key = self._keys[model]
        published = self._publisher.everything(model)
        kept = self._engine.all_records(model, key)
        with duckdb.connect(":memory:") as connection:
            connection.register("published", published)
            connection.register("kept", kept)
            there = (
                "SELECT key, value FROM published QUALIFY row_number() OVER (PARTITION BY key ORDER BY number DESC) = 1"
            )
            differing = connection.execute(
                f"SELECT coalesce(k.key, p.key) AS key, k.value FROM kept AS k FULL JOIN ({there}) AS p ON k.key = p.key "
                "WHERE k.value IS DISTINCT FROM p.value"
            ).to_arrow_table()
        self._put(model, differing)

    def _put(self, model: str, records: pa.Table) -> None:
        self._publisher.put(model, records["key"], records["value"])

    def _mark(self, mark: Mark, ended: frozenset[str]) -> None:
        from headrace.log.kafka import Marker  # noqa: PLC0415 - an optional extra

        self._publisher.mark(Marker(mark.epoch, mark.time, mark.offsets, ended, {}))

    def _serve(self) -> None:
        silence = Backoff("publishing", self._end)
        try:
            while (next_ := self._next()) is not None:
                try:
                    self._publish(next_)
                except HeadraceError as error:
                    if error.code not in SILENT:
                        raise
                    silence.wait(error)
                else:
                    silence.reset()
                    self._done(next_)
        except Exception as error:  # noqa: BLE001 - a thread must not end in silence
            self._failed(as_ours(error, "publishing models"))
            with self._change:
                self._closed = True  # nobody is to wait for us
                self._change.notify_all()

    def _next(self) -> _Waiting | bytes | None:
        """What is to be published next; it stays in the queue until it is. None: it is time to end."""
        with self._change:
            self._change.wait_for(lambda: self._queue or self._closed)
            return None if self._end.is_set() or not self._queue else self._queue[0]

    def _publish(self, waiting: _Waiting | bytes) -> None:
        if isinstance(waiting, bytes):
            self._publisher.receipts(waiting)
            return
        for model, records in waiting.records.items():
            self._put(model, records)
        self._mark(waiting.mark, waiting.ended)
        self._published = waiting.mark

    def _done(self, waiting: _Waiting | bytes) -> None:
        with self._change:
            self._queue.popleft()
            self._bytes -= 0 if isinstance(waiting, bytes) else waiting.bytes
            self._change.notify_all()


def build_of(assembly: Assembly, project: Project) -> Build:
    """What a project's published rows are made by."""
    from headrace.log.kafka import Build  # noqa: PLC0415 - an optional extra

    sources = {name: dict(source.columns) for name, source in assembly.sources.items()}
    return Build(_versions(assembly, project), sources)


def _versions(assembly: Assembly, project: Project) -> dict[str, str]:
    """What each model's rows are made by, in short: its SQL, its columns and functions, and all that it reads."""
    found: dict[str, str] = {}
    for name, source in assembly.sources.items():
        found[name] = _digest(repr((sorted(source.columns.items()), source.changelog, source.key, source.sets_aside)))
    for program in assembly.programs:
        functions = sorted(called(program.batch) & project.functions.keys())
        parts = [
            program.batch.sql("duckdb"),
            repr((list(assembly.relations[program.model].items()), program.key)),
            *(project.functions[name].digest for name in functions),
            *(found[name] for name in program.reads if name in found),
        ]
        found[program.model] = _digest("\n".join(parts))
    return {program.model: found[program.model] for program in assembly.programs}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
