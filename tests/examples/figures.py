"""Figures of examples/flights, computed from the source files in plain Python, and the SQL that must give the same.

A figure is asked of anything that runs SQL: ``assert not figure.differences(query)``, where ``query(sql)`` returns a list of
dicts; a running node can be asked as well as DuckDB. Rows are compared in order, and fractions within 1e-9 of each other.

The figures of ``FIGURES`` hold once the whole year has been played; those of ``figures_at(time)`` when logical time is
``time`` and exactly the events up to then are in.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from .flights_data import Flight, airlines, airport_names, flights, seats

Row = dict[str, Any]
Query = Callable[[str], list[Row]]

TAILS = ("N14228", "N24211", "N328AA", "N338AA", "N37700", "N711MQ", "N725MQ")
"""Aircraft of several airlines. The register does not know N37700 and those of MQ."""


@dataclass(frozen=True)
class Figure:
    """SQL over the project's relations, and the rows that it must give, from the source files."""

    name: str
    sql: str
    rows: Callable[[], list[Row]]

    def differences(self, query: Query) -> list[str]:
        """What is not as it should be, in words; empty when all is."""
        wanted, found = self.rows(), query(self.sql)
        pairs = zip(wanted, found, strict=False)
        wrong = [f"{self.name}: {one} expected, {other} found" for one, other in pairs if not _same(one, other)]
        if len(wanted) != len(found):
            wrong.append(f"{self.name}: {len(wanted)} rows expected, {len(found)} found")
        return wrong


def _same(wanted: Row, found: Row) -> bool:
    return list(wanted) == list(found) and all(_equal(wanted[name], found[name]) for name in wanted)


def _equal(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, float) and isinstance(found, int | float):
        return math.isclose(wanted, found, rel_tol=1e-9)
    return bool(wanted == found)


def newest_event() -> datetime:
    """The logical time when everything has been played: the last event of a flight, as the weather ends before."""
    return max(time for flight in flights() for time in flight.events.values())


def _events() -> list[Row]:
    counts = Counter(kind for flight in flights() for kind in flight.events)
    return [{"kind": kind, "events": counts[kind]} for kind in sorted(counts)]


def _grouped(keys: Callable[[Flight], tuple[Any, ...]], of: Iterable[Flight]) -> Iterator[tuple[Any, list[Flight]]]:
    """Groups of flights in the order of their keys."""
    groups = defaultdict(list)
    for flight in of:
        groups[keys(flight)].append(flight)
    return iter(sorted(groups.items()))


def _outcome(group: list[Flight]) -> Row:
    """What models say of a group of flights that have come to their end."""
    delays = [f.arr_delay for f in group if f.arr_delay is not None]
    ends = Counter(f.end for f in group)
    return {
        "flights": len(group),
        "arrived": ends["arrived"],
        "cancelled": ends["cancelled"],
        "diverted": ends["diverted"],
        "on_time": sum(delay < 15 for delay in delays),
        "arr_delay_minutes": sum(delays),
    }


OUTCOME = "flights, arrived, cancelled, diverted, on_time, arr_delay_minutes"


