"""The files beside this module: what is kept is what they expect, what they expect is what DuckDB says, and errors are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sampling import sampled

from .__main__ import FILES, found
from .expected import checked
from .records import Query, Skipped, Statement, read
from .run import NAMES, run
from .values import difference

PATHS = sampled(found([FILES]), 10)
# Records that are meant to be skipped, in all files: those for another engine, and a lone VALUES.
SKIPPED = {"skipif headrace", "onlyif headrace", "onlyif postgresql", "refused, as is meant: HR-302"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_kept_is_as_expected(path: Path) -> None:
    outcome = run(path)
    assert not outcome.failed
    assert set(outcome.skipped) <= SKIPPED
    assert outcome.passed


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_expected_is_what_duckdb_says(path: Path) -> None:
    outcome = checked(path)
    assert not outcome.failed
    assert set(outcome.skipped) <= SKIPPED


def written(folder: Path, text: str) -> Path:
    path = folder / "written.slt"
    path.write_text(text)
    return path


TABLE = "statement ok\nCREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)\n\nstatement ok\nINSERT INTO t VALUES (1, 10), (2, 20)\n\n"


@pytest.mark.parametrize(
    "record",
    [
        "query I\nSELECT sum(v) AS s FROM t\n----\n31",
        "query I rowsort\nSELECT v FROM t\n----\n10\n10",
        "query II\nSELECT sum(v) AS s FROM t\n----\n30",
        "query I\nSELECT nothing FROM t\n----\n30",
        "query I\nSELECT v // 0 / 0 + 'x' AS e FROM t\n----\n30",
        "query I nosort one\nSELECT sum(v) AS s FROM t\n\nquery I nosort one\nSELECT sum(v) + 1 AS s FROM t",
        "query I nosort\nSELECT v FROM t ORDER BY v\n----\n2 values hashing to 00000000000000000000000000000000",
        "statement ok\nINSERT INTO t VALUES (1, 1)",
        "statement error\nINSERT INTO t VALUES (3, 1)",
        "statement error\nSELECT v FROM t",
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, record: str) -> None:
    assert len(run(written(tmp_path, TABLE + record)).failed) == 1


def test_only_plain_duckdb_is_held_to_an_order(tmp_path: Path) -> None:
    """A model's rows have none; that the file's own order is right is for ``--check-expected``."""
    path = written(tmp_path, f"{TABLE}query I nosort\nSELECT v FROM t ORDER BY v\n----\n20\n10")
    assert not run(path).failed
    assert len(checked(path).failed) == 1


def test_a_query_that_fails_for_a_while_is_a_model_only_at_its_place(tmp_path: Path) -> None:
    """Rows that make one model fail do not stop the epochs of the others, nor the model once they are gone."""
    steps = (
        "statement ok\nINSERT INTO t VALUES (3, 2147483647)\n\n"
        "query I\nSELECT count(*) AS n FROM t\n----\n3\n\n"
        "statement error\nSELECT v + 1 AS n FROM t\n\n"
        "statement ok\nDELETE FROM t WHERE id = 3\n\n"
        "query I rowsort\nSELECT v + 1 AS n FROM t\n----\n11\n21\n\n"
    )
    outcome = run(written(tmp_path, TABLE + steps))
    assert (outcome.passed, outcome.failed) == (7, [])


def test_what_is_not_followed_is_skipped_and_counted(tmp_path: Path) -> None:
    text = f"{TABLE}statement ok\nPRAGMA threads = 1\n\nquery I\nSELECT random() AS r FROM t\n----\n1\n\nrequire spatial\n\nquery I\nSELECT 1\n----\n1"
    outcome = run(written(tmp_path, text))
    assert outcome.skipped == {
        "not followed: PRAGMA THREADS": 1,
        "refused, as is meant: HR-303": 1,
        "the rest of the file: it requires spatial": 1,
    }
    assert (outcome.passed, outcome.failed) == (2, [])


def test_records(tmp_path: Path) -> None:
    text = (
        "# a comment\nstatement ok\nSELECT 1;\n\n\nquery IT rowsort label\nSELECT 1,\n  2\n----\n1\n2\n\n"
        "foreach x a b\n\nloop i 1 3\n\nstatement error\nDROP ${x}${i}\n----\nno ${x}\n\nendloop\n\nendloop\n\n"
        "skipif duckdb\nstatement ok\nSELECT 2\n\nonlyif duckdb # why\nquery T sort\nSELECT '#'\n----\n#\n\n"
        "mode skip\n\nstatement ok\nSELECT 3\n\nmode unskip\n\nstatement ok other\nSELECT 4\n\n"
        "mode output\n\nhash-threshold 8\n\nhalt\n\nstatement ok\nSELECT 5\n"
    )
    assert read(written(tmp_path, text), NAMES) == [
        Statement(2, "SELECT 1"),
        Query(6, "SELECT 1,\n  2", "IT", "rowsort", "label", ("1", "2")),
        *(Statement(17, f"DROP {x}{i}", True, f"no {x}") for x in "ab" for i in (1, 2)),
        Skipped(26, "skipif duckdb"),
        Query(31, "SELECT '#'", "T", "rowsort", "", ("#",)),
        Skipped(38, "mode skip"),
        Skipped(43, "a connection of its own"),
        Skipped(46, "the directive mode"),
    ]


@pytest.mark.parametrize(
    ("types", "expected", "row", "same"),
    [
        ("I", "1", "true", True),
        ("T", "1", "true", False),
        ("R", "0.33", "0.3333333333", True),
        ("R", "0.34", "0.3333333333", False),
        ("R", "2", "2.4", False),
        ("T", "0.33", "0.3333333333", False),
        ("T", "NULL", None, True),
        ("T", "(empty)", "", True),
        ("T", "<REGEX>:a.*z", "a to z", True),
        ("T", "<!REGEX>:a.*z", "a to z", False),
    ],
)
def test_values(types: str, expected: str, row: str | None, same: bool) -> None:
    query = Query(1, "", types, "nosort", "", (expected,))
    assert (difference(query, [(row,)], ordered=True) is None) is same
