"""The raw changes of one model, epoch by epoch: every one of them in order, or an error that says where they end."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from headrace.errors import HeadraceError, NodeError
from headrace.serve.encode import columns_of, dumps, to_rows
from headrace.serve.errors import known
from headrace.serve.protocol import EpochResult
from headrace.serve.sse import HEARTBEAT, event

WEIGHT = "__w"
_ENTRY_BYTES = 512
"""What an entry costs besides its rows, so that many empty ones are bounded too."""


@dataclass(frozen=True)
class Change:
    """What one epoch changed in the model."""

    epoch: int
    time: datetime | None
    rows: pa.Table


class Subscription:
    """One subscriber. `offer` is called on the epoch thread, everything else on the event loop.

    Args:
        after: the newest epoch that is not sent; changes follow from the next one on.
        backlog: most bytes kept unsent. Changes cannot be merged into a newest state, so a subscriber that lets more
            gather is cut off with HR-844 instead of getting a stream with a hole.
    """

    def __init__(self, model: str, *, after: int, backlog: int) -> None:
        self.model = model
        self.after = after
        self._backlog = backlog
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._lock = threading.Lock()
        self._changes: deque[Change] = deque()
        self._bytes = 0
        self._end: HeadraceError | None = None
        self._closed = False

    def offer(self, result: EpochResult) -> None:
        """Take an epoch's changes. Never raises: an error here would stop the epochs."""
        with self._lock:
            if self._end is not None or result.epoch <= self.after:
                return
            try:
                self._keep(Change(result.epoch, result.time, result.changes(self.model)))
            except Exception as error:  # noqa: BLE001 - on the epoch thread, which must go on
                self._end = known(error)
        # The loop may be gone already when the node outlives the server.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._wake.set)

    def close(self) -> None:
        """End `events`."""
        self._closed = True
        self._wake.set()

    async def events(self, heartbeat: float) -> AsyncIterator[bytes]:
        """Yield ``start``, then ``changes`` for each epoch that changed the model; ``error`` when the stream ends."""
        yield event("start", dumps({"model": self.model, "epoch": self.after}))
        while not self._closed:
            self._wake.clear()
            change, end = self._take()
            if change is not None:
                yield await asyncio.to_thread(_change_event, change)
            elif end is not None:
                yield event("error", dumps(end.as_dict()))
                return
            else:
                try:
                    await asyncio.wait_for(self._wake.wait(), heartbeat)
                except TimeoutError:
                    yield HEARTBEAT

    def _keep(self, change: Change) -> None:
        self._changes.append(change)
        self._bytes += _size(change)
        if self._bytes > self._backlog:
            self._end = _fell_behind(self._changes[0].epoch)
            self._changes.clear()

    def _take(self) -> tuple[Change | None, HeadraceError | None]:
        with self._lock:
            if not self._changes:
                return None, self._end
            change = self._changes.popleft()
            self._bytes -= _size(change)
            return change, None


def _size(change: Change) -> int:
    return int(change.rows.nbytes) + _ENTRY_BYTES


def _change_event(change: Change) -> bytes:
    names = [name for name in change.rows.column_names if name != WEIGHT]
    rows = change.rows.select([*names, WEIGHT])
    columns = columns_of(rows)[:-1]
    about = dumps({"epoch": change.epoch, "time": change.time, "columns": columns})
    return event("changes", f'{about[:-1]},"rows":{to_rows(rows)}}}')


def _fell_behind(epoch: int) -> NodeError:
    return NodeError(
        f"this subscriber fell behind: the changes from epoch {epoch} on were dropped",
        code="HR-844",
        state=f"Everything before epoch {epoch} was sent.",
        fix="Subscribe again, read the model once, and apply the changes of later epochs to that.",
    )
