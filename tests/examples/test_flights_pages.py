"""The example's models compile to what they should, and its dashboards and report ask what they should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from headrace.engine import DuckDBOracle
from headrace.project import Report, Section, Tile
from headrace.project.load import load
from headrace.runtime.assemble import Assembly, assemble
from headrace.security import Catalog, Principal, gate
from tests.sampling import in_ci

from .batch import PROJECT, Batch, Moment
from .figures import Row, month_total

pytestmark = pytest.mark.xdist_group("flights")  # one worker loads the year once

DECLARED = load(PROJECT)
TILES = [
    pytest.param(tile, id=f"{board.name}: {tile.title}")
    for board in DECLARED.dashboards.values()
    for tile in board.tiles
]
REPORT: Report = DECLARED.reports["monthly_on_time"]
SECTIONS = [pytest.param(section, id=section.title) for section in REPORT.sections if section.sql]
LIVE = datetime(2013, 10, 15, 21, tzinfo=UTC)
FIRST_MORNING = datetime(2013, 1, 1, 10, 16, tzinfo=UTC)
"""The first flight of the year has not left yet; others have been announced."""


@pytest.fixture(scope="module")
def assembly(batch: Batch) -> Assembly:
    with batch.at(LIVE) as moment:
        return assemble(batch.project, DuckDBOracle(), lambda source: moment.columns(source.name))


@pytest.fixture(scope="module")
def live(batch: Batch) -> Iterator[Moment]:
    with batch.at(LIVE) as moment:
        yield moment


def ask(
    moment: Moment, assembly: Assembly, sql: str, now: datetime, parameters: Mapping[str, Any] | None = None
) -> list[Row]:
    """What the gate lets through, run as of a moment."""
    admitted = gate(Principal("reader"), sql, Catalog(assembly.relations), parameters, now=now)
    return moment.query(admitted.sql)


def test_every_model_is_incremental(assembly: Assembly) -> None:
    rules = {program.model: {rule.rule for rule in program.applied} - {"linear"} for program in assembly.programs}
    assert rules == {
        "aircraft_utilisation": {"algebraic", "keyed"},
        "cancellations_by_weather": {"algebraic", "keyed"},
        "carriers_last_3_hours": {"algebraic", "bilinear"},
        "daily_totals": {"algebraic"},
        "delay_by_carrier_route": {"algebraic"},
        "delay_by_hour_of_day": {"algebraic"},
        "delay_by_weather": {"algebraic"},
        "departures_by_hour": {"algebraic"},
        "departures_due": set(),
        "flights_in_air": {"algebraic"},
        "flights_with_weather": {"bilinear"},
        "monthly_on_time": {"algebraic", "bilinear"},
        "monthly_routes": {"algebraic"},
        "weather_by_hour": set(),
        "worst_routes": {"algebraic", "keyed", "whole"},  # the first ten of some two hundred routes
    }


def test_columns_are_of_types_that_every_door_can_carry(assembly: Assembly) -> None:
    kinds = {kind for columns in assembly.relations.values() for kind in columns.values()}
    assert kinds <= {"BIGINT", "DATE", "DOUBLE", "TIMESTAMP", "VARCHAR"}


def test_everything_declared_says_what_it_is() -> None:
    declared = [*DECLARED.sources.values(), *DECLARED.models.values(), *DECLARED.dashboards.values(), REPORT]
    assert [one.name for one in declared if not one.description] == []
    assert [model.name for model in DECLARED.models.values() if not model.owner] == []


def test_every_model_is_read_by_something() -> None:
    texts = [model.sql for model in DECLARED.models.values()]
    texts += [tile.sql for board in DECLARED.dashboards.values() for tile in board.tiles]
    texts += [section.sql for section in REPORT.sections if section.sql]
    read = {table.name for text in texts for table in sqlglot.parse_one(text, dialect="duckdb").find_all(exp.Table)}
    assert {*DECLARED.sources, *DECLARED.models} - read == set()


@pytest.mark.parametrize("tile", TILES)
def test_a_tile_shows_something(tile: Tile, live: Moment, assembly: Assembly) -> None:
    rows = ask(live, assembly, tile.sql, LIVE)
    assert 1 <= len(rows) <= (1 if tile.kind == "stat" else 500)
    assert {name for name in (tile.x, tile.series, *tile.y) if name} <= set(rows[0])
    assert all(value is not None for row in rows for value in (row[name] for name in tile.y))
    if tile.kind != "stat":
        assert sqlglot.parse_one(tile.sql, dialect="duckdb").args.get("order") is not None


@pytest.mark.parametrize("tile", TILES)
def test_a_tile_can_be_asked_when_nothing_has_happened_yet(tile: Tile, batch: Batch, assembly: Assembly) -> None:
    with batch.at(FIRST_MORNING) as moment:
        rows = ask(moment, assembly, tile.sql, FIRST_MORNING)
    assert len(rows) == 1 if tile.kind == "stat" else len(rows) < 50


def test_the_report_offers_the_months_there_are_and_one_not_over_last(live: Moment, assembly: Assembly) -> None:
    choices = REPORT.parameters["month"].sql
    assert choices is not None
    found = [row["choice"] for row in ask(live, assembly, choices, LIVE)]
    assert found == [f"2013-{month:02}" for month in (*range(9, 0, -1), 10)]


@in_ci
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_shows_something(section: Section, year: Moment, assembly: Assembly) -> None:
    assert section.sql is not None
    rows = ask(year, assembly, section.sql, LIVE, {"month": "2013-02"})
    assert rows
    assert {name for name in (section.x, section.series, *section.y) if name} <= set(rows[0])


@in_ci
@pytest.mark.parametrize("month", ["2013-02", "2013-07", "2013-12"])
def test_the_report_adds_up(month: str, year: Moment, assembly: Assembly) -> None:
    sections = {section.title: section.sql or "" for section in REPORT.sections}

    def rows(title: str) -> list[Row]:
        return ask(year, assembly, sections[title], LIVE, {"month": month})

    [total] = rows("The month")
    assert total == pytest.approx(month_total(month))
    for title in ("By airline", "By airport"):
        for count in ("flights", "arrived", "on_time", "cancelled", "diverted"):
            assert sum(row[count] for row in rows(title)) == total[count]
    assert sum(row["cancelled"] for row in rows("Cancellations by weather")) == total["cancelled"]
