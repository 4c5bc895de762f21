"""Intake: one thread per source that is read, from its reader into the log."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime

import pyarrow as pa
import structlog

from headrace.errors import HeadraceError, LogError
from headrace.ingest import Reader
from headrace.log import Log, Part
from headrace.runtime.assemble import REJECTED
from headrace.runtime.defects import as_ours
from headrace.runtime.services import SILENT, Backoff, Waits

log_ = structlog.get_logger("headrace.intake")

# A source that is this many rows ahead of the epochs waits, so that a flood does not fill the disk with log.
MAX_AHEAD = 1_000_000
PAUSE_SECONDS = 0.05


class Intake(threading.Thread):
    """Polls a reader and appends what it gives, with its position and its counts, in one transaction.

    Args:
        taken: how far epochs have come in this source's stream.
        failed: called with what ended the intake, when it was not the end of the input.
    """

    def __init__(
        self,
        name: str,
        reader: Reader,
        log: Log,
        *,
        chunk_rows: int,
        taken: Callable[[], int],
        failed: Callable[[HeadraceError], None],
        clock: Callable[[], datetime],
        waits: Waits | None = None,
    ) -> None:
        super().__init__(name=f"intake-{name}", daemon=True)
        self.source = name
        self._reader = reader
        self._log = log
        self._chunk_rows = chunk_rows
        self._taken = taken
        self._failed = failed
        self._clock = clock
        self._end = threading.Event()
        self._silence = Backoff(f"source {name}", self._end, waits or Waits())
        self.counts = Counts.of(log.position(name))
        self.idle = False
        self.done = False

    def run(self) -> None:
        try:
            while not self._end.is_set() and not self.done:
                self._step()
        except Exception as error:  # noqa: BLE001 - a thread must not end in silence
            self._failed(as_ours(error, f"reading {self.source}"))
        finally:
            self._reader.close()

    def stop(self) -> None:
        self._end.set()

    def close(self) -> None:
        """Close the reader, if it was never read."""
        if self.ident is None:
            self._reader.close()

    def _step(self) -> None:
        if self._ahead() > MAX_AHEAD:
            self._end.wait(PAUSE_SECONDS)
            return
        chunk = self._reader.poll(self._chunk_rows)
        if chunk is None:
            self.done = self._reader.done
            self.idle = self._reader.caught_up
            if not self.done:
                self._end.wait(PAUSE_SECONDS)
            return
        self.idle = False
        counts = self.counts.plus(chunk.read, chunk.kept)
        parts = parts_of(self.source, chunk.rows, chunk.rejected, self._clock())
        if self._kept(parts, counts.position(chunk.position)):
            self.counts = counts

    def _ahead(self) -> int:
        """How many rows the log has that no epoch took; a great many while it does not answer."""
        try:
            ends = self._log.ends()
        except LogError as error:
            if error.code not in SILENT:
                raise
            self._silence.wait(error)
            return MAX_AHEAD + 1
        self._silence.reset()
        return ends.get(self.source, 0) - self._taken()

    def _kept(self, parts: list[Part], position: str) -> bool:
        """Append, again and again while the log does not answer; false if told to stop before it did."""
        unsure = False
        while not self._end.is_set():
            try:
                # What may yet have arrived of the try before is settled when the position is asked for.
                if not unsure or self._log.position(self.source) != position:
                    self._log.append(parts, source=self.source, position=position)
            except LogError as error:
                if error.code not in SILENT:
                    raise
                unsure = True
                self._silence.wait(error)
            else:
                self._silence.reset()
                return True
        return False


class Counts:
    """Records read and kept since the beginning; they travel with the source's position, so they are exact after a crash."""

    def __init__(self, read: int, kept: int) -> None:
        self.read = read
        self.kept = kept

    @classmethod
    def of(cls, position: str | None) -> Counts:
        stored = json.loads(position) if position else {}
        return cls(stored.get("read", 0), stored.get("kept", 0))

    def plus(self, read: int, kept: int) -> Counts:
        return Counts(self.read + read, self.kept + kept)

    def position(self, reader: str) -> str:
        return json.dumps({"read": self.read, "kept": self.kept, "reader": reader})


def reader_position(position: str | None) -> str | None:
    """The reader's own part of a stored position."""
    return json.loads(position)["reader"] if position else None


def parts_of(source: str, rows: pa.Table | None, rejected: pa.Table | None, at: datetime) -> list[Part]:
    """Kept and rejected rows as they go to the log."""
    parts = [] if rows is None else [Part(source, rows)]
    if rejected is not None:
        times = pa.array([at.replace(tzinfo=None)] * rejected.num_rows, pa.timestamp("us"))
        parts.append(Part(REJECTED, rejected.append_column("at", times)))
    return parts
