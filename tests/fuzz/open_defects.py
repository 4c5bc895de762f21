"""Defects that are known and not mended yet: a seed for each, and what the generator leaves out meanwhile.

The test of such a seed is expected to fail, strictly: once the defect is mended it fails for passing, the line goes, and the
generator writes such queries again.
"""

from __future__ import annotations

import re
from collections.abc import Callable


def _like(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern)
    return lambda sql: found.search(sql) is not None


def _projects_a_model(sql: str) -> bool:
    return re.search(r"\bm\d+ AS", sql) is not None and re.search(r"GROUP BY|OVER \(|JOIN|DISTINCT", sql) is None


OPEN: dict[str, Callable[[str], bool]] = {
    "distinct-constant": _like(r"DISTINCT ('|-?\d|NULL|TRUE|FALSE|CAST\(3|TIMESTAMP|DATE|\[|\{)"),
    "grouping-sets-of-an-expression": _like(r"GROUPING SETS \(\(.*\("),
    "grouping-sets-without-aggregates": _like(r"\(SELECT .*GROUPING SETS"),
    "hop-whose-windows-nothing-reads": _like(r"HOP\("),
    "rollup-of-a-comparison": _like(r"(ROLLUP|CUBE) \(.*[<>=]"),
    "unnest-that-nothing-reads": _like(r"\(SELECT .*, unnest\("),
    "projection-of-a-grouping-is-not-net": _projects_a_model,
}
"""Name of the seed -> whether a query may run into it."""


def avoided(sql: str) -> bool:
    """Whether a generated query may run into a defect that is known."""
    return any(may_fail(sql) for may_fail in OPEN.values())
