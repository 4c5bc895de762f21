"""Column types from data. A type is chosen only if every value of the sample fits it exactly; else text stays text.

More careful than DuckDB's own sniffing where a wrong guess would lose something: digits with a leading zero (``00501``),
numbers that start with a plus and numbers too long for a BIGINT stay text. A JSON string is text or a time, never a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headrace.ingest.objects import RAW
from headrace.ingest.session import Connection, literal, quote

MAX_FIELDS = 100
"""A JSON object with more names than this in the sample is taken for a map, and kept as JSON."""

_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}"


def _matches(pattern: str) -> str:
    return f"regexp_full_match(x, {literal(pattern)}, 'i')"


TESTS: Mapping[str, str] = {
    "BIGINT": f"{_matches('-?(0|[1-9][0-9]*)')} AND TRY_CAST(x AS BIGINT) IS NOT NULL",
    "DOUBLE": (
        f"(({_matches('-?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?')} AND isfinite(TRY_CAST(x AS DOUBLE)))"
        f" OR {_matches('-?(nan|inf|infinity)')}) AND NOT regexp_matches(x, '^-?(0[0-9]|[0-9]{{16}})')"
    ),
    "BOOLEAN": _matches("true|false"),
    "DATE": f"{_matches(_DATE)} AND TRY_CAST(x AS DATE) IS NOT NULL",
    "TIMESTAMP": f"{_matches(_DATE + '([ T].*)?')} AND TRY_CAST(x AS TIMESTAMPTZ) IS NOT NULL",
    "TIME": f"{_matches('[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?')} AND TRY_CAST(x AS TIME) IS NOT NULL",
}
"""Type -> SQL over a text x that is not NULL, in order of preference."""

TIMES = ("DATE", "TIMESTAMP")


def text_types(con: Connection, relation: str, columns: Iterable[str], null_values: Sequence[str]) -> dict[str, str]:
    """Types for the VARCHAR `columns` of `relation`; a column without a value is VARCHAR."""
    markers = ", ".join(map(literal, null_values))
    where = f"x NOT IN ({markers})" if markers else "true"
    return {name: _text_type(con, relation, quote(name), tuple(TESTS), where) for name in columns}


def _text_type(con: Connection, relation: str, value: str, candidates: Sequence[str], where: str = "true") -> str:
    tests = ", ".join(f"coalesce(bool_and({TESTS[candidate]}), false)" for candidate in candidates)
    sql = f"SELECT {tests} FROM (SELECT DISTINCT {value} AS x FROM {relation}) WHERE x IS NOT NULL AND {where}"
    [passed] = con.execute(sql).fetchall()
    return next((candidate for candidate, fits in zip(candidates, passed, strict=True) if fits), "VARCHAR")


def json_types(con: Connection, relation: str) -> dict[str, str]:
    """Names and types of the fields of the JSON objects in column RAW of `relation`; empty if there are none."""
    [(structure,)] = con.execute(f"SELECT json_group_structure(CAST({RAW} AS JSON)) FROM {relation}").fetchall()
    fields = json.loads(structure or "{}")
    return {name: _json_type(con, relation, name, kind) for name, kind in fields.items()} if fields != "NULL" else {}


def _json_type(con: Connection, relation: str, name: str, kind: Any) -> str:
    field = literal('$."' + name.replace('"', '\\"') + '"')
    if kind == "VARCHAR":
        return _text_type(con, relation, f"json_extract_string({RAW}, {field})", TIMES)
    if kind in ("UBIGINT", "HUGEINT"):
        # The structure says UBIGINT of any integer that is not negative.
        return _text_type(con, relation, f"json_extract_string({RAW}, {field})", ("BIGINT", "DOUBLE"))
    return _nested_type(kind)


def _nested_type(kind: Any) -> str:
    if isinstance(kind, list):
        return f"{_nested_type(kind[0])}[]"
    if isinstance(kind, dict):
        fields = ", ".join(f"{quote(name)} {_nested_type(part)}" for name, part in kind.items())
        return f"STRUCT({fields})" if 0 < len(kind) <= MAX_FIELDS else "JSON"
    return {"UBIGINT": "BIGINT", "NULL": "VARCHAR"}.get(kind, str(kind))
