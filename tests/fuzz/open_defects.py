"""Defects that are known and not mended yet: a seed for each, and what the generator leaves out meanwhile.

The test of such a seed is expected to fail, strictly: once the defect is mended it fails for passing, the line goes, and the
generator writes such queries again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_POSITION = re.compile(r"\b(row_number|ntile|lag|lead|first_value|last_value|nth_value|list|string_agg)\(|\bROWS\b")


def _like(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern)
    return lambda sql: found.search(sql) is not None


def _numbered_by_several_partitions(sql: str) -> bool:
    partitions = {re.split(r"ORDER BY|\)", over)[0].strip() for over in sql.split("OVER (")[1:]}
    return len(partitions) > 1 and _POSITION.search(sql) is not None


def _projects_a_model(sql: str) -> bool:
    return re.search(r"\bm\d+ AS", sql) is not None and re.search(r"GROUP BY|OVER \(|JOIN|DISTINCT", sql) is None


OPEN: dict[str, Callable[[str], bool]] = {
    "literal-in-an-aggregate-with-its-order": _like(r"(string_agg|listagg)\('[^']*', '.' ORDER BY|mode\((''?\w|'|NULL)"),
    "literal-with-its-type-before-a-cast": _like(r"(TIMESTAMP|TIMESTAMPTZ) '[^']*'::"),
    "named-window-of-position": _like(r" WINDOW w "),
    "numbers-over-identical-rows": _numbered_by_several_partitions,
    "projection-of-a-grouping-is-not-net": _projects_a_model,
}
"""Name of the seed -> whether a query may run into it."""


def avoided(sql: str) -> bool:
    """Whether a generated query may run into a defect that is known."""
    return any(may_fail(sql) for may_fail in OPEN.values())
