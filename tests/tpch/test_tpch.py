"""Under load, refreshes and updates every query's kept rows equal its batch recompute and what DuckDB says on plain tables."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sampling import in_ci, sampled

from .data import queries
from .kept import Kept, embedded
from .plain import PlainTables, alike
from .refresh import Form, Refreshes

if (sys.platform, platform.machine()) == ("darwin", "x86_64"):
    pytest.skip("the tpch extension has no wheel for this platform", allow_module_level=True)

SCALE = 0.01
QUERIES = queries()


@pytest.fixture
def plain() -> Iterator[PlainTables]:
    tables = PlainTables(SCALE)
    yield tables
    tables.close()


@in_ci
@pytest.mark.parametrize(("form", "refreshes"), sampled([(Form.KEYED, 2), (Form.BAG, 1), (Form.APPEND_ONLY, 1)], 3))
def test_kept_equals_plain(plain: PlainTables, tmp_path: Path, form: Form, refreshes: int) -> None:
    kept = Kept(embedded(tmp_path), plain, form)
    kept.install(QUERIES)
    stream = Refreshes(plain, form, seed=1)
    kept.take(stream.load(epochs=2))
    assert not kept.wrong()
    assert all(kept.content(name) for name in QUERIES)
    changed: set[str] = set()
    for _ in range(refreshes):
        changed |= kept.take(stream.refresh(share=0.01, epochs=2))
        assert not kept.wrong()
    assert form is not Form.KEYED or changed == set(QUERIES)
    kept.engine.close()


def test_a_difference_is_found(plain: PlainTables, tmp_path: Path) -> None:
    """Both comparisons can fail: the plain one where a change was missed, the recompute where history has lost a row."""
    engine = embedded(tmp_path)
    kept = Kept(engine, plain, Form.KEYED)
    kept.install({"q1": QUERIES["q1"]})
    kept.take(Refreshes(plain, Form.KEYED, seed=1).load(epochs=1))
    assert not kept.wrong()
    missed = "DELETE FROM {} WHERE l_orderkey = 1"
    plain.connection.execute(missed.format("lineitem"))
    assert kept.wrong()["q1"].startswith("plain DuckDB")
    engine._connection.execute(missed.format("hot.lineitem"))
    assert kept.wrong()["q1"].startswith("recompute")
    kept.engine.close()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([("a", 1.0), ("a", 2.0)], [("a", 2.0 + 1e-12), ("a", 1.0)], True),
        ([("a", 1.0), ("a", 2.0)], [("a", 2.0 + 1e-6), ("a", 1.0)], False),
        ([("a", None)], [("a", 1.0)], False),
        ([("a",), ("a",)], [("a",)], False),
        ([(1,)], [(2,)], False),
    ],
)
def test_alike(one: list[tuple[object, ...]], other: list[tuple[object, ...]], same: bool) -> None:
    assert alike(one, other) is same
