"""How a value becomes a column's type, and how to tell that it does not fit.

Stricter than DuckDB's CAST where that would lose something unsaid:

- ``'1.5'`` is no BIGINT (CAST rounds it), and ``'2013-01-01 10:00'`` is no DATE (CAST drops the time);
- ``'2013-01-01T10:00:00+02:00'`` is 08:00 as a TIMESTAMP, because naive timestamps are UTC (CAST drops the offset);
- ``'1e400'`` is no DOUBLE (CAST makes it infinite);
- a list or struct with one bad element is bad (TRY_CAST makes the element NULL).

A DECIMAL is rounded to its scale and a FLOAT to its precision, as SQL does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from duckdb.sqltypes import DuckDBPyType

from headrace.ingest.session import literal, quote

INTEGERS = {
    *("tinyint", "smallint", "integer", "bigint", "hugeint"),
    *("utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"),
}
INEXACT = {"float", "double", "decimal"}
NESTED = {"struct", "list", "map", "array", "union"}
_ARRAY = re.compile(r"\[\d+\]")
ZONED_BY_US = {"timestamp", "timestamp_s", "timestamp_ms"}
"""Types that CAST reads from text without minding a UTC offset. TIMESTAMP_NS minds it."""
WITHOUT_ARROW = {"enum", "bit", "time with time zone", "uhugeint", "bignum"}
"""Types whose value Arrow cannot carry; batches carry their text, which casts back exactly."""


@dataclass(frozen=True)
class Cast:
    """SQL over one input value. `fits` is a BOOLEAN that is never NULL; NULL fits."""

    value: str
    fits: str
    shown: str
    """The input as text, for the reason of a reject."""
    target: DuckDBPyType
    fault: str = ""
    """What to say of a value that does not fit; by default that it is not of the target type."""
    beyond: str = ""
    """SQL, a BOOLEAN that is never NULL: a value of the target type that does not fit nevertheless."""
    limits: str = ""
    """What to say of such a value."""

    @property
    def reason(self) -> str:
        """SQL: why the value was refused."""
        fault = self.fault or f"is not a {self.target}"
        said = literal(f" {fault}")
        if self.beyond:
            said = f"CASE WHEN {self.beyond} THEN {literal(f' {self.limits}')} ELSE {said} END"
        return f"coalesce('''' || left({self.shown}, 100) || '''', 'NULL') || {said}"

    @property
    def carried(self) -> str:
        """SQL: the value as a batch carries it."""
        return f"CAST({self.value} AS VARCHAR)" if self.target.id in WITHOUT_ARROW else self.value


def from_text(x: str, target: DuckDBPyType) -> Cast:
    """Text as `target`."""
    value = _parsed(x, target)
    fits = f"({x} IS NULL OR ({value} IS NOT NULL AND {_exact_text(x, value, target)}))"
    return Cast(value, "true" if value == x else fits, x, target)


def _parsed(x: str, target: DuckDBPyType) -> str:
    if target.id == "varchar" and str(target) != "JSON":
        return x
    if target.id in NESTED:
        return f"TRY(CAST({x} AS {target}))"
    if target.id in ZONED_BY_US:
        return f"CASE WHEN {_says_utc(x)} THEN TRY_CAST({x} AS {target}) ELSE {_zoned(x, target)} END"
    return f"TRY_CAST({x} AS {target})"


def _zoned(x: str, target: DuckDBPyType) -> str:
    return f"TRY_CAST(TRY_CAST({x} AS TIMESTAMPTZ) AS {target})"


def _says_utc(x: str) -> str:
    """SQL: whether a timestamp's text surely has no offset but UTC's. Minding offsets takes three times as long."""
    return f"(right({x}, 1) = 'Z' OR (length({x}) = 19 AND {x}[14] = ':' AND {x}[17] = ':'))"


def _exact_text(x: str, value: str, target: DuckDBPyType) -> str:
    if target.id in INTEGERS:
        return f"CASE WHEN CAST({value} AS VARCHAR) = {x} THEN true ELSE {_whole(x, value)} END"
    if target.id == "date":
        return f"coalesce(TRY_CAST({x} AS TIMESTAMP) = {value}, true)"
    if target.id in ("double", "float"):
        return f"CASE WHEN isinf({value}) THEN contains(lower({x}), 'inf') ELSE true END"
    return "true"


def from_value(x: str, given: DuckDBPyType, target: DuckDBPyType) -> Cast:
    """A value of type `given`, from a typed format such as Parquet or Arrow, as `target`."""
    if str(given) == str(target):
        return Cast(x, "true", f"CAST({x} AS VARCHAR)", target)
    if str(given) == "JSON":
        return from_json(x, target)
    if given.id == "varchar":
        return from_text(x, target)
    value = f"TRY(CAST({x} AS {target}))" if target.id in NESTED else f"TRY_CAST({x} AS {target})"
    fits = f"({x} IS NULL OR ({value} IS NOT NULL AND {_exact_value(x, value, given, target)}))"
    return Cast(value, fits, f"CAST({x} AS VARCHAR)", target)


def _whole(x: str, value: str) -> str:
    """SQL: whether the text of a number has no fraction, given the integer that CAST made of it."""
    return f"(NOT regexp_matches({x}, '[.eE]') OR coalesce(TRY_CAST({x} AS DOUBLE) = {value}, false))"


def _exact_value(x: str, value: str, given: DuckDBPyType, target: DuckDBPyType) -> str:
    loses = (target.id in INTEGERS and given.id in INEXACT) or (target.id == "date" and "timestamp" in given.id)
    return f"coalesce(CAST({value} AS {given}) = {x}, false)" if loses else "true"


def json_leaf(target: DuckDBPyType) -> bool:
    """Whether `target` is cast from a JSON value's text; other types need the JSON itself."""
    return target.id not in NESTED and str(target) != "JSON"


