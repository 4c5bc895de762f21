"""Replay: recorded events played back in event time, as if they happened now.

Events before `live_from` come at full speed. From there on, event time flows `speed` seconds in a second of the clock,
and an event comes when its time has. After a restart it flows on from the last event delivered. An event without a time
is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from headrace.errors import Place, SourceError
from headrace.ingest.chunk import Chunk, Piece
from headrace.ingest.events import EVENTS, NO_TIME, NUMBER, TIME
from headrace.ingest.fit import AT, fit, not_null
from headrace.ingest.recording import Recording
from headrace.ingest.shape import Shape
from headrace.ingest.typed import TypedTable, table_casts, table_rejects
from headrace.project import ReplaySource

MICROSECONDS = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Pace:
    """How far event time has come: it stands before `start` until an event is due there, then flows with the clock.

    Args:
        start: event time in microseconds since 1970.
        speed: seconds of event time in a second of the clock.
    """

    def __init__(self, start: int, speed: float, clock: Callable[[], float]) -> None:
        self._start = start
        self._speed = speed
        self._clock = clock
        self._began: float | None = None

    def reached(self, due: int) -> int:
        """The event time up to which events are to be delivered now, when the next one is at `due`."""
        if self._began is None:
            if due < self._start:
                return self._start - 1
            self._began = self._clock()
        return self._start + int((self._clock() - self._began) * self._speed * MICROSECONDS)


def event_columns(recording: Recording) -> dict[str, str]:
    """The columns of the events, with their DuckDB types."""
    con = recording.open()
    try:
        described = con.execute(f"DESCRIBE {EVENTS}").fetchall()
    finally:
        con.close()
    return {name: kind for name, kind, *_ in described if name not in (NUMBER, TIME)}


class ReplayReader:
    """Delivers the events of a recording, on from `position`: JSON, the number of the next event.

    Args:
        full_speed: whether to deliver all of it without waiting, whatever `speed` says.
        clock: monotonic seconds.

    Raises:
        SourceError: the position is none of ours, or belongs to other events; a declared column does not fit.
    """

    changelog = False

    def __init__(
        self,
        source: ReplaySource,
        columns: Mapping[str, str],
        recording: Recording,
        position: str | None,
        *,
        full_speed: bool,
        clock: Callable[[], float],
    ) -> None:
        self.columns = columns
        self.bounded = full_speed or source.speed == "max"
        self._source = source
        self._digest = recording.digest
        self._next = _event_number(source, position, recording)
        self._con = recording.open()
        try:
            self._shape = Shape(self._con, source.name, source.file, columns, event_time=source.event_time)
            given = {name: kind for name, kind, *_ in self._con.execute(f"DESCRIBE {EVENTS}").fetchall()}
            casts = table_casts(self._shape, TypedTable(f"the query of replay {source.name}", EVENTS, given))
            self._casts = casts | {source.event_time: not_null(casts[source.event_time])}
            self._total: int = self._con.execute(f"SELECT count(*) FROM {EVENTS}").fetchall()[0][0]
            self._due = self._time_of(self._next)
            self._pace = None if source.speed == "max" or full_speed else self._start_pace(source.speed, clock)
        except BaseException:
            self._con.close()
            raise

    @property
    def done(self) -> bool:
        return self._next >= self._total

    @property
    def caught_up(self) -> bool:
        return True

    def poll(self, max_rows: int) -> Chunk | None:
        if self.done:
            return None
        now = self._pace.reached(self._due) if self._pace else None
        if now is not None and self._due > now:
            return None
        piece = self._take(max_rows, now)
        self._next += piece.read
        self._due = self._time_of(self._next)
        return piece.chunk(self._source.name, json.dumps({"event": self._next, "of": self._digest}))

    def close(self) -> None:
        self._con.close()

    def _take(self, max_rows: int, now: int | None) -> Piece:
        due = f" AND {TIME} <= {now}" if now is not None else ""
        rows = (
            f"SELECT *, {NUMBER} AS {AT} FROM {EVENTS}"
            f" WHERE {NUMBER} >= {self._next} AND {NUMBER} < {self._next + max_rows}{due} ORDER BY {NUMBER}"
        )
        fitted = fit(self._con, rows, self._casts)
        rejects = table_rejects(self._shape, rows, fitted, self._casts, self._source.name)
        return Piece(fitted.rows.drop_columns([AT]), rejects, fitted.rows.num_rows + len(rejects))

    def _start_pace(self, speed: float, clock: Callable[[], float]) -> Pace:
        delivered = self._time_of(self._next - 1)
        if self._source.live_from:
            live = (self._source.live_from - EPOCH) // timedelta(microseconds=1)
        else:
            live = self._first_time(f"{TIME} > {NO_TIME}")
        return Pace(max(live, delivered), speed, clock)

    def _time_of(self, number: int) -> int:
        return self._first_time(f"{NUMBER} = {number}")

    def _first_time(self, where: str) -> int:
        [(time,)] = self._con.execute(f"SELECT coalesce(min({TIME}), {NO_TIME}) FROM {EVENTS} WHERE {where}").fetchall()
        return int(time)


def _event_number(source: ReplaySource, position: str | None, recording: Recording) -> int:
    if position is None:
        return 0
    try:
        stored = json.loads(position)
        number, digest = int(stored["event"]), str(stored["of"])
    except (ValueError, KeyError, TypeError) as error:
        raise _bad_position(source, "HR-409", f"is not one of a replay: {position[:80]}") from error
    if digest != recording.digest:
        changed = f"belongs to other events: the query or a table has changed since {number:,} were delivered"
        raise _bad_position(source, "HR-405", changed)
    return number


def _bad_position(source: ReplaySource, code: str, what: str) -> SourceError:
    return SourceError(
        f"The stored position of source {source.name} {what}",
        code=code,
        where=Place(source.file),
        state="what was delivered is kept; nothing was read since",
        fix="put the query and the tables back as they were, give the source a new name, or use a new data directory",
    )
