"""What every format needs to know of a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from duckdb.sqltypes import DuckDBPyType

from headrace.ingest.session import Connection


@dataclass(frozen=True)
class Shape:
    """A source's columns, and the session to cast them with.

    Attributes:
        where: the source's YAML file, for errors.
        key: columns that identify a row of a changelog; empty for none.
        null_values: texts that stand for NULL in a CSV file.
        event_time: the column with the rows' event time, if there is one.
    """

    con: Connection
    source: str
    where: Path
    columns: Mapping[str, str]
    key: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ("",)
    event_time: str | None = None

    @cached_property
    def types(self) -> dict[str, DuckDBPyType]:
        return {name: self.con.sqltype(text) for name, text in self.columns.items()}
