"""What the next epoch takes, and what time it is: decisions only, from values handed in."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import UTC, datetime

from headrace.engine import Pace

# Rows an epoch takes at most unless told otherwise. Measured on Nexmark: 1,000,000 take a tenth to a half less time than five times
# 200,000, and more gain little. Where they take too long, epochs become smaller by themselves.
EPOCH_ROWS = 1_000_000
GROWTH = 8
REST_SECONDS = 0.25


# The logical time of epochs before the first event, as the ledger has it.
DAWN = datetime(1970, 1, 1, tzinfo=UTC)


# No watermark is before it.
FIRST = datetime(1, 1, 1, tzinfo=UTC)


def shown(moment: datetime | None) -> datetime | None:
    """A logical time as people see it: none before the first event."""
    return None if moment == DAWN else moment


def iso(moment: datetime | None) -> str | None:
    """A time as answers have it: UTC, `2026-01-05T12:00:00Z`."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def next_limit(limit: int, most: int, rows: int, seconds: float, pace: Pace) -> int:
    """How many rows the next epoch may take, from how long the last full one took.

    Args:
        limit: rows the last epoch was allowed; ``rows`` it took, in ``seconds``.
        most: never more than this.
        pace: the engine's.
    """
    if seconds > pace.seconds:
        return max(min(pace.first_rows, most), limit // 2)
    if rows >= limit:
        return min(most, limit * max(1, min(GROWTH, int(pace.seconds / 2 / max(seconds, 1e-3)))))
    return limit


def rest(limit: int, rows: int, seconds: float) -> float:
    """How long to wait for more rows after an epoch that took all there were: as long as it ran, so half a core at most.

    A trickle through many models is then taken in fewer, fuller epochs; after an epoch of milliseconds nobody notices.
    """
    return 0.0 if rows >= limit else min(seconds, REST_SECONDS)


def next_offsets(
    taken: Mapping[str, int], ends: Mapping[str, int], limit: int, timed: Container[str]
) -> dict[str, int]:
    """How far each stream is taken: everything that has arrived, or ``limit`` rows of it.

    Streams without event times are mostly what others look things up in, so they go first: what is looked up is then there, and
    seldom has to be corrected. Of the limit they have half at most while others wait. Streams with event times share the rest in
    proportion to what waits.

    Args:
        taken: offsets of the last epoch.
        ends: the log's ends.
        timed: the streams with event times.
    """
    waiting = {stream: end - taken.get(stream, 0) for stream, end in ends.items() if end > taken.get(stream, 0)}
    first = {stream: rows for stream, rows in waiting.items() if stream not in timed}
    others = {stream: rows for stream, rows in waiting.items() if stream in timed}
    shares = _shares(first, limit - min(sum(others.values()), limit // 2))
    shares |= _shares(others, limit - sum(shares.values()))
    return {stream: taken.get(stream, 0) + shares.get(stream, 0) for stream in {*taken, *ends}}


def _shares(waiting: Mapping[str, int], limit: int) -> dict[str, int]:
    """``limit`` rows in proportion to what waits, and at least one of each where that is possible."""
    total = sum(waiting.values())
    left = min(limit, total)
    shares = {}
    for i, (stream, rows) in enumerate(sorted(waiting.items(), key=lambda item: item[1])):
        share = left if i == len(waiting) - 1 else min(rows, max(1, rows * limit // total), left)
        shares[stream] = min(share, rows)
        left -= shares[stream]
    return shares


def logical_time(
    previous: datetime | None, reached: Mapping[str, datetime], ended: frozenset[str], wall: datetime | None
) -> datetime | None:
    """The epoch's ``now()``: the time of day when ``wall`` is given, else how far event time has come.

    Event time has come as far as the source that is furthest behind, of those that still have something to say; once all have
    ended, as far as the furthest. It never goes back.

    Args:
        reached: newest event time taken, by source.
        ended: bounded sources taken to their end.
    """
    if wall is not None:
        now: datetime | None = wall
    else:
        going = [time for source, time in reached.items() if source not in ended]
        now = min(going) if going else max(reached.values(), default=None)
    if previous is not None and (now is None or now < previous):
        return previous
    return now


def complete_to(
    sources: frozenset[str], reached: Mapping[str, datetime], lateness: Mapping[str, float], ended: frozenset[str]
) -> datetime | None:
    """The watermark of something made of ``sources``: event times before it are complete.

    Each source with an event time is complete up to its newest event less its lateness; one that has ended, to its newest event.

    Args:
        lateness: seconds, by source, of the sources that have an event time.
    """
    marks = []
    for source in sources & lateness.keys():
        if source not in reached:
            return None
        behind = 0.0 if source in ended else lateness[source]
        marks.append(reached[source].timestamp() - behind)
    return datetime.fromtimestamp(max(min(marks), FIRST.timestamp()), tz=UTC) if marks else None
