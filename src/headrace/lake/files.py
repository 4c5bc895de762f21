"""What a lake needs of the place that its files are in, besides what pyiceberg does there."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow.parquet as pq
from pyiceberg.io import FileIO

_TABLE_FILE = re.compile(r"([^/]+)/([^/]+)/(data|metadata)/([^/]+)$")


class LakeFiles(FileIO):
    """Iceberg's access to files. pyiceberg makes one per table, from the catalog's properties.

    A file is named by its Iceberg location; what is created is durable once it is closed.
    """

    @abstractmethod
    def readable(self, location: str) -> str:
        """What DuckDB reads the file by."""

    @abstractmethod
    def parquet(self, location: str) -> pq.ParquetFile:
        """The file, to be read a batch at a time."""

    @abstractmethod
    def written_before(self, tables: Iterable[str], time: datetime) -> Iterator[str]:
        """The locations of the files below those of tables that were last written before then (UTC)."""

    @abstractmethod
    def remove(self, locations: Iterable[str]) -> int:
        """Delete files; the bytes that frees. One that is gone already is no error."""


def relative(location: str) -> str:
    """``<namespace>/<table>/<data or metadata>/<file>`` of a location, which tells it from every other of the lake."""
    found = _TABLE_FILE.search(location)
    if found is None:
        raise ValueError(f"{location} is not the location of a table's file")
    return found[0]
