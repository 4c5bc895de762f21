"""A model's rows as records of text, by key: how they are published, and read again.

A record's key is the JSON of the columns that tell rows apart, its value the JSON of the whole row, and no value means that the row is gone.
Of a model without such columns the key is the whole row, and the value also says in ``__n`` how many of it there are.

===================================  =========================================================================================
BOOLEAN, integers, VARCHAR           as JSON has them, integers with every digit
FLOAT, DOUBLE                        the shortest number that reads back as the same value; else "nan", "inf", "-inf"
DATE, TIME, TIMESTAMP, UUID          text, as DuckDB writes it; times with a zone in UTC
everything else, so DECIMAL          text, as DuckDB writes it: what it reads back is the same value
===================================  =========================================================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp

from headrace.engine.render import listed, literal, quoted
from headrace.sql import WEIGHT

KEY, VALUE, NUMBER, COUNT = "key", "value", "number", "__n"
"""The columns of a table of records; ``number`` tells which of two with the same key is newer. ``__n``: a field of the value."""

_AS_JSON_HAS_IT = re.compile("BOOLEAN|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|VARCHAR")
_FLOATING = re.compile("FLOAT|DOUBLE")
T = exp.DataType.Type
_FLOATS = (T.FLOAT, T.DOUBLE)
_VARYING = re.compile("FLOAT|REAL|DOUBLE|INTERVAL")
"""Types of which equal values may have different texts."""


def content(relation: str, columns: Mapping[str, str], key: Sequence[str]) -> str:
    """A query for every row of a relation, as records ``(key, value)``."""
    if key:
        return f"SELECT {_key(columns, key)} AS {KEY}, {_value(columns)} AS {VALUE} FROM {relation}"
    counted = f"SELECT {listed(list(columns))}, count(*) AS {COUNT} FROM {relation} GROUP BY ALL"
    return (
        f"SELECT {_key(columns, list(columns))} AS {KEY}, {_value(columns, counted=True)} AS {VALUE} FROM ({counted})"
    )


def changed(change: str, relation: str, columns: Mapping[str, str], key: Sequence[str]) -> str:
    """A query for what a net change leaves of each key that it touches.

    Args:
        change: a query for rows with ``__w``, none of which cancel out.
        relation: the rows as they are after it.
    """
    if key:
        newest = f"QUALIFY row_number() OVER (PARTITION BY {listed(list(key))} ORDER BY {WEIGHT} DESC) = 1"
        value = f"CASE WHEN {WEIGHT} > 0 THEN {_value(columns)} END"
        return f"SELECT {_key(columns, key)} AS {KEY}, {value} AS {VALUE} FROM (SELECT * FROM ({change}) {newest})"
    names = list(columns)
    touched = f"SELECT DISTINCT {listed(names)} FROM ({change})"
    left = (
        f"SELECT {listed(names, 't.')}, coalesce(c.{COUNT}, 0) AS {COUNT} FROM touched AS t LEFT JOIN ("
        f"{_counted(relation, names, 'touched')}) AS c ON {_same(names, 't', 'c')}"
    )
    value = f"CASE WHEN {COUNT} > 0 THEN {_value(columns, counted=True)} END"
    return f"WITH touched AS MATERIALIZED ({touched}) SELECT {_key(columns, names)} AS {KEY}, {value} AS {VALUE} FROM ({left})"


def moves(records: str, relation: str, columns: Mapping[str, str], key: Sequence[str]) -> str:
    """A query for what records change in a relation: its columns, ``__w``, and the number of the record.

    Args:
        records: a table of records, in which a key may occur more than once.
        relation: the rows before.
    """
    names = list(columns)
    newest = f"SELECT * FROM {records} QUALIFY row_number() OVER (PARTITION BY {KEY} ORDER BY {NUMBER} DESC) = 1"
    row = ", ".join(f"{_read(name, kind)} AS {quoted(name)}" for name, kind in columns.items())
    fields = literal(json.dumps(dict.fromkeys([*names, *([] if key else [COUNT])], "VARCHAR")))
    text = (
        f"json_transform(coalesce({VALUE}, {KEY}), {fields})"  # a key has but some of the fields: the others are NULL
    )
    parsed = f"SELECT {text} AS __row, {VALUE} IS NULL AS __gone, {NUMBER} AS __number FROM ({newest})"
    if key:
        return f"SELECT {row}, CASE WHEN __gone THEN -1 ELSE 1 END::TINYINT AS {WEIGHT}, __number FROM ({parsed})"
    count = f"CASE WHEN __gone THEN 0 ELSE __row.{COUNT}::BIGINT END"
    wanted = f"SELECT {row}, {count} AS {COUNT}, __number FROM ({parsed})"
    difference = (
        f"SELECT {listed(names, 'w.')}, w.{COUNT} - coalesce(c.{COUNT}, 0) AS __d, w.__number FROM wanted AS w "
        f"LEFT JOIN ({_counted(relation, names, 'wanted')}) AS c ON {_same(names, 'w', 'c')}"
    )
    copies = f"SELECT *, unnest(range(abs(__d))) AS __nth FROM ({difference})"
    return (
        f"WITH wanted AS MATERIALIZED ({wanted}) "
        f"SELECT {listed(names)}, sign(__d)::TINYINT AS {WEIGHT}, __number FROM ({copies})"
    )


def _counted(relation: str, names: list[str], those: str) -> str:
    """How many a relation has of each row that is among ``those``."""
    there = f"SELECT {listed(names, 'l.')} FROM {relation} AS l SEMI JOIN {those} AS o ON {_same(names, 'l', 'o')}"
    return f"SELECT {listed(names)}, count(*) AS {COUNT} FROM ({there}) GROUP BY ALL"


def _same(names: list[str], one: str, other: str) -> str:
    return " AND ".join(f"{one}.{quoted(name)} IS NOT DISTINCT FROM {other}.{quoted(name)}" for name in names)


def _key(columns: Mapping[str, str], key: Sequence[str]) -> str:
    return _object({name: _written(name, columns[name], of_key=True) for name in key})


def _value(columns: Mapping[str, str], *, counted: bool = False) -> str:
    fields = {name: _written(name, kind) for name, kind in columns.items()}
    return _object({**fields, **({COUNT: f"to_json({COUNT})"} if counted else {})})


def _object(fields: Mapping[str, str]) -> str:
    """JSON text of an object. Not by to_json of a struct: that would take fields of type JSON for what they hold, as they are."""
    pairs = ", ".join(f"{literal(name)}, {value}" for name, value in fields.items())
    return f"json_object({pairs})::VARCHAR"


def _written(name: str, kind: str, *, of_key: bool = False) -> str:
    column = quoted(name)
    if of_key and _VARYING.search(kind):
        column = canonical(column, kind)
    if _AS_JSON_HAS_IT.fullmatch(kind):
        return f"to_json({column})"
    if _FLOATING.fullmatch(kind):
        return f"CASE WHEN isfinite({column}) THEN to_json({column}) ELSE to_json({column}::VARCHAR) END"
    if kind.startswith("UNION(") and kind.endswith(")"):
        return f"to_json(union_tag({column})::VARCHAR || ':' || {column}::VARCHAR)"
    return f"to_json({column}::VARCHAR)"


def _read(name: str, kind: str) -> str:
    text = f"__row.{quoted(name)}"
    if kind.startswith("UNION(") and kind.endswith(")"):
        value = f"substr({text}, instr({text}, ':') + 1)"
        members = " ".join(
            f"WHEN {literal(member)} THEN CAST(union_value({quoted(member)} := CAST({value} AS {of})) AS {kind})"
            for member, of in _members(kind)
        )
        return f"CASE split_part({text}, ':', 1) {members} END"
    return f"CAST({text} AS {kind})"


def canonical(value: str, kind: str) -> str:
    """Of values that are equal to SQL always the same one: of -0 and 0, of NaNs, of 30 days and a month; within others too."""
    return _canonical(value, exp.DataType.build(kind, dialect="duckdb"), 0)


def _canonical(value: str, kind: exp.DataType, depth: int) -> str:
    text = kind.sql("duckdb")
    if not _VARYING.search(text):
        return value
    if kind.this in _FLOATS:
        return f"CASE WHEN isnan({value}) THEN 'nan'::{text} WHEN {value} = 0 THEN 0::{text} ELSE {value} END"
    if kind.this is T.INTERVAL:
        return f"normalized_interval({value})"
    item = f"x{depth}"
    if kind.this is T.STRUCT:
        fields = ", ".join(
            f"{quoted(f.name)} := {_canonical(f'{value}.{quoted(f.name)}', f.kind, depth)}" for f in kind.expressions
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({fields}) END"
    if kind.this in (T.LIST, T.ARRAY):
        (inner,) = kind.expressions
        made = f"list_transform({value}::{inner.sql('duckdb')}[], lambda {item}: {_canonical(item, inner, depth + 1)})"
        return f"CAST({made} AS {text})"
    if kind.this is T.MAP:
        of_key, of_value = kind.expressions
        pair = f"struct_pack(k := {_canonical(f'{item}.key', of_key, depth + 1)}, v := {_canonical(f'{item}.value', of_value, depth + 1)})"
        return f"map_from_entries(list_transform(map_entries({value}), lambda {item}: {pair}))"
    return value


def _members(kind: str) -> Iterator[tuple[str, str]]:
    """The members of a UNION type, each with its type."""
    for member in exp.DataType.build(kind.replace("UNION(", "STRUCT(", 1), dialect="duckdb").expressions:
        yield member.name, member.kind.sql("duckdb")
