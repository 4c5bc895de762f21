"""Every example of docs/reference/sql.md is kept up to date, and the page says what the compiler does."""

from __future__ import annotations

import random

import pytest

from tests.sampling import sampled

from .case import Case
from .constructs import CONSTRUCTS, Construct
from .maker import Maker
from .queries import query
from .sources import TABLES
from .stream import stream
from .table import PAGE, page
from .trial import tried

EPOCHS = 10
ALL = [pytest.param(c, id=c.name.replace(" ", "-")) for constructs in CONSTRUCTS.values() for c in constructs]


@pytest.mark.parametrize("construct", sampled(ALL, 6))
def test_example_is_kept_up_to_date(construct: Construct) -> None:
    verdict = tried(Case({"m": construct.sql}, stream(random.Random(construct.name), EPOCHS)))
    assert not verdict.faults
    assert set(verdict.programs) == {"m"}


def test_the_page_is_as_written() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.fuzz.table`"


def test_what_the_page_calls_generated_is_generated() -> None:
    named = {c.feature for constructs in CONSTRUCTS.values() for c in constructs if c.feature}
    seen: set[str] = set()
    for seed in range(4000):
        make = Maker(random.Random(seed), TABLES)
        query(make)
        seen.update(make.marks)
    assert named <= seen, named - seen
