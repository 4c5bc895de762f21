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
from headrace.engine.session import engine_error
from headrace.errors import HeadraceError
from headrace.project import Project
from headrace.runtime.assemble import Assembly
from headrace.runtime.defects import as_ours
from headrace.runtime.services import SILENT, Backoff, Waits
from headrace.sql import called

if TYPE_CHECKING:
    from headrace.log.kafka import Build, Publisher

log_ = structlog.get_logger("headrace.publishing")

MOST_WAITING = 64 * 2**20
"""Bytes of changes that wait to be published; beyond, epochs wait for them."""
CLOSE_SECONDS = 10.0
"""How long what waits is still published when the node ends; the rest is published when it starts again."""
ENDED_SECONDS = 1.0
"""How often it is seen whether another source has ended."""


@dataclass(frozen=True)
class _Waiting:
    """One epoch's records, by model, with ``key`` and ``value``."""

    mark: Mark
    records: Mapping[str, pa.Table]

    @property
    def bytes(self) -> int:
        return sum(table.nbytes for table in self.records.values())


class Publishing:
    """Publishes models.

    Args:
        keys: the columns that tell a model's rows apart, by model.
        build: what the rows are made by.
        ended: bounded sources of which all input is in the log.
        failed: told what stopped it for good.
    """

    def __init__(
        self,
        publisher: Publisher,
        engine: Engine,
        keys: Mapping[str, tuple[str, ...]],
        build: Build,
        ended: Callable[[], frozenset[str]],
        failed: Callable[[HeadraceError], None],
        waits: Waits | None = None,
    ) -> None:
        self._waits = waits or Waits()
        self._publisher = publisher
        self._engine = engine
        self._keys = keys
        self._build = build
        self._ended = ended
        self._failed = failed
        self._queue: deque[_Waiting | bytes] = deque()
        self._bytes = 0
        self._change = threading.Condition()
        self._released = threading.Event()
        self._closed = False
        self._broken_off = False
        """An epoch is not in the queue: then no later one may be."""
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._published = Mark(0, {}, None)
        self._told: frozenset[str] = frozenset()

    def begin(self, *, same: bool, interrupted: Callable[[], bool]) -> None:
        """Bring what is published up to the engine's last epoch; then follow the epochs.

        Args:
            same: the engine's state is that of the epochs that were published, and was not made again since.
            interrupted: somebody wants it to end: what is begun is left as it is.
        """
        found = self._publisher.begin(list(self._keys))
        mark, marker = self._engine.mark(), found.marker
        there = marker is not None and (marker.epoch, dict(marker.offsets)) == (mark.epoch, dict(mark.offsets))
        if found.build != self._build:
            self._publisher.build(self._build)
        if not (same and there and found.whole and found.build == self._build):
            for model in self._keys:
                if interrupted():
                    self._broken_off = True
                    return
                self._level(model)
            self._mark(mark)
        elif marker is not None:
            self._told = marker.ended
        self._published = mark
        self._thread = threading.Thread(target=self._serve, name="publishing", daemon=True)
        self._thread.start()

    @property
    def published(self) -> Mark:
        """The last epoch that is published."""
        return self._published

    @property
    def idle(self) -> bool:
        """All there is has been published, or nothing is published any more."""
        with self._change:
            return self._closed or not self._queue

    def epoch(self, mark: Mark, changed: Mapping[str, int]) -> None:
        """An epoch was committed: called on its thread, before the next.

        Raises:
            HeadraceError: what it changed cannot be read. No later epoch is published then.
        """
        if self._broken_off:
            return
        silence = Backoff("publishing an epoch", self._released, self._waits)
        while True:
            try:
                records = {name: self._engine.records(name, key) for name, key in self._keys.items() if name in changed}
            except HeadraceError as error:
                self._broken_off = error.code not in SILENT or self._released.is_set()
                if error.code not in SILENT:
                    raise
                if self._broken_off:
                    return
                silence.wait(error)
            else:
                silence.reset()
                break
        waiting = _Waiting(mark, records)
        with self._change:
            self._change.wait_for(lambda: self._bytes < MOST_WAITING or self._closed or self._released.is_set())
            self._queue.append(waiting)
            self._bytes += waiting.bytes
            self._change.notify_all()

    def receipts(self, newest: Mapping[str, Any]) -> None:
        """What has been proven of the models."""
        with self._change:
            self._queue.append(json.dumps(newest).encode())
            self._change.notify_all()

    def release(self) -> None:
        """The node ends: no epoch is to wait for us any more."""
        self._released.set()
        with self._change:
            self._change.notify_all()

    def close(self) -> None:
        """Publish what waits, if that does not take long."""
        self.release()
        with self._change:
            self._closed = True
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
            self._end.set()
            if self._thread.is_alive():
                self._publisher.give_up()
            self._thread.join()
        self._publisher.close()

    def _level(self, model: str) -> None:
        """Publish in what a model differs from what its topic has."""
        published = self._publisher.everything(model)
        kept = self._engine.all_records(model, self._keys[model])
        there = "SELECT key, value FROM published QUALIFY row_number() OVER (PARTITION BY key ORDER BY number DESC) = 1"
        text = (
            f"SELECT coalesce(k.key, p.key) AS key, k.value FROM kept AS k FULL JOIN ({there}) AS p ON k.key = p.key "
            "WHERE k.value IS DISTINCT FROM p.value"
        )
        with duckdb.connect(":memory:") as connection:
            try:
                connection.register("published", published)
                connection.register("kept", kept)
                differing = connection.execute(text).to_arrow_table()
            except duckdb.Error as error:
                raise engine_error(error, f"comparing {model} with what is published of it") from error
        self._put(model, differing)

    def _put(self, model: str, records: pa.Table) -> None:
        self._publisher.put(model, records["key"], records["value"])

    def _mark(self, mark: Mark) -> None:
        from headrace.log.kafka import Marker  # noqa: PLC0415 - an optional extra

        ended = self._ended()
        self._publisher.mark(Marker(mark.epoch, mark.time, mark.offsets, ended, {}))
        self._told = ended

    def _serve(self) -> None:
        silence = Backoff("publishing", self._end, self._waits)
        try:
            while not self._end.is_set():
                next_ = self._next()
                if next_ is None and self._closed:
                    return
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
        """What is to be published next; it stays in the queue until it is."""
        with self._change:
            self._change.wait_for(lambda: self._queue or self._closed, ENDED_SECONDS)
            return self._queue[0] if self._queue else None

    def _publish(self, waiting: _Waiting | bytes | None) -> None:
        if isinstance(waiting, bytes):
            self._publisher.receipts(waiting)
        elif waiting is not None:
            for model, records in waiting.records.items():
                self._put(model, records)
            self._mark(waiting.mark)
            self._published = waiting.mark
        elif self._ended() != self._told:
            self._mark(self._published)  # the same epoch, after which another source has ended

    def _done(self, waiting: _Waiting | bytes | None) -> None:
        with self._change:
            if waiting is not None:
                self._queue.popleft()
            self._bytes -= waiting.bytes if isinstance(waiting, _Waiting) else 0
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
