"""Column schemas as a project declares them: names, and DuckDB type texts brought to DuckDB's own spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import duckdb
from pydantic import AfterValidator, BeforeValidator

from headrace.project.declared import refused

# DuckDB reads a type and ignores what follows it ("BIGINT, x INT", "INT NOT NULL"), so the shape is checked first.
_SHAPE = re.compile(
    r"(?:\w+|timestamp with(?:out)? time zone|time with(?:out)? time zone|double precision|character varying)"
    r"\s*(?:\(.*\))?(?:\s*\[\d*\])*",
    re.IGNORECASE | re.DOTALL,
)
RESERVED_COLUMNS = "__"


def canonical_type(text: str) -> str:
    """Return a type as DuckDB spells it: ``int`` is ``INTEGER``, ``timestamptz`` is ``TIMESTAMP WITH TIME ZONE``.

    Raises:
        ValueError: DuckDB has no such type; the message is DuckDB's own.
    """
    if not _SHAPE.fullmatch(text.strip()):
        raise ValueError("this is not the name of one type")
    try:
        found = duckdb.sqltype(text.strip())
    except duckdb.Error as error:
        raise ValueError(str(error).partition(": ")[2].splitlines()[0]) from error
    if found.id == "null":
        raise ValueError("a column needs a type that can hold a value")
    return str(found)


def _type(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return canonical_type(value)
    except ValueError as error:
        fix = "write a DuckDB type, such as BIGINT, DOUBLE, VARCHAR, BOOLEAN, DATE, TIMESTAMP or DECIMAL(18,2)"
        raise refused(f"{value!r} is not a column type: {error}", fix) from None


def _column(value: str) -> str:
    if not value.strip():
        raise refused("a column needs a name", "write its name before the colon")
    if value.startswith(RESERVED_COLUMNS):
        raise refused(f"{value!r} cannot name a column: names starting with __ are kept for Headrace", "rename it")
    return value


def _distinct(columns: Mapping[str, str]) -> Mapping[str, str]:
    seen: dict[str, str] = {}
    for name in columns:
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise refused(f"columns {other} and {name} differ only in case, which SQL does not see", "rename one")
    if not columns:
        raise refused("the schema has no columns", "name them, as in {id: BIGINT, at: TIMESTAMP}, or delete the key")
    return columns


ColumnType = Annotated[str, BeforeValidator(_type)]
ColumnName = Annotated[str, AfterValidator(_column)]
Columns = Annotated[Mapping[ColumnName, ColumnType], AfterValidator(_distinct)]
"""Column name -> DuckDB type text, in order."""


def is_time(type_: str) -> bool:
    """Tell whether a column of this type can hold event time."""
    return type_ == "DATE" or type_.startswith("TIMESTAMP")