def from_json(x: str, target: DuckDBPyType) -> Cast:
    """A JSON value as `target`. In a struct an absent field is NULL and an undeclared one is ignored."""
    cast = _from_json(x, target, 0)
    # CASE cannot yield a fixed-size array, so arrays are built as lists.
    return replace(cast, value=f"TRY(CAST({cast.value} AS {target}))") if _ARRAY.search(str(target)) else cast


def _from_json(x: str, target: DuckDBPyType, depth: int) -> Cast:
    if str(target) == "JSON":
        return Cast(x, "true", x, target)
    if json_leaf(target):
        leaf = from_text(f"({x} ->> '$')", target)
        return Cast(leaf.value, leaf.fits, f"CAST({x} AS VARCHAR)", target)
    value, fits = _NESTED_JSON[target.id](x, target, depth)
    absent = f"coalesce(json_type({x}), 'NULL') = 'NULL'"
    return Cast(
        f"CASE WHEN {absent} THEN NULL ELSE {value} END",
        f"({absent} OR coalesce({fits}, false))",
        f"CAST({x} AS VARCHAR)",
        target,
    )


def _struct(x: str, target: DuckDBPyType, depth: int) -> tuple[str, str]:
    fields = {name: _from_json(_field(x, name), kind, depth) for name, kind in _parts(target)}
    packed = ", ".join(f"{quote(name)} := {cast.value}" for name, cast in fields.items())
    fits = " AND ".join([f"json_type({x}) = 'OBJECT'", *(cast.fits for cast in fields.values())])
    return f"struct_pack({packed})", fits


def _parts(target: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, part) for name, part in target.children if isinstance(part, DuckDBPyType)]


def _field(x: str, name: str) -> str:
    path = '$."' + name.replace('"', '\\"') + '"'
    return f"json_extract({x}, {literal(path)})"


def _list(x: str, target: DuckDBPyType, depth: int) -> tuple[str, str]:
    # Each level has a variable of its own: a nested lambda could not name the outer element otherwise.
    (_, kind), *_ = _parts(target)
    element = _from_json(f"e{depth}", kind, depth + 1)
    elements = f"json_extract({x}, '$[*]')"
    fit = f"coalesce(list_bool_and(list_transform({elements}, lambda e{depth}: {element.fits})), true)"
    return f"list_transform({elements}, lambda e{depth}: {element.value})", f"json_type({x}) = 'ARRAY' AND {fit}"


def _array(x: str, target: DuckDBPyType, depth: int) -> tuple[str, str]:
    value, fits = _list(x, target, depth)
    size = target.children[1][1]
    return value, f"json_array_length({x}) = {size} AND {fits}"


def _map(x: str, target: DuckDBPyType, depth: int) -> tuple[str, str]:
    (_, key_type), (_, value_type) = _parts(target)
    key = from_text(f"e{depth}", key_type)
    value = _from_json(f"e{depth}", value_type, depth + 1)
    entries = f"TRY(CAST({x} AS MAP(VARCHAR, JSON)))"
    keys, values = f"map_keys({entries})", f"map_values({entries})"
    built = (
        f"TRY(map(list_transform({keys}, lambda e{depth}: {key.value}),"
        f" list_transform({values}, lambda e{depth}: {value.value})))"
    )
    fits = [
        f"json_type({x}) = 'OBJECT'",
        f"coalesce(list_bool_and(list_transform({keys}, lambda e{depth}: {key.fits})), true)",
        f"coalesce(list_bool_and(list_transform({values}, lambda e{depth}: {value.fits})), true)",
        f"{built} IS NOT NULL",
    ]
    return built, " AND ".join(fits)


def _union(x: str, target: DuckDBPyType, _: int) -> tuple[str, str]:
    value = f"TRY(CAST({x} AS {target}))"
    return value, f"{value} IS NOT NULL"


_NESTED_JSON = {"struct": _struct, "list": _list, "array": _array, "map": _map, "union": _union}