def _mean(values: Iterable[int | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _months() -> list[Row]:
    made = []
    for (month, carrier), group in _grouped(lambda f: (f.month, f.carrier), flights()):
        row = {"month": month, "carrier": carrier, "airline": airlines()[carrier], **_outcome(group)}
        share = row["on_time"] / row["flights"]
        made.append({**row, "on_time_share": share, "mean_arr_delay": _mean(f.arr_delay for f in group)})
    return made


def month_total(month: str) -> Row:
    """What the first table of the monthly report says of a month, such as ``2013-07``."""
    row = _outcome([flight for flight in flights() if flight.month == f"{month}-01"])
    delay = round(row.pop("arr_delay_minutes") / row["arrived"], 1)
    return row | {"arrival delay, min": delay, "on time, share": row["on_time"] / row["flights"]}


def _carrier_routes() -> list[Row]:
    made = []
    for (carrier, origin, dest), group in _grouped(lambda f: (f.carrier, f.origin, f.dest), flights()):
        worst = max((f.arr_delay for f in group if f.arr_delay is not None), default=None)
        made.append({"carrier": carrier, "origin": origin, "dest": dest, **_outcome(group), "max_arr_delay": worst})
    return made


def _month_routes() -> list[Row]:
    keys = ("month", "origin", "dest")
    routes = _grouped(lambda f: (f.month, f.origin, f.dest), flights())
    return [dict(zip(keys, key, strict=True)) | _outcome(group) for key, group in routes]


def _worst_routes() -> list[Row]:
    made = []
    for (origin, dest), group in _grouped(lambda f: (f.origin, f.dest), flights()):
        row = _outcome(group)
        if row["arrived"] >= 100:
            named = {"origin": origin, "dest": dest, "destination": airport_names().get(dest, dest)}
            kept = {key: row[key] for key in ("flights", "arrived", "cancelled")}
            made.append({**named, **kept, "mean_arr_delay": row["arr_delay_minutes"] / row["arrived"]})
    return sorted(made, key=lambda r: (-r["mean_arr_delay"], r["origin"], r["dest"]))[:10]


def _days() -> list[Row]:
    made = []
    for (day, origin), group in _grouped(lambda f: (f"{f.day}", f.origin), flights()):
        row = {"day": day, "origin": origin, "scheduled": len(group)}
        left = [f.dep_delay for f in group if f.dep_delay is not None]
        row |= {"departed": len(left), **_outcome(group), "dep_delay_minutes": sum(left)}
        del row["flights"]
        made.append(row)
    return made


def _hours() -> list[Row]:
    """By the hour in which a flight left, or should have."""
    made = []
    for (hour, origin), group in _grouped(lambda f: (_hour(f.departed or f.planned), f.origin), flights()):
        delays = [f.dep_delay for f in group if f.dep_delay is not None]
        made.append(
            {
                "hour": f"{hour:%Y-%m-%d %H:%M:%S}",
                "origin": origin,
                "departures": len(delays),
                "cancellations": len(group) - len(delays),
                "dep_delay_minutes": sum(delays),
                "max_dep_delay": max(delays, default=None),
            }
        )
    return made


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0)


def _weekdays() -> list[Row]:
    left = (f for f in flights() if f.dep_delay is not None)
    return [
        {
            "weekday": weekday,
            "weekday_name": f"{group[0].day:%A}",
            "hour_of_day": hour,
            "departures": len(group),
            "dep_delay_minutes": sum(f.dep_delay or 0 for f in group),
        }
        for (weekday, hour), group in _grouped(lambda f: (f.day.isoweekday(), f.hour), left)
    ]


def _condition(flight: Flight) -> str:
    return "not observed" if flight.weather is None else flight.weather.condition


def _weather_delays() -> list[Row]:
    left = (f for f in flights() if f.dep_delay is not None and f.weather is not None)
    made = []
    for (condition,), group in _grouped(lambda f: (_condition(f),), left):
        delays = [f.dep_delay or 0 for f in group]
        made.append(
            {
                "condition": condition,
                "departures": len(group),
                "late_departures": sum(delay >= 15 for delay in delays),
                "dep_delay_minutes": sum(delays),
                "mean_dep_delay": fmean(delays),
            }
        )
    return made


def _weather_cancellations() -> list[Row]:
    cancelled = (f for f in flights() if f.end == "cancelled")
    groups = _grouped(lambda f: (f.month, _condition(f)), cancelled)
    return [{"month": month, "condition": condition, "cancelled": len(group)} for (month, condition), group in groups]


def _weather_joined() -> list[Row]:
    joined = [(f.origin, seen) for f in flights() if f.departed and (seen := f.weather)]
    made = []
    for origin in sorted({origin for origin, _ in joined}):
        found = [seen for at, seen in joined if at == origin]
        gusts = sum(seen.wind_gust is not None for seen in found)
        visible = math.fsum(seen.visib for seen in found)
        made.append({"origin": origin, "flights": len(found), "with_gusts": gusts, "visibility": visible})
    return made


def _aircraft(tails: Iterable[str]) -> list[Row]:
    wanted = set(tails)
    arrived = (f for f in flights() if f.end == "arrived" and f.tailnum in wanted)
    made = []
    for (tail,), group in _grouped(lambda f: (f.tailnum,), arrived):
        miles = sum(f.distance for f in group)
        made.append(
            {
                "tailnum": tail,
                "seats": seats().get(tail),
                "flights": len(group),
                "block_minutes": sum(f.block for f in group),
                "air_minutes": sum(f.air_time or 0 for f in group),
                "miles": miles,
                "seat_miles": miles * seats()[tail] if tail in seats() else None,
            }
        )
    return made


def _fleet() -> list[Row]:
    arrived = [f for f in flights() if f.end == "arrived"]
    assert all(f.tailnum for f in arrived)
    tails = {f.tailnum for f in arrived}
    block, air = sum(f.block for f in arrived), sum(f.air_time or 0 for f in arrived)
    known = len(tails & set(seats()))
    return [{"aircraft": len(tails), "known": known, "flights": len(arrived), "block": block, "air": air}]


FIGURES = (
    Figure("events", "SELECT kind, count(*) AS events FROM flights_events GROUP BY kind ORDER BY kind", _events),
    Figure(
        "monthly_on_time",
        f"SELECT CAST(month AS VARCHAR) AS month, carrier, airline, {OUTCOME}, on_time_share, mean_arr_delay"
        " FROM monthly_on_time ORDER BY month, carrier",
        _months,
    ),
    Figure(
        "delay_by_carrier_route",
        f"SELECT carrier, origin, dest, {OUTCOME}, max_arr_delay FROM delay_by_carrier_route ORDER BY carrier, origin, dest",
        _carrier_routes,
    ),
    Figure(
        "monthly_routes",
        f"SELECT CAST(month AS VARCHAR) AS month, origin, dest, {OUTCOME} FROM monthly_routes ORDER BY month, origin, dest",
        _month_routes,
    ),
    Figure(
        "worst_routes",
        "SELECT origin, dest, destination, flights, arrived, cancelled, mean_arr_delay"
        " FROM worst_routes ORDER BY mean_arr_delay DESC, origin, dest",
        _worst_routes,
    ),
    Figure(
        "daily_totals",
        "SELECT CAST(day AS VARCHAR) AS day, origin, scheduled, departed, arrived, cancelled, diverted, on_time,"
        " arr_delay_minutes, dep_delay_minutes FROM daily_totals ORDER BY day, origin",
        _days,
    ),
    Figure(
        "departures_by_hour",
        "SELECT CAST(hour AS VARCHAR) AS hour, origin, departures, cancellations, dep_delay_minutes, max_dep_delay"
        " FROM departures_by_hour ORDER BY departures_by_hour.hour, origin",
        _hours,
    ),
    Figure(
        "delay_by_hour_of_day",
        "SELECT weekday, weekday_name, hour_of_day, departures, dep_delay_minutes"
        " FROM delay_by_hour_of_day ORDER BY weekday, hour_of_day",
        _weekdays,
    ),
    Figure(
        "flights_with_weather",
        "SELECT origin, count(*) AS flights, count(gust_mph) AS with_gusts, sum(visibility_mi) AS visibility"
        " FROM flights_with_weather GROUP BY origin ORDER BY origin",
        _weather_joined,
    ),
    Figure(
        "delay_by_weather",
        "SELECT condition, departures, late_departures, dep_delay_minutes, mean_dep_delay"
        " FROM delay_by_weather ORDER BY condition",
        _weather_delays,
    ),
    Figure(
        "cancellations_by_weather",
        "SELECT CAST(month AS VARCHAR) AS month, condition, cancelled FROM cancellations_by_weather ORDER BY month, condition",
        _weather_cancellations,
    ),
    Figure(
        "aircraft_utilisation",
        "SELECT tailnum, seats, flights, block_minutes, air_minutes, miles, seat_miles FROM aircraft_utilisation"
        f" WHERE tailnum IN {TAILS} ORDER BY tailnum",
        lambda: _aircraft(TAILS),
    ),
    Figure(
        "fleet",
        "SELECT count(*) AS aircraft, count(seats) AS known, CAST(sum(flights) AS BIGINT) AS flights,"
        " CAST(sum(block_minutes) AS BIGINT) AS block, CAST(sum(air_minutes) AS BIGINT) AS air FROM aircraft_utilisation",
        _fleet,
    ),
)


def _happened(since: datetime, until: datetime) -> dict[str, list[tuple[str, Flight]]]:
    """By carrier, what happened after ``since`` and up to ``until``, announcements apart."""
    made = defaultdict(list)
    for flight in flights():
        for kind, time in flight.events.items():
            if since < time <= until and kind != "scheduled":
                made[flight.carrier].append((kind, flight))
    return made


def _last_3_hours(at: datetime) -> list[Row]:
    made = []
    for carrier, events in sorted(_happened(at - timedelta(hours=3), at).items()):
        delays = [f.dep_delay for kind, f in events if kind == "departed"]
        counts = Counter(kind for kind, _ in events)
        made.append(
            {
                "carrier": carrier,
                "departures": counts["departed"],
                "arrivals": counts["arrived"],
                "cancellations": counts["cancelled"],
                "mean_dep_delay": _mean(delays),
                "mean_arr_delay": _mean(f.arr_delay for kind, f in events if kind == "arrived"),
            }
        )
    return made


def _due(at: datetime) -> list[Row]:
    found = [f for f in flights() if at < f.planned <= at + timedelta(hours=3)]
    return [{"flight_id": f.id} for f in sorted(found, key=lambda f: (f.planned, f.id))]


def _in_air(at: datetime) -> list[Row]:
    made = []
    for (origin,), group in _grouped(lambda f: (f.origin,), (f for f in flights() if f.departed and f.departed <= at)):
        ended = sum(f.events[f.end] <= at for f in group)
        made.append({"origin": origin, "departed": len(group), "ended": ended, "in_air": len(group) - ended})
    return made


def figures_at(at: datetime) -> tuple[Figure, ...]:
    """Figures of the models that follow logical time, and of flights in the air, as of ``at``."""
    return (
        Figure(
            f"carriers_last_3_hours at {at}",
            "SELECT carrier, departures, arrivals, cancellations, mean_dep_delay, mean_arr_delay"
            " FROM carriers_last_3_hours ORDER BY carrier",
            lambda: _last_3_hours(at),
        ),
        Figure(
            f"departures_due at {at}",
            "SELECT flight_id FROM departures_due ORDER BY sched_dep, flight_id",
            lambda: _due(at),
        ),
        Figure(
            f"flights_in_air at {at}",
            "SELECT origin, departed, ended, in_air FROM flights_in_air ORDER BY origin",
            lambda: _in_air(at),
        ),
    )
