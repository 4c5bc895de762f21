"""Splitting bytes into records: lines, or CSV records whose quoted fields may span lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate

RECORD_BYTES = 2 << 20
"""The longest CSV record with a quoted field. If a quote does not close within it, the quote is a mistake: its line alone
is refused, and reading goes on at the next. Without a bound, one stray quote would swallow the rest of a file."""

MISQUOTED = f"a quoted field is followed by text, or is not closed within {RECORD_BYTES >> 20} MiB"


@dataclass(frozen=True)
class Records:
    """Consecutive records of one text file.

    Attributes:
        texts: each record, without its newline. Blank lines are among them: they are no records, but count as lines.
        line: number of the first record's first line, counted from 1.
        data: their bytes, newlines included.
        broken: index of a record that could not be delimited -> reason.
    """

    texts: list[bytes]
    line: int
    data: bytes
    broken: Mapping[int, str] = field(default_factory=dict)

    def lines(self) -> list[int]:
        """The line on which each record starts."""
        return list(accumulate((1 + text.count(b"\n") for text in self.texts), initial=self.line))


Split = Callable[[bytes, int, int, bool], Records]
"""(buffer, at most so many records, number of the first line, whether the buffer ends the file) -> complete records."""


def split_lines(buffer: bytes, limit: int, line: int, final: bool) -> Records:
    """A record is a line."""
    texts = buffer.split(b"\n", limit)
    rest = texts.pop()
    if final and rest and len(texts) < limit:
        texts.append(rest)
        rest = b""
    return Records(texts, line, buffer[: len(buffer) - len(rest)])


def split_csv(delimiter: bytes) -> Split:
    """A record is a line, and the lines after it while a quoted field is open (RFC 4180).

    A quote opens a field only as its first byte, and is written twice inside one; a closing quote ends the field.
    Of a record that breaks these rules the first line is refused.
    """

    def split(buffer: bytes, limit: int, line: int, final: bool) -> Records:
        lines = split_lines(buffer, limit, line, final)
        if b'"' not in buffer or _are_records(lines.texts, _grammar(delimiter)):
            return lines
        return _split_quoted(buffer, limit, line, final, _grammar(delimiter))

    return split


@dataclass(frozen=True)
class _Grammar:
    """Both are possessive throughout: backtracking would let an open quote pass for a closed one."""

    record: re.Pattern[bytes]
    """One complete record, up to its newline or the end of the buffer."""
    open: re.Pattern[bytes]
    """A record up to the end of the buffer, where a quoted field is still open."""


@cache
def _grammar(delimiter: bytes) -> _Grammar:
    d = re.escape(delimiter)
    inside = rb'"[^"]*+(?:""[^"]*+)*+'
    field = rb'(?:%b"\r?+(?=%b|\n|\Z)|(?!")[^%b\n]*+)' % (inside, d, d)
    return _Grammar(
        re.compile(rb"%b(?:%b%b)*+(?=\n|\Z)" % (field, d, field)), re.compile(rb"(?:%b%b)*+%b\Z" % (field, d, inside))
    )


def _are_records(lines: list[bytes], grammar: _Grammar) -> bool:
    """Whether each line is a record by itself. Most are, and this tells at half the price."""
    return bool(lines) and len(max(lines, key=len)) <= RECORD_BYTES and all(map(grammar.record.fullmatch, lines))


def _split_quoted(buffer: bytes, limit: int, line: int, final: bool, grammar: _Grammar) -> Records:
    texts: list[bytes] = []
    broken: dict[int, str] = {}
    at, end = 0, len(buffer)
    while at < end and len(texts) < limit:
        stop = _record_end(buffer, at, final, grammar)
        if stop is None:
            break
        if stop < 0:
            stop = _line_end(buffer, at, final)
            if stop < 0:
                break
            if b'"' in buffer[at:stop]:
                broken[len(texts)] = MISQUOTED
        texts.append(buffer[at:stop])
        at = stop + 1
    return Records(texts, line, buffer[:at], broken)


def _record_end(buffer: bytes, at: int, final: bool, grammar: _Grammar) -> int | None:
    """Where the record that starts at `at` ends; None if that has not arrived, -1 if it is none."""
    end = len(buffer)
    match = grammar.record.match(buffer, at, at + RECORD_BYTES)
    if match and (buffer.startswith(b"\n", match.end()) or (final and match.end() == end)):
        return match.end()
    arrives = match.end() == end if match else grammar.open.match(buffer, at) is not None
    return None if arrives and not final and end - at < RECORD_BYTES else -1


def _line_end(buffer: bytes, at: int, final: bool) -> int:
    """Where the line that starts at `at` ends; -1 if that has not arrived."""
    newline = buffer.find(b"\n", at)
    return len(buffer) if newline < 0 and final else newline
