"""Which epoch may follow which: ids without gaps, nothing goes back, nothing lies beyond what is durable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from headrace.errors import LogError
from headrace.log.protocol import Epoch, as_utc
from headrace.log.refusals import NOTHING_KEPT

_DAWN = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """A time as microseconds of UTC since 1970, exactly."""
    return (as_utc(time) - _DAWN) // timedelta(microseconds=1)


def time_of(microseconds: int) -> datetime:
    """The time that so many microseconds since 1970 are, in UTC."""
    return _DAWN + timedelta(microseconds=microseconds)


def disordered(last: Epoch | None, epoch: Epoch) -> LogError | None:
    """HR-513, if the epoch does not follow the last one."""
    expected = 1 if last is None else last.id + 1
    if epoch.id != expected:
        return _disorder(f"Epoch {epoch.id} was to be recorded; the ledger goes on with {expected}.")
    if last is None:
        return None
    if epoch.time < last.time:
        return _disorder(f"Epoch {epoch.id} has time {epoch.time}, before {last.time} of epoch {last.id}.")
    for stream, offset in last.offsets.items():
        if epoch.offsets.get(stream, 0) < offset:
            return _disorder(f"Epoch {epoch.id} takes stream {stream!r} back from {offset}.")
    return None


def beyond(ends: Mapping[str, int], epoch: Epoch) -> LogError | None:
    """HR-513, if the epoch takes rows that are not there."""
    for stream, offset in epoch.offsets.items():
        if not 0 <= offset <= ends.get(stream, 0):
            return _disorder(
                f"Epoch {epoch.id} takes stream {stream!r} to {offset}; it has {ends.get(stream, 0)} rows."
            )
    return None


def _disorder(what: str) -> LogError:
    return LogError(
        what,
        code="HR-513",
        state=NOTHING_KEPT,
        fix="If another node runs on this log, stop one of them. If the node's state is ahead of the ledger, the log is "
        "an older copy: put back the newest of both, or remove the state, which is then built again.",
    )
