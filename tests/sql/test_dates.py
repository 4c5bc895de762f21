"""Groups by a date written as text are groups by the date, where the text says just which unit of time it is in."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import duckdb
import pytest
from sqlglot import exp, parse_one

from headrace.sql.dates import dated, key_of_text, unit_of
from headrace.sql.nodes import Aggregate, Project, Scan, column

ONE_UNIT = [
    ("%Y", "YEAR"),
    ("%Y-%m", "MONTH"),
    ("%d.%m.%Y", "DAY"),
    ("%Y%m%d", "DAY"),
    ("%Y-%m-%d %H", "HOUR"),
    ("on %d/%m/%Y at %H:%M, 100%%", "MINUTE"),
    ("%Y-%m-%dT%H:%M:%S", "SECOND"),
]
SEVERAL = [
    "%H:%M",
    "%m-%d",
    "%Y-%d",
    "%y-%m-%d",
    "%Y-%m-%d %Y",
    "%Y-%m-%d %p",
    "%f",
    "text",
    "%Y-%m-%d %I:%M",
    "%-d.%-m.%Y",
]
TIMES = [
    datetime(9999, 12, 31, 23, 59, 59, 999999),
    datetime(10, 1, 11),
    datetime(1, 1, 1, 0, 0, 0, 1),
    *(datetime(2024, m, d, h, 59, s) for m in (1, 2, 11, 12) for d in (1, 11, 28) for h in (0, 1, 23) for s in (0, 59)),
]


def written(form: str) -> exp.Expr:
    value: exp.Expr = parse_one(f"strftime(moment, '{form}')", dialect="duckdb")
    return value


@pytest.mark.parametrize(("form", "unit"), ONE_UNIT)
def test_texts_are_equal_just_when_the_times_are_in_one_unit(form: str, unit: str) -> None:
    assert unit_of(written(form)) == unit
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT strftime(moment, '{form}'), date_trunc('{unit}', moment), strftime(date_trunc('{unit}', moment), '{form}') "
            "FROM (SELECT unnest(?) AS moment) ORDER BY moment",
            [TIMES],
        ).fetchall()
    assert all(text == again for text, _, again in rows)
    assert all((a[0] == b[0]) == (a[1] == b[1]) for a, b in pairwise(rows))


@pytest.mark.parametrize("form", SEVERAL)
def test_other_formats_are_left_as_they_are(form: str) -> None:
    grouped = Aggregate(Scan("ev", ("moment",)), (("day", written(form)),), ())
    assert unit_of(written(form)) == ""
    assert dated(grouped) == grouped


def test_the_text_of_a_date_stands_for_the_key() -> None:
    made = dated(
        Aggregate(Scan("ev", ("moment",)), (("day", written("%Y-%m-%d")),), (("n", exp.Count(this=exp.Star())),))
    )
    assert isinstance(made, Project)
    assert made.columns == ("day", "n")
    day, count = (value for _, value in made.outputs)
    assert (day.sql("duckdb"), count) == ("STRFTIME(\"day\", '%Y-%m-%d')", column("n"))
    assert key_of_text(day, made.child) == "day"
    assert key_of_text(written("%Y-%m-%d"), Scan("ev", ("moment",))) is None
