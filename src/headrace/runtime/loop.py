"""The epoch loop: log to engine, one epoch after another, on one thread."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from queue import Queue

import pyarrow as pa
import pyarrow.compute as pc

from headrace.engine import Arrived, Committed, Engine, Mark
from headrace.errors import HeadraceError, NodeError
from headrace.log import Epoch, Log
from headrace.runtime.decide import DAWN, logical_time, next_limit, next_offsets, rest
from headrace.runtime.defects import as_ours
from headrace.runtime.services import SILENT, Backoff, Waits

# How often time-dependent models move when nothing arrives, by the wall clock.
TICK_SECONDS = 1.0
IDLE_SECONDS = 0.25
# After a crash, the epochs since the last checkpoint are run again: this bounds how long that takes.
CHECKPOINT_SECONDS = 5.0
RATE_SECONDS = 10.0
# For so long an epoch is tried again that fails though nobody is known to be away.
PATIENCE_SECONDS = 300.0


@dataclass
class EpochLoop:
    """Runs epochs.

    Args:
        event_times: the event-time column of each source that has one.
        clock: the wall clock when ``now()`` is the time of day, else None: then it follows event time.
        timely: some model changes with time alone.
        ended: bounded sources whose whole input is in the log.
        committed: called after each commit, on the loop's thread.
    """

    log: Log
    engine: Engine
    streams: frozenset[str]
    event_times: Mapping[str, str]
    clock: Callable[[], datetime] | None
    timely: bool
    epoch_rows: int
    ended: Callable[[], frozenset[str]]
    committed: Callable[[Committed], None]
    failed: Callable[[HeadraceError], None]
    mark: Mark = field(default_factory=lambda: Mark(0, {}, None))
    reached: dict[str, datetime] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)
    _recent: deque[tuple[float, int]] = field(default_factory=deque)
    _asked: Queue[tuple[Future[Committed], Collection[str], Collection[str]]] = field(default_factory=Queue)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _last_tick: float = 0.0
    _limit: int = 0
    _rest: float = 0.0
    _unsure: bool = False
    _failing_since: float | None = None
    _last_checkpoint: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._limit = min(self.engine.pace.first_rows, self.epoch_rows)

    def recover(self) -> int:
        """Take up where the engine stopped: run the epochs that the ledger has and the engine has not. Returns how many."""
        self._take_up()
        epochs = self.log.epochs(self.mark.epoch)
        for epoch in epochs:
            self._run(epoch)
        return len(epochs)

    def _take_up(self) -> None:
        self.mark = self.engine.mark()
        for source, column in self.event_times.items():
            newest = self.engine.newest(source, column)
            if newest is not None:
                self.reached[source] = newest

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="epochs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """After the epoch that runs."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def step(self) -> bool:
        """Run one epoch if there is anything to do."""
        ends = {stream: end for stream, end in self.log.ends().items() if stream in self.streams}
        offsets = next_offsets(self.mark.offsets, ends, self._limit, self.event_times)
        if offsets == dict(self.mark.offsets) and not self._tick_due():
            return False
        arrived = self._arrived(offsets)
        reached = self._reach(arrived)
        ended = frozenset(s for s in self.ended() if offsets.get(s, 0) == ends.get(s, 0))
        moment = logical_time(self.mark.time, reached, ended, self.clock() if self.clock is not None else None)
        epoch = Epoch(self.mark.epoch + 1, offsets, moment or DAWN)
        self.log.record(epoch)
        started = time.monotonic()
        self._commit(epoch, arrived, reached)
        rows, took = sum(a.rows.num_rows for a in arrived.values()), time.monotonic() - started
        self._rest = rest(self._limit, rows, took)
        self._limit = next_limit(self._limit, self.epoch_rows, rows, took, self.engine.pace)
        return True

    def reconcile(self, sources: Collection[str], models: Collection[str]) -> Committed:
        """An epoch without rows, between two others: see :meth:`Engine.reconcile`. Waits for the one that runs."""
        if self._thread is None:
            committed = self._reconcile(sources, models)
            self.committed(committed)
            return committed
        work: Future[Committed] = Future()
        self._asked.put((work, sources, models))
        while not work.done() and self._thread.is_alive():
            wait([work], timeout=IDLE_SECONDS)
        if not work.done():
            raise NodeError(
                "the node stops", code="HR-810", state="nothing was reconciled", fix="run it, and ask again"
            )
        return work.result()

    def _reconcile(self, sources: Collection[str], models: Collection[str]) -> Committed:
        epoch = Epoch(self.mark.epoch + 1, self.mark.offsets, self.mark.time or DAWN)
        self.log.record(epoch)
        committed = self.engine.reconcile(Mark(epoch.id, epoch.offsets, epoch.time), sources, models)
        self.mark = committed.mark
        return committed

    def _reconcile_asked(self) -> bool:
        """Reconcile if somebody has asked for it; false if that failed."""
        while not self._asked.empty():
            work, sources, models = self._asked.get()
            try:
                committed = self._reconcile(sources, models)
            except HeadraceError as error:
                self._unsure = True  # the epoch is in the ledger: it is run as one that brings nothing
                work.set_exception(error)
                return False
            try:
                self.committed(committed)
            finally:
                work.set_result(committed)  # it is done, whatever became of those who are to hear of it
        return True

    def rates(self) -> tuple[float, float]:
        """Rows and epochs per second, over the last seconds."""
        now = time.monotonic()
        recent = [(at, rows) for at, rows in list(self._recent) if now - at <= RATE_SECONDS]
        return sum(rows for _, rows in recent) / RATE_SECONDS, len(recent) / RATE_SECONDS

    def _loop(self) -> None:
        silence = Backoff("epochs", self._end, self.waits)
        try:
            while not self._end.is_set():
                try:
                    self._go_on()
                except HeadraceError as error:
                    unsure = self._unsure and error.code == "HR-513"
                    if (error.code not in SILENT and not unsure) or self._fails_for_long(error):
                        raise
                    self._unsure = True
                    silence.wait(error)
                else:
                    self._failing_since = None
                    silence.reset()
        except Exception as error:  # noqa: BLE001 - a thread must not end in silence
            self.failed(as_ours(error, "running epochs"))

    def _fails_for_long(self, error: HeadraceError) -> bool:
        """Whether it keeps failing for a reason that waiting has not mended."""
        if error.code != "HR-617":
            self._failing_since = None
            return False
        self._failing_since = self._failing_since or time.monotonic()
        return time.monotonic() - self._failing_since > PATIENCE_SECONDS

    def _go_on(self) -> None:
        if self._unsure:  # an epoch may have been recorded without our hearing of it: then that is the next one
            for epoch in self.log.epochs(self.mark.epoch):
                self._run(epoch)
            self._unsure = False
        if not self._reconcile_asked():
            return
        if self.step():
            self._end.wait(self._rest)
        else:
            self.log.wait(self._seen(), IDLE_SECONDS)
        self._checkpoint()

    def _seen(self) -> dict[str, int]:
        """What there is nothing to do about: rows already taken, and streams that no source of the project has."""
        strangers = {stream: end for stream, end in self.log.ends().items() if stream not in self.streams}
        return {**strangers, **self.mark.offsets}

    def _checkpoint(self) -> None:
        if time.monotonic() - self._last_checkpoint > CHECKPOINT_SECONDS:
            self.engine.checkpoint()
            self._last_checkpoint = time.monotonic()

    def _tick_due(self) -> bool:
        return self.timely and self.clock is not None and time.monotonic() - self._last_tick >= TICK_SECONDS

    def _run(self, epoch: Epoch) -> None:
        arrived = self._arrived(epoch.offsets)
        self._commit(epoch, arrived, self._reach(arrived))

    def _commit(self, epoch: Epoch, arrived: Mapping[str, Arrived], reached: dict[str, datetime]) -> None:
        committed = self.engine.run(Mark(epoch.id, epoch.offsets, epoch.time), arrived)
        self.mark, self.reached = committed.mark, reached
        self._last_tick = time.monotonic()
        self._recent.append((self._last_tick, sum(a.rows.num_rows for a in arrived.values())))
        while self._recent and self._last_tick - self._recent[0][0] > RATE_SECONDS:
            self._recent.popleft()
        self.committed(committed)

    def _arrived(self, offsets: Mapping[str, int]) -> dict[str, Arrived]:
        taken = self.mark.offsets
        return {
            stream: Arrived(self.log.read(stream, taken.get(stream, 0), stop), taken.get(stream, 0))
            for stream, stop in offsets.items()
            if stop > taken.get(stream, 0)
        }

    def _reach(self, arrived: Mapping[str, Arrived]) -> dict[str, datetime]:
        """Newest event time by source, with these rows."""
        reached = dict(self.reached)
        for source, column in self.event_times.items():
            newest = _newest(arrived[source].rows, column) if source in arrived else None
            if newest is not None:
                reached[source] = max(newest, reached.get(source, newest))
        return reached


def _newest(rows: pa.Table, column: str) -> datetime | None:
    name = next(n for n in rows.column_names if n.lower() == column.lower())
    value = pc.max(rows[name]).as_py()
    if value is None:
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    moment: datetime = getattr(value, "to_pydatetime", lambda: value)()
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
