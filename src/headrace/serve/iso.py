"""ISO 8601 texts of times, dates and intervals, made from the integers that Arrow holds.

Python's own datetime ends at the year 9999 and at microseconds; DuckDB's timestamps and Arrow's nanoseconds do not.
So nothing here goes through datetime.
"""

from __future__ import annotations

from functools import lru_cache

NANOS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Nanoseconds in one unit of an Arrow time type."""

_DAY = 86_400 * 1_000_000_000
_MOST = 2**63 - 1
_MOST_DAYS = 2**31 - 1


def timestamp(value: int, unit: str) -> str:
    """Return the UTC instant that lies ``value`` units after 1970, such as ``2013-01-01T05:00:00.25Z``.

    DuckDB stores its infinite timestamps as the outermost integers: they read ``infinity`` and ``-infinity``.
    """
    if abs(value) == _MOST:
        return "infinity" if value > 0 else "-infinity"
    days, rest = divmod(value * NANOS[unit], _DAY)
    return f"{_calendar(days)}T{_clock(rest)}Z"


def date(days: int) -> str:
    """Return the date that lies ``days`` after 1970-01-01."""
    if abs(days) == _MOST_DAYS:
        return "infinity" if days > 0 else "-infinity"
    return _calendar(days)


def time(value: int, unit: str) -> str:
    """Return the time of day that lies ``value`` units after midnight."""
    return _clock(value * NANOS[unit])


def interval(months: int, days: int, nanos: int) -> str:
    """Return an ISO 8601 duration. Every part carries its own sign: ``P1Y-2M3DT-4H``, as PostgreSQL writes it."""
    years, months = _split(months, 12)
    hours, nanos = _split(nanos, 3_600_000_000_000)
    minutes, nanos = _split(nanos, 60_000_000_000)
    day_part = _parts((years, "Y"), (months, "M"), (days, "D"))
    time_part = _parts((hours, "H"), (minutes, "M")) + _seconds(nanos)
    return (
        "P"
        + day_part
        + (f"T{time_part}" if time_part or not day_part else "")
        + ("" if day_part or time_part else "0S")
    )


def _split(value: int, size: int) -> tuple[int, int]:
    """Divide towards zero, so that both parts keep the sign of the whole."""
    quotient, rest = divmod(abs(value), size)
    return (quotient, rest) if value >= 0 else (-quotient, -rest)


def _parts(*parts: tuple[int, str]) -> str:
    return "".join(f"{number}{letter}" for number, letter in parts if number)


def _seconds(nanos: int) -> str:
    if not nanos:
        return ""
    whole, rest = divmod(abs(nanos), 1_000_000_000)
    return f"{'-' if nanos < 0 else ''}{whole}{_fraction(rest)}S"


def _clock(nanos: int) -> str:
    seconds, rest = divmod(nanos, 1_000_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{_fraction(rest)}"


def _fraction(nanos: int) -> str:
    return f".{nanos:09}".rstrip("0") if nanos else ""


@lru_cache(maxsize=8192)
def _calendar(days: int) -> str:
    """Return year-month-day of a day number, in the proleptic Gregorian calendar and for any year.

    The algorithm is ``civil_from_days`` of Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
    """
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    return f"{_year(year)}-{month:02}-{day:02}"


def _year(year: int) -> str:
    """Four digits; outside 0..9999 the expanded form of ISO 8601: a sign and six digits. Year 0 is 1 BC."""
    return f"{year:04}" if 0 <= year <= 9999 else f"{year:+07}"
