"""sqllogictest files as records, in SQLite's format and with what DuckDB's dialect adds to it.

https://www.sqlite.org/sqllogictest/doc/trunk/about.wiki and https://duckdb.org/docs/stable/dev/sqllogictest/intro
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Line = tuple[int, str]

# Directives that say nothing about an answer.
_IDLE = frozenset(
    {"hash-threshold", "load", "require", "restart", "reconnect", "sleep", "set", "tags", "template", "unset"}
)
# What a file may ask for; all else that it requires skips the rest of it.
_AT_HAND = frozenset(
    {"json", "icu", "parquet", "core_functions", "skip_reload", "noforcestorage", "nothreadsan", "vector_size"}
)
_SORTS = {"nosort": "nosort", "rowsort": "rowsort", "sort": "rowsort", "valuesort": "valuesort"}
_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT")
_LISTS = {
    "<signed>": _SIGNED,
    "<unsigned>": _UNSIGNED,
    "<integral>": _SIGNED + _UNSIGNED,
    "<numeric>": _SIGNED + _UNSIGNED + ("FLOAT", "DOUBLE"),
}


@dataclass(frozen=True)
class Statement:
    """``fails``: an error is what is expected, its message holding ``message``."""

    line: int
    sql: str
    fails: bool = False
    message: str = ""


@dataclass(frozen=True)
class Query:
    """``types``: a letter for each column (T text, I integer, R real). ``expected``: lines, or None when any answer will do."""

    line: int
    sql: str
    types: str
    sort: str
    label: str
    expected: tuple[str, ...] | None


@dataclass(frozen=True)
class Skipped:
    line: int
    reason: str


Record = Statement | Query | Skipped


def read(path: Path, names: frozenset[str]) -> list[Record]:
    """The records of a file, loops unrolled, for an engine that goes by ``names`` in ``skipif`` and ``onlyif``."""
    numbered = list(enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1))
    return list(_records(_blocks(_unrolled(numbered)), names))


def _unrolled(lines: Sequence[Line]) -> Iterator[Line]:
    """``loop`` and ``foreach`` as many times as they go round."""
    at = 0
    while at < len(lines):
        number, text = lines[at]
        words = text.split()
        if not words or words[0] not in ("loop", "foreach", "concurrentloop", "concurrentforeach"):
            yield lines[at]
            at += 1
            continue
        end = _end_of_loop(lines, at)
        for value in _values(words):
            yield number, ""
            place = f"${{{words[1]}}}"
            yield from _unrolled([(n, body.replace(place, value)) for n, body in lines[at + 1 : end]])
        yield number, ""
        at = end + 1


def _end_of_loop(lines: Sequence[Line], start: int) -> int:
    depth = 0
    for at in range(start, len(lines)):
        word = lines[at][1].split(maxsplit=1)[:1]
        depth += word in (["loop"], ["foreach"], ["concurrentloop"], ["concurrentforeach"])
        depth -= word == ["endloop"]
        if not depth:
            return at
    raise ValueError(f"line {lines[start][0]}: the loop has no endloop")


def _values(words: Sequence[str]) -> list[str]:
    if words[0].endswith("foreach"):
        return [value for word in words[2:] for value in _LISTS.get(word.lower(), (word,))]
    return [str(i) for i in range(int(words[2]), int(words[3]))]


def _blocks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines between blank ones, without the comments before them."""
    block: list[Line] = []
    for number, text in lines:
        if text.strip():
            if block or not text.startswith("#"):
                block.append((number, text))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _records(blocks: Iterator[list[Line]], names: frozenset[str]) -> Iterator[Record]:
    skipping = False
    for block in blocks:
        for at, (number, head) in enumerate(block):
            words = head.split()
            if words[0] in ("halt", "require-env") or (words[0] == "require" and words[1].lower() not in _AT_HAND):
                if words[0] != "halt":
                    yield Skipped(number, f"the rest of the file: it requires {words[1]}")
                return
            if words[0] == "mode" and words[1] in ("skip", "unskip"):
                skipping = words[1] == "skip"
            elif words[0] in ("skipif", "onlyif"):
                if (words[1].lower() in names) == (words[0] == "skipif"):
                    yield Skipped(number, f"{words[0]} {words[1]}")
                    break
            elif words[0] in ("statement", "query"):
                record = _record(number, words, [text for _, text in block[at + 1 :]])
                yield Skipped(number, "mode skip") if skipping else record
                break
            elif words[0] not in _IDLE and not words[0].startswith("#"):
                yield Skipped(number, f"the directive {words[0]}")


def _record(number: int, words: list[str], lines: list[str]) -> Record:
    cut = lines.index("----") if "----" in lines else len(lines)
    sql = re.sub(r";\s*$", "", "\n".join(lines[:cut]).strip())
    expected = tuple(lines[cut + 1 :]) if cut < len(lines) else None
    if words[0] == "statement" or words[1] == "error":
        if words[1] not in ("ok", "error"):
            return Skipped(number, f"statement {words[1]}")
        if len(words) > 2:
            return Skipped(number, "a connection of its own")
        return Statement(number, sql, words[1] == "error", "\n".join(expected or ()))
    sort, label = (*words[2:], "", "")[:2]
    if sort and sort not in _SORTS:
        return Skipped(number, "a connection of its own")
    return Query(number, sql, words[1], _SORTS.get(sort, "nosort"), label, expected)
