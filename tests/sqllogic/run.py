"""One file, record by record: what each is to give, held against models that are kept and against their batch recompute."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from headrace.errors import EngineError, SqlError

from .following import Following
from .kept import CrashError
from .records import Query, Record, Skipped, Statement, read
from .values import Row, alike, difference, hashed

NAMES = frozenset({"headrace", "duckdb"})
# Refusals that are meant: more than a SELECT, no single answer, tables that are no sources, output columns of one name.
MEANT = frozenset({"HR-302", "HR-303", "HR-304", "HR-307"})

_SELECT = re.compile(r"[\s(]*(SELECT|WITH|VALUES|FROM)\b", re.IGNORECASE)
_DATA = r"INSERT|UPDATE|DELETE|TRUNCATE|MERGE|CREATE|DROP|ALTER|BEGIN|START|COMMIT|END|ROLLBACK|ABORT"
_FOLLOWED = re.compile(rf"\s*({_DATA}|WITH\b.*\)\s*(INSERT|UPDATE|DELETE))\b", re.IGNORECASE | re.DOTALL)
_UNFOLLOWED = re.compile(r"\s*CREATE\s+(OR\s+REPLACE\s+)?(TEMP\w*\s+)?(MACRO|FUNCTION|SCHEMA|SECRET)\b", re.IGNORECASE)


@dataclass
class Outcome:
    """What came of a file's records."""

    path: Path
    passed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    @property
    def records(self) -> int:
        return self.passed + self.skipped.total() + len(self.failed)


class SkipError(Exception):
    """The record is not to be judged, for this reason."""


class WrongError(Exception):
    """The record does not give what it is to give."""


def run(path: Path) -> Outcome:
    with TemporaryDirectory() as folder:
        return FileRun(path, Path(folder)).outcome


class FileRun:
    def __init__(self, path: Path, folder: Path) -> None:
        self.outcome = Outcome(path)
        self._records = read(path, NAMES)
        self._unfollowed = ""
        self._labelled: dict[str, list[Row]] = {}
        texts = dict.fromkeys(r.sql for r in self._records if isinstance(r, Query) and _SELECT.match(r.sql))
        self._following = Following(folder, list(texts), path.name)
        for record in self._records:
            self._judge(record)
        self._judge_kept()
        self._following.close()

    def _judge(self, record: Record) -> None:
        try:
            self._take(record)
        except SkipError as reason:
            self.outcome.skipped[str(reason)] += 1
        except (WrongError, EngineError, CrashError) as error:
            self.outcome.failed.append(f"{self.outcome.path}:{record.line}: {error}")
        else:
            self.outcome.passed += 1

    def _judge_kept(self) -> None:
        """What is still kept at the end has seen changes that came after its query's place."""
        kept = self._following.kept
        try:
            wrong = kept.differing(kept.models)
        except EngineError as error:
            wrong = {"recompute": str(error)}
        self.outcome.failed += [f"{self.outcome.path}: at the end, {name}: {what}" for name, what in wrong.items()]

    def _take(self, record: Record) -> None:
        match record:
            case Skipped():
                raise SkipError(record.reason)
            case Query() if _SELECT.match(record.sql):
                self._query(record)
            case Statement(fails=True) if _SELECT.match(record.sql):
                self._failing(record.sql)
            case Statement() if _SELECT.match(record.sql):
                self._query(Query(record.line, record.sql, "", "nosort", "", None))
            case _:
                self._statement(record.sql, fails=isinstance(record, Statement) and record.fails)

    def _statement(self, sql: str, *, fails: bool) -> None:
        if not _FOLLOWED.match(sql) or _UNFOLLOWED.match(sql):
            self._unfollowed = " ".join(sql.split(maxsplit=2)[:2]).upper()
            raise SkipError(f"not followed: {self._unfollowed}")
        try:
            self._following.shadow.execute(sql)
        except duckdb.Error as error:
            if fails:
                return
            raise WrongError("plain DuckDB: " + str(error).partition("\n")[0]) from None
        self._following.follow()
        if fails:
            raise WrongError("an error is expected, and there was none")

    def _failing(self, sql: str) -> None:
        try:
            self._following.model(sql)
        except (SqlError, EngineError):
            return
        raise WrongError("an error is expected, and there was none")

    def _query(self, record: Query) -> None:
        try:
            name = self._following.model(record.sql)
        except SqlError as error:
            raise self._refusal(error) from None
        rows = self._following.kept.rows(name)
        found = self._unexpected(record, rows) or self._following.kept.differing((name,)).get(name)
        if (
            found is None
            and record.label
            and not alike(self._labelled.setdefault(record.label, rows), rows, record.types)
        ):
            found = f"not what the first query labelled {record.label} gave"
        self._following.done(record.sql)
        if found is not None:
            raise WrongError(found)

    def _refusal(self, error: SqlError) -> Exception:
        if error.code in MEANT:
            return SkipError(f"refused, as is meant: {error.code}")
        if self._unfollowed:
            return SkipError("refused, after a statement that is not followed")
        return WrongError(f"refused: {error.code} {error.what}")

    def _unexpected(self, record: Query, rows: list[Row]) -> str | None:
        """A model's rows have no order. A hash needs one: that of the rows in plain DuckDB, if they are the same rows."""
        if not hashed(record):
            return difference(record, rows, ordered=False)
        plain = self._following.shadow.rows(record.sql)
        if not alike(plain, rows, record.types):
            return "not the rows of plain DuckDB"
        return difference(record, plain, ordered=True)
