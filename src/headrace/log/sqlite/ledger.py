"""The ledger of epochs: which rows each took, and at what logical time."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime

from headrace.errors import LogError
from headrace.log.batch import seal
from headrace.log.order import beyond, disordered, microseconds, time_of
from headrace.log.protocol import Epoch, as_utc
from headrace.log.sqlite import failures, streams

_COLUMNS = "SELECT id, time, offsets, crc FROM epoch"


def record(connection: sqlite3.Connection, epoch: Epoch) -> None:
    """Add an epoch to the ledger; raises HR-513 if it does not follow the last one."""
    ends = {stream.name: stream.next for stream in streams.every(connection)}
    if error := disordered(newest(connection), epoch) or beyond(ends, epoch):
        raise error
    values = (epoch.id, microseconds(epoch.time), json.dumps(dict(epoch.offsets)))
    connection.execute("INSERT INTO epoch (id, time, offsets, crc) VALUES (?, ?, ?, ?)", (*values, seal(*values)))


def after(connection: sqlite3.Connection, id: int) -> list[Epoch]:
    """The epochs beyond ``id``, in order, none missing."""
    epochs = _epochs(connection.execute(f"{_COLUMNS} WHERE id > ? ORDER BY id", (id,)))
    for expected, epoch in enumerate(epochs, start=max(id, 0) + 1):
        if epoch.id != expected:
            raise _missing(expected)
    return epochs


def by_id(connection: sqlite3.Connection, id: int) -> Epoch | None:
    """The epoch of that id."""
    return _first(connection.execute(f"{_COLUMNS} WHERE id = ?", (id,)))


def at(connection: sqlite3.Connection, time: datetime) -> Epoch | None:
    """The newest epoch whose time is not after ``time``: bisected, since times rise with ids."""
    last = newest(connection)
    ids = range(1, last.id + 1 if last else 1)
    return by_id(connection, bisect_right(ids, as_utc(time), key=lambda at_id: _present(connection, at_id).time))


def newest(connection: sqlite3.Connection) -> Epoch | None:
    """The last epoch recorded."""
    return _first(connection.execute(f"{_COLUMNS} ORDER BY id DESC LIMIT 1"))


def _present(connection: sqlite3.Connection, id: int) -> Epoch:
    epoch = by_id(connection, id)
    if epoch is None:
        raise _missing(id)
    return epoch


def _missing(id: int) -> LogError:
    return failures.broken(f"Epoch {id} is missing from the ledger.")


def _first(rows: Iterable[tuple[object, ...]]) -> Epoch | None:
    return next(iter(_epochs(rows)), None)


def _epochs(rows: Iterable[tuple[object, ...]]) -> list[Epoch]:
    return [_checked(*row) for row in rows]


def _checked(id: object, time: object, offsets: object, crc: object) -> Epoch:
    if seal(id, time, offsets) != crc:
        raise failures.damaged(f"Epoch {id} of the ledger")
    assert isinstance(id, int)
    assert isinstance(time, int)
    assert isinstance(offsets, str)
    return Epoch(id, json.loads(offsets), time_of(time))
