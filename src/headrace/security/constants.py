"""Python values as constants of DuckDB SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlglot import exp


def constant(value: Any) -> exp.Expr | None:
    """The constant for a value, or None when SQL has none for its type.

    Times without a zone are TIMESTAMP, times with one TIMESTAMPTZ. A text stays a bare string constant, which DuckDB
    takes for a date or a number where one is wanted.
    """
    if isinstance(value, (list, tuple)):
        items = [constant(item) for item in value]
        return None if None in items else exp.Array(expressions=items)
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return None if "\0" in value else exp.Literal.string(value)
    if isinstance(value, int):
        return _number(str(value))
    written = _written(value)
    return exp.cast(exp.Literal.string(written[0]), written[1], dialect="duckdb") if written else None


def _number(text: str) -> exp.Expr:
    number = exp.Literal.number(text.lstrip("-"))
    return exp.Paren(this=exp.Neg(this=number)) if text.startswith("-") else number


def _written(value: Any) -> tuple[str, str] | None:
    """A text that DuckDB casts to the value, and the type to cast it to."""
    match value:
        case float():
            return repr(value), "DOUBLE"
        case Decimal() if value.is_finite():
            return _decimal(value)
        case datetime() if value.tzinfo is None:
            return value.isoformat(sep=" "), "TIMESTAMP"
        case datetime():
            return value.astimezone(UTC).isoformat(sep=" "), "TIMESTAMPTZ"
        case date():
            return value.isoformat(), "DATE"
        case time() if value.tzinfo is None:
            return value.isoformat(), "TIME"
        case timedelta():
            rest = value - timedelta(days=value.days)
            return f"{value.days} days {rest // timedelta(microseconds=1)} microseconds", "INTERVAL"
        case UUID():
            return str(value), "UUID"
        case bytes():
            return "".join(f"\\x{byte:02X}" for byte in value), "BLOB"
    return None


def _decimal(value: Decimal) -> tuple[str, str] | None:
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    scale = max(0, -exponent)
    width = max(len(digits) + max(0, exponent), scale)
    return (f"{value:f}", f"DECIMAL({width}, {scale})") if width <= 38 else None
