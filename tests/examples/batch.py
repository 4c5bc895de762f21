"""examples/flights run in batch: its replay queries, then its models, as tables of one DuckDB database."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from headrace.project import FileSource, Project, ReplaySource
from headrace.project.load import load

from .flights_data import DISTRIBUTION, data_file

PROJECT = Path(__file__).parents[2] / "examples" / "flights"
_PACKAGE = f"package:{DISTRIBUTION}/data/"


class Moment:
    """The project as of one logical time: the events up to then, and models that compute from them when asked."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def query(self, sql: str) -> list[dict[str, Any]]:
        answer = self._con.execute(sql)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def columns(self, relation: str) -> dict[str, str]:
        """Column names of a source or model, with their DuckDB types."""
        return {row["column_name"]: row["column_type"] for row in self.query(f"DESCRIBE {relation}")}


class Batch:
    """The project, its sources loaded once and whole."""

    def __init__(self, folder: Path) -> None:
        self.project = load(PROJECT)
        self._folder = folder
        self._moments = count()
        self._con = duckdb.connect(config={"threads": 2})
        self._con.execute("SET TimeZone = 'UTC'; CREATE SCHEMA tables; CREATE SCHEMA whole")
        for source in self.project.sources.values():
            self._load(source)

    @contextmanager
    def at(self, time: datetime) -> Iterator[Moment]:
        """What everything is at ``time``, and what ``now()`` is then."""
        con = self._con.cursor()
        schema = f"moment_{next(self._moments)}"
        con.execute(f"BEGIN; SET TimeZone = 'UTC'; CREATE SCHEMA {schema}; SET schema = '{schema}'")
        try:
            # A macro of this name hides the function.
            con.execute(f"CREATE MACRO now() AS TIMESTAMPTZ '{time:%Y-%m-%d %H:%M:%S}+00'")
            for source in self.project.sources.values():
                until = f"WHERE {source.event_time} <= '{time:%Y-%m-%d %H:%M:%S}'" if source.event_time else ""
                con.execute(f"CREATE VIEW {source.name} AS FROM whole.{source.name} {until}")
            for name in models_in_order(self.project):
                con.execute(f"CREATE VIEW {name} AS {self.project.models[name].sql}")
            yield Moment(con)
        finally:
            con.execute("ROLLBACK")
            con.close()

    def _load(self, source: object) -> None:
        if isinstance(source, ReplaySource):
            for name, setting in source.tables.items():
                self._read(name, setting, source.null_values)
            query = (PROJECT / source.query).read_text(encoding="utf-8")
            self._con.execute("SET schema = 'tables'")
            self._con.execute(f"CREATE TABLE whole.{source.name} AS {query}")
            self._con.execute("SET schema = 'main'")
        else:
            assert isinstance(source, FileSource)
            self._read(source.name, source.path, source.null_values)
            columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in (source.columns or {}).items())
            self._con.execute(f"CREATE TABLE whole.{source.name} AS SELECT {columns} FROM tables.{source.name}")

    def _read(self, name: str, setting: str, null_values: tuple[str, ...]) -> None:
        path = data_file(setting.removeprefix(_PACKAGE))
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                [member] = archive.namelist()
                path = Path(archive.extract(member, self._folder))
        nulls = ", ".join(f"'{text}'" for text in null_values)
        rows = f"read_csv('{path}', nullstr = [{nulls}], sample_size = -1)"
        self._con.execute(f"CREATE OR REPLACE TABLE tables.{name} AS FROM {rows}")


def models_in_order(project: Project) -> list[str]:
    """Models, each after those it reads."""
    graph = {}
    for name, model in project.models.items():
        tables = {table.name for table in sqlglot.parse_one(model.sql, dialect="duckdb").find_all(exp.Table)}
        graph[name] = tables & set(project.models)
    return list(TopologicalSorter(graph).static_order())
