"""Typed random expressions, from templates: ``$INT`` in a template is any expression of kind INT."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from .maker import COMPARABLE, Maker, Scope

TEMPLATES: dict[str, tuple[str, ...]] = {
    "INT": (
        "($INT::BIGINT + $INT)",
        "($INT::BIGINT - $INT)",
        "($INT::BIGINT * 2)",
        "($INT % 3)",
        "($INT // 2)",
        "($INT & 7)",
        "abs($INT::BIGINT)",
        "sign($INT)",
        "length($STR)",
        "instr($STR, 'a')",
        "coalesce($INT, 0)",
        "ifnull($INT, $INT)",
        "nullif($INT, 1)",
        "CASE WHEN $BOOL THEN $INT ELSE $INT END",
        "CASE $INT WHEN 1 THEN $INT WHEN 2 THEN 0 END",
        "if($BOOL, $INT, $INT)",
        "greatest($INT, $INT)",
        "least($INT, $INT, 3)",
        "extract(hour FROM $TS)",
        "extract(minute FROM $TSTZ)",
        "date_part('dow', $DATE)",
        "date_diff('hour', $TS, $TS)",
        "year($DATE)",
        "len($STRS)",
        "($INTS)[1]",
        "list_max($INTS)",
        "list_count($STRS)",
        "list_position($STRS, 'b')",
        "struct_extract($STRUCT, 'a')",
        "($STRUCT).a",
        "TRY_CAST($STR AS INTEGER)",
        "TRY_CAST($JSON ->> 'n' AS INTEGER)",
        "json_array_length($JSON)",
        "($BOOL)::INTEGER",
        "TRY_CAST($DEC AS INTEGER)",
        "hash($STR) % 5",
        "unicode($STR)",
    ),
    "BIG": ("coalesce($BIG, 7)", "greatest($BIG, $BIG)", "CASE WHEN $BOOL THEN $BIG END"),
    "DEC": (
        "($DEC + 1.50)",
        "($DEC - $DEC)::DECIMAL(18,2)",
        "($DEC * 2)::DECIMAL(18,2)",
        "round($DEC, 1)::DECIMAL(18,2)",
        "abs($DEC)",
        "coalesce($DEC, 0.5)",
        "($INT % 1000)::DECIMAL(18,2)",
        "CASE WHEN $BOOL THEN $DEC ELSE 0.00 END",
    ),
    "DBL": (
        "($DBL + 0.5::DOUBLE)",
        "($DBL * 2)",
        "coalesce($DBL, 0.25::DOUBLE)",
        "$INT::DOUBLE",
        "CASE WHEN $BOOL THEN $DBL END",
        "greatest($DBL, $DBL)",
    ),
    "DBLD": ("($DBL / 3)", "($INT / 4)", "sqrt(abs($INT::BIGINT))", "round($DBL / 3 + 1e-3, 2)", "$DEC::DOUBLE"),
    "DBLX": ("($DBLD * 1.5)", "($DBLD / 7)"),
    "STR": (
        "upper($STR)",
        "lower($STR)",
        "($STR || 'x')",
        "($STR || $STR)",
        "concat($STR, $INT)",
        "concat_ws('-', $STR, $STR)",
        "substr($STR, 1, 1)",
        "left($STR, 2)",
        "replace($STR, 'a', 'bb')",
        "trim($STR)",
        "coalesce($STR, 'none')",
        "nullif($STR, 'a')",
        "$INT::VARCHAR",
        "$DEC::VARCHAR",
        "($TS)::VARCHAR",
        "$BOOL::VARCHAR",
        "strftime($TS, '%H:%M')",
        "regexp_replace($STR, '[ab]', '*')",
        "regexp_extract($STR, '([a-c])', 1)",
        "($JSON ->> 's')",
        "($JSON ->> '$.o.p')",
        "json_type($JSON)",
        "struct_extract($STRUCT, 'b')",
        "($STRUCT).b",
        "($STRS)[1]",
        "array_to_string($STRS, ',')",
        "reverse($STR)",
        "lpad($STR, 3, '_')",
        "repeat($STR, 2)",
        "dayname($TS)",
        "monthname($DATE)",
        "split_part($STR, 'b', 1)",
        "CASE WHEN $BOOL THEN $STR WHEN $BOOL THEN 'w' ELSE $STR END",
        "CASE $STR WHEN 'a' THEN 'first' WHEN 'b' THEN NULL ELSE $STR END",
        "md5($STR)",
        "format('{}/{}', $STR, $INT)",
        "greatest($STR, $STR)",
    ),
    "BOOL": (
        "($INT < $INT)",
        "($INT >= $INT)",
        "($INT = $INT)",
        "($INT <> $INT)",
        "($STR = $STR)",
        "($STR > $STR)",
        "($INT BETWEEN 1 AND $INT)",
        "($INT NOT BETWEEN $INT AND 5)",
        "($STR IS NULL)",
        "($INT IS NOT NULL)",
        "($STR LIKE 'a%')",
        "($STR NOT LIKE '%b%')",
        "($STR ILIKE '%A%')",
        "($STR SIMILAR TO '[abc]+')",
        "regexp_matches($STR, '[ab]')",
        "($INT IN (1, 2, 3))",
        "($INT IN (1, NULL))",
        "($INT NOT IN (1, $INT))",
        "($STR NOT IN ('a', 'b'))",
        "(NOT $BOOL)",
        "($BOOL AND $BOOL)",
        "($BOOL OR $BOOL)",
        "($BOOL OR $INT > 2)",
        "($BOOL IS TRUE)",
        "($BOOL IS NOT FALSE)",
        "list_contains($STRS, 'a')",
        "($INT IS DISTINCT FROM $INT)",
        "($STR IS NOT DISTINCT FROM $STR)",
        "($TS >= TIMESTAMP '2013-01-01 03:00:00')",
        "($TSTZ < TIMESTAMPTZ '2013-01-02 00:00:00+01')",
        "($DATE < DATE '2013-01-15')",
        "starts_with($STR, 'a')",
        "(($INT, $STR) = ($INT, $STR))",
        "($DBL > 0.5)",
        "($DBLD < 2.5)",
        "($DEC >= 1.5)",
        "($BIG > 0)",
        "coalesce($BOOL, FALSE)",
        "($TS < $TS)",
        "($INT = ANY([1, 2, $INT]))",
    ),
    "TS": (
        "($TS + INTERVAL 1 HOUR)",
        "($TS - INTERVAL '90 minutes')",
        "date_trunc('hour', $TS)",
        "date_trunc('day', $TS)",
        "time_bucket(INTERVAL '15 minutes', $TS)",
        "$DATE::TIMESTAMP",
        "($TSTZ AT TIME ZONE 'America/New_York')",
        "timezone('UTC', $TSTZ)",
        "coalesce($TS, TIMESTAMP '2013-01-01 00:00:00')",
        "CASE WHEN $BOOL THEN $TS END",
        "make_timestamp(2013, 1, 1 + ($INT & 7), 0, 0, 0.0)",
    ),
    "DATE": (
        "$TS::DATE",
        "($DATE + 3)",
        "last_day($DATE)",
        "date_trunc('month', $DATE)::DATE",
        "coalesce($DATE, DATE '2013-01-01')",
        "TRY_CAST($STR AS DATE)",
    ),
    "TSTZ": (
        "($TS AT TIME ZONE 'Europe/Berlin')",
        "($TSTZ + INTERVAL 1 DAY)",
        "date_trunc('day', $TSTZ)",
        "time_bucket(INTERVAL '1 hour', $TSTZ)",
    ),
    "INTS": (
        "[$INT, 1]",
        "list_value($INT, $INT)",
        "list_sort($INTS)",
        "list_filter($INTS, lambda e: e > 1)",
        "list_transform($INTS, lambda e: e % 5)",
        "range(0, 3)",
        "($INTS)[1:2]",
        "list_concat($INTS, [0])",
    ),
    "STRS": (
        "[$STR, 'z']",
        "string_split($STR, 'a')",
        "list_sort(list_distinct($STRS))",
        "list_transform($STRS, lambda e: upper(e))",
        "[e || '!' for e in $STRS if e IS NOT NULL]",
        "list_append($STRS, $STR)",
    ),
    "STRUCT": (
        "{'a': $INT, 'b': $STR}",
        "struct_pack(a := $INT, b := $STR)",
        "row($INT, $STR)::STRUCT(a BIGINT, b VARCHAR)",
    ),
    "JSON": ("to_json($STR)", "json_object('n', $INT, 's', $STR)", "($JSON -> 'o')", "to_json($STRUCT)"),
}

LITERALS: dict[str, tuple[str, ...]] = {
    "INT": ("0", "1", "2", "3", "5", "-1"),
    "BIG": ("1", "10000000000"),
    "DEC": ("1.25", "0.00", "CAST(3 AS DECIMAL(10,2))"),
    "DBL": ("0.5::DOUBLE", "2.0::DOUBLE"),
    "DBLD": ("1.5::DOUBLE",),
    "DBLX": ("1.5::DOUBLE",),
    "STR": ("'a'", "'b'", "''", "'ü✓'", "'it''s'"),
    "BOOL": ("TRUE", "FALSE"),
    "TS": ("TIMESTAMP '2013-01-01 05:00:00'",),
    "DATE": ("DATE '2013-01-02'",),
    "TSTZ": ("TIMESTAMPTZ '2013-01-01 05:00:00+00'",),
    "INTS": ("[1, 2]",),
    "STRS": ("['a', 'b']", "['q']"),
    "STRUCT": ("{'a': 1, 'b': 'x'}",),
    "JSON": ("""'{"n": 3}'::JSON""",),
}
_TYPES = {
    "INT": "INTEGER",
    "BIG": "BIGINT",
    "DEC": "DECIMAL(12,2)",
    "DBL": "DOUBLE",
    "DBLD": "DOUBLE",
    "DBLX": "DOUBLE",
    "STR": "VARCHAR",
    "BOOL": "BOOLEAN",
    "TS": "TIMESTAMP",
    "DATE": "DATE",
    "TSTZ": "TIMESTAMPTZ",
    "INTS": "INTEGER[]",
    "STRS": "VARCHAR[]",
    "STRUCT": "STRUCT(a INTEGER, b VARCHAR)",
    "JSON": "JSON",
}
_SLOT = re.compile(r"\$([A-Z]+)")


def value(make: Maker, kind: str, scope: Scope, depth: int = 2) -> str:
    """An expression of ``kind``; the deeper, the likelier a plain column."""
    if depth > 0 and make.chance(0.35):
        return computed(make, kind, scope, depth)
    return leaf(make, kind, scope)


def computed(make: Maker, kind: str, scope: Scope, depth: int = 2) -> str:
    """An expression of ``kind`` that is more than a column, of columns where there are such."""
    if fitting := _fitting(kind, frozenset(column.kind for column in scope.columns)):
        return filled(make, make.pick(fitting), scope, depth - 1)
    return filled(make, make.pick(TEMPLATES[kind]), scope, depth - 1)


def possible(kinds: Sequence[str], scope: Scope) -> list[str]:
    """Those of ``kinds`` that there is a column of, or something that can be made of columns; all, when there is no column."""
    present = frozenset(column.kind for column in scope.columns)
    return [kind for kind in kinds if kind in present or _fitting(kind, present)] or list(kinds)


@cache
def _fitting(kind: str, kinds: frozenset[str]) -> tuple[str, ...]:
    """The templates of ``kind`` whose every slot can hold a column of ``kinds``."""
    return tuple(t for t in TEMPLATES[kind] if kinds.issuperset(slots := set(_SLOT.findall(t))) and slots)


def filled(make: Maker, template: str, scope: Scope, depth: int) -> str:
    """``template`` with an expression in each slot. ``$COL`` is a column, ``$ORD`` anything that can be ordered by."""

    def slot(match: re.Match[str]) -> str:
        kind = match[1]
        if kind == "COL":
            return column(make, scope)
        return value(make, _ordered(make, scope) if kind == "ORD" else kind, scope, depth)

    return _SLOT.sub(slot, template)


def _ordered(make: Maker, scope: Scope) -> str:
    return make.pick(scope.of(*COMPARABLE)).kind if scope.of(*COMPARABLE) else "INT"


def leaf(make: Maker, kind: str, scope: Scope) -> str:
    """A column if there is one of ``kind``, or what can be made of columns in one step; else a literal, seldom a NULL."""
    columns = scope.of(kind)
    if columns and make.chance(0.93):
        return make.pick(columns).ref
    fitting = _fitting(kind, frozenset(column.kind for column in scope.columns))
    if not columns and fitting and make.chance(0.8):
        return filled(make, make.pick(fitting), scope, 0)
    if make.chance(0.1):
        make.mark("NULL literal")
        return f"NULL::{_TYPES[kind]}"
    return make.pick(LITERALS[kind])


def column(make: Maker, scope: Scope) -> str:
    """Any column that can be compared, or a literal where there is none."""
    columns = scope.of(*COMPARABLE)
    return make.pick(columns).ref if columns else "1"
