"""The example's numbers against the source files, and against what is known about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.sampling import in_ci

from .batch import Batch, Moment
from .figures import FIGURES, Figure, figures_at, newest_event
from .flights_data import clock_at, flights, observations, zones

pytestmark = [in_ci, pytest.mark.xdist_group("flights")]  # one worker loads the year once

MOMENTS = (
    datetime(2013, 2, 8, 20, tzinfo=UTC),  # the blizzard
    datetime(2013, 3, 10, 7, 30, tzinfo=UTC),  # half an hour after clocks went forward
    datetime(2013, 10, 1, 10, tzinfo=UTC),  # where the live part begins
    datetime(2013, 11, 3, 6, 15, tzinfo=UTC),  # a quarter of an hour after clocks went back
)


def test_the_files_are_the_ones_that_everybody_knows() -> None:
    assert len(flights()) == 336_776
    assert len({flight.id for flight in flights()}) == 336_776
    assert sum(flight.departed is None for flight in flights()) == 8_255
    assert sum(flight.departed is not None and flight.arr_clock is None for flight in flights()) == 458
    assert sum(flight.arr_delay is None for flight in flights()) == 9_430
    assert len(observations()) == 26_115
    assert sum(flight.weather is None for flight in flights()) == 1_556


def test_arrival_clocks_agree_with_delays() -> None:
    """The planned arrival plus the delay is when the destination's clock shows the arrival, but for one flight of 327,346.

    It reached Florida in the hour that the clocks left out, and the file has a time that no clock showed.
    """
    arrived = [flight for flight in flights() if flight.end == "arrived"]
    late = [f for f in arrived if f.arrived and clock_at(f.arrived, zones()[f.dest]) != (f.arr_clock or 0) % 2400]
    assert len(arrived) == 327_346
    assert [flight.id for flight in late] == ["B635-JFK-2013-03-09"]
    assert all(f.arrived == f.planned_arrival + timedelta(minutes=f.arr_delay or 0) for f in arrived)
    assert min(f.block - (f.air_time or 0) for f in arrived) == 5


def test_every_event_is_when_it_happened(year: Moment) -> None:
    found = {
        (row["flight_id"], row["kind"]): row["event_time"].replace(tzinfo=UTC)
        for row in year.query("SELECT flight_id, kind, event_time FROM flights_events")
    }
    assert found == {(flight.id, kind): time for flight in flights() for kind, time in flight.events.items()}


def test_an_event_carries_what_is_known_by_then(year: Moment) -> None:
    columns = ("departed_at", "dep_delay", "arrived_at", "arr_delay", "air_time", "sched_arr")
    counted = ", ".join(f"count({column}) AS {column}" for column in columns)
    found = {
        row.pop("kind"): tuple(row.values())
        for row in year.query(f"SELECT kind, {counted} FROM flights_events GROUP BY kind")
    }
    assert found == {
        "scheduled": (0, 0, 0, 0, 0, 336_776),
        "cancelled": (0, 0, 0, 0, 0, 8_255),
        "departed": (328_521, 328_521, 0, 0, 0, 328_521),
        "arrived": (327_346, 327_346, 327_346, 327_346, 327_346, 327_346),
        "diverted": (1_175, 1_175, 717, 0, 0, 1_175),
    }


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_is_what_the_source_files_say(figure: Figure, year: Moment) -> None:
    assert figure.rows()
    assert figure.differences(year.query) == []


def test_what_is_current_at_the_end_of_the_year(year: Moment) -> None:
    assert [wrong for figure in figures_at(newest_event()) for wrong in figure.differences(year.query)] == []


@pytest.mark.parametrize("time", MOMENTS, ids=str)
def test_what_is_current_at_a_moment(time: datetime, batch: Batch) -> None:
    with batch.at(time) as moment:
        assert [wrong for figure in figures_at(time) for wrong in figure.differences(moment.query)] == []


def test_the_year_has_its_well_known_shape(year: Moment) -> None:
    months = year.query(
        "SELECT month(month) AS month, sum(arr_delay_minutes) / sum(arrived) AS delay, CAST(sum(cancelled) AS BIGINT) AS cancelled"
        " FROM monthly_on_time GROUP BY ALL ORDER BY delay DESC"
    )
    assert [row["month"] for row in months[:3]] == [7, 6, 12]
    assert months[0]["delay"] == pytest.approx(16.7113, abs=1e-4)
    assert max(months, key=lambda row: row["cancelled"]) | {"delay": None} == {
        "month": 2,
        "delay": None,
        "cancelled": 1261,
    }
    [worst, *_] = year.query("SELECT origin, dest, mean_arr_delay FROM worst_routes ORDER BY mean_arr_delay DESC")
    assert (worst["origin"], worst["dest"]) == ("EWR", "TYS")
