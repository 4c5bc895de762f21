"""A result against the lines that a file expects."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence

from .records import Query

Row = tuple[str | None, ...]
"""Values as DuckDB casts them to VARCHAR."""

_HASHED = re.compile(r"(\d+) values hashing to ([0-9a-f]{32})$")


def hashed(query: Query) -> bool:
    """Whether the file has but a hash of the result, which depends on the order of its rows."""
    return query.expected is not None and len(query.expected) == 1 and _HASHED.match(query.expected[0]) is not None


def difference(query: Query, rows: Sequence[Row], *, ordered: bool) -> str | None:
    """What is wrong with ``rows``, or None.

    Args:
        ordered: the order of rows is to be as expected, unless the query is of ``rowsort`` or ``valuesort``.
    """
    if query.types and rows and len(rows[0]) != len(query.types):
        return f"{len(rows[0])} columns, not {len(query.types)}"
    if query.expected is None:
        return None
    if hashed(query):
        return _hash_difference(query, rows)
    expected, actual, types = _rows(query), list(rows), query.types
    if query.sort == "valuesort":
        types = query.types[:1]
        expected, actual = ([(value,) for row in side for value in row] for side in (expected, actual))
    if ordered and query.sort == "nosort":
        same = len(expected) == len(actual) and all(_alike(e, a, types) for e, a in zip(expected, actual, strict=True))
        return None if same else _words(expected, actual)
    return _multiset_difference(expected, actual, types)


def alike(one: Sequence[Row], other: Sequence[Row], types: str) -> bool:
    """The same rows in any order."""
    return _multiset_difference([tuple(map(_written, row)) for row in one], list(other), types) is None


def _rows(query: Query) -> list[tuple[str, ...]]:
    """Rows as tab-separated lines (DuckDB), or a value on each line (SQLite)."""
    assert query.expected is not None
    width = len(query.types)
    split = [tuple(line.split("\t")) for line in query.expected]
    if all(len(row) == width for row in split):
        return split
    return [tuple(query.expected[i : i + width]) for i in range(0, len(query.expected), width)]


def _multiset_difference(expected: Sequence[tuple[str, ...]], actual: list[Row], types: str) -> str | None:
    left = list(actual)
    missing = []
    for row in expected:
        found = next((i for i, candidate in enumerate(left) if _alike(row, candidate, types)), None)
        if found is None:
            missing.append(row)
        else:
            del left[found]
    return _words(missing, left) if missing or left else None


def _words(expected: Sequence[Sequence[str | None]], actual: Sequence[Row]) -> str:
    def some(rows: Sequence[Sequence[str | None]]) -> str:
        return "; ".join(" | ".join(map(_written, row)) for row in rows[:5]) + (" …" if len(rows) > 5 else "")

    return f"expected [{some(expected)}], got [{some(actual)}]"


def _alike(expected: Sequence[str], actual: Row, types: str) -> bool:
    if len(expected) != len(actual):
        return False
    return all(_value_alike(e, _written(a), t) for e, a, t in zip(expected, actual, types * len(actual), strict=False))


def _value_alike(expected: str, actual: str, kind: str) -> bool:
    if expected == actual:
        return True
    for mark, wanted in (("<REGEX>:", True), ("<!REGEX>:", False)):
        if expected.startswith(mark):
            return (re.fullmatch(expected.removeprefix(mark), actual, re.DOTALL) is not None) is wanted
    if kind == "I":
        return {"true": "1", "false": "0"}.get(actual) == expected
    return kind == "R" and _reals_alike(expected, actual)


def _reals_alike(expected: str, actual: str) -> bool:
    """A real is right when it rounds to the digits that are given."""
    try:
        one, other = float(expected), float(actual)
    except ValueError:
        return False
    decimals = len(expected.partition(".")[2]) if re.fullmatch(r"-?\d+\.\d+", expected) else 0
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=0.5000001 * 10**-decimals if decimals else 0.0)


def _written(value: str | None) -> str:
    return "NULL" if value is None else value or "(empty)"


def _hash_difference(query: Query, rows: Sequence[Row]) -> str | None:
    assert query.expected is not None
    match = _HASHED.match(query.expected[0])
    assert match is not None
    written = [tuple(_as_hashed(v, t) for v, t in zip(row, query.types, strict=True)) for row in rows]
    values = [value for row in (sorted(written) if query.sort == "rowsort" else written) for value in row]
    if query.sort == "valuesort":
        values.sort()
    digest = hashlib.md5("".join(f"{value}\n" for value in values).encode(), usedforsecurity=False).hexdigest()
    same = (len(values), digest) == (int(match[1]), match[2])
    return None if same else f"expected {query.expected[0]}, got {len(values)} values hashing to {digest}"


def _as_hashed(value: str | None, kind: str) -> str:
    if value is None or value == "":
        return _written(value)
    if kind == "I":
        return {"true": "1", "false": "0"}.get(value) or str(int(float(value)))
    return f"{float(value):.3f}" if kind == "R" else re.sub(r"[^ -~]", "@", value)
