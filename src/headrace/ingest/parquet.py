"""Parquet: rows by row number. A file is complete once it has its footer, and does not change after that."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from headrace.ingest.chunk import Piece
from headrace.ingest.fit import AT, fit
from headrace.ingest.session import Connection, literal
from headrace.ingest.shape import Shape
from headrace.ingest.streams import HalfWrittenError, broken
from headrace.ingest.text import Mark, changed
from headrace.ingest.typed import TypedTable, table_casts, table_rejects

MAGIC = b"PAR1"


class ParquetCursor:
    """Reads the Parquet file at `path`, called `name`, on from `mark`.

    Raises:
        HalfWrittenError: it has no footer yet.
        SourceError: it is no Parquet file, has not the declared columns, or is not the one that was read up to `mark`.
    """

    def __init__(self, shape: Shape, path: Path, name: str, mark: Mark | None) -> None:
        self._shape = shape
        self._path = path
        self._name = name
        self._rows, given = describe(shape.con, path)
        if mark and mark["rows"] != self._rows:
            raise changed(path, f"has {self._rows:,} rows, and had {mark['rows']:,} when it was read")
        self._row = mark["row"] if mark else 0
        with explained(path):
            self._casts = table_casts(shape, TypedTable(path.name, _scan(path), given, path))

    def take(self, limit: int) -> Piece | None:
        first, stop = self._row, min(self._row + limit, self._rows)
        if first == stop:
            return None
        rows = (
            f"SELECT *, file_row_number AS {AT} FROM {_scan(self._path)}"
            f" WHERE file_row_number >= {first} AND file_row_number < {stop} ORDER BY file_row_number"
        )
        with explained(self._path):
            fitted = fit(self._shape.con, rows, self._casts)
            rejects = table_rejects(self._shape, rows, fitted, self._casts, self._name)
        self._row = stop
        return Piece(fitted.rows.drop_columns([AT]), rejects, stop - first)

    def mark(self) -> Mark:
        return {"row": self._row, "rows": self._rows}

    def close(self) -> None:
        """Nothing is held open between two chunks."""


def describe(con: Connection, path: Path) -> tuple[int, dict[str, str]]:
    """The number of rows, and the columns with their DuckDB types.

    Raises:
        HalfWrittenError, SourceError: see `ParquetCursor`.
    """
    _check_complete(path)
    escaped = literal(glob.escape(str(path)))
    with explained(path):
        count = con.execute(f"SELECT num_rows FROM parquet_file_metadata({escaped})").fetchall()
        columns = con.execute(f"DESCRIBE SELECT * FROM read_parquet({escaped})").fetchall()
    return int(count[0][0]), {str(name): str(kind) for name, kind, *_ in columns}


def _check_complete(path: Path) -> None:
    try:
        with path.open("rb") as file:
            first = file.read(len(MAGIC))
            end = file.seek(0, 2)
            file.seek(max(end - len(MAGIC), 0))
            last = file.read()
    except OSError as error:
        raise broken(path, f"cannot be read: {error.strerror}", "make it readable to this user") from error
    if not MAGIC.startswith(first):
        raise broken(path, "is not a Parquet file", "correct `path` or `format`")
    if last != MAGIC or end <= 2 * len(MAGIC):
        raise HalfWrittenError("its footer is missing")


def _scan(path: Path) -> str:
    return f"read_parquet({literal(glob.escape(str(path)))}, file_row_number = true)"


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns DuckDB's failure to read the file at `path` into a SourceError."""
    try:
        yield
    except duckdb.Error as error:
        what = str(error).partition("\n")[0]
        raise broken(path, f"cannot be read as it is: {what}", "write the file again") from error
