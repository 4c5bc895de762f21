"""Defects that are known and not mended yet: a seed for each, and what the generator leaves out meanwhile.

The test of such a seed is expected to fail, strictly: once the defect is mended it fails for passing, the line goes, and the
generator writes such queries again.
"""

from __future__ import annotations

import re

OPEN: dict[str, str] = {
    "asof-join-filtered-on-its-right": r"ASOF",
    "asof-join-with-ties": r"ASOF",
    "count-if-of-nulls": r"count_if\(",
    "any-of-a-list-between-tables": r"= ANY\(\[",
    "literal-in-an-ordered-aggregate": r"(string_agg|list|array_agg|listagg)\((DISTINCT )?('|-?\d|NULL|TRUE|FALSE|TIMESTAMP|DATE|CAST\(3|\[|\{)",
    "literal-with-its-type-before-a-cast": r"(TIMESTAMP|TIMESTAMPTZ|DATE) '[^']*'::",
    "using-column-in-having": r"USING \(k\).* HAVING ",
    "list-over-a-range-of-a-distance": r"(list|string_agg)\([^)]*\) OVER \([^()]*RANGE BETWEEN (INTERVAL|\d)",
}
"""Name of the seed -> what queries that may run into it look like."""


def avoided(sql: str) -> bool:
    """Whether a generated query may run into a defect that is known."""
    return any(re.search(pattern, sql) for pattern in OPEN.values())
