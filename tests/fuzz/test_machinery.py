"""The fuzzer can fail: what is tampered with is found, and a planted defect is made small."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from headrace.engine import DuckDBEngine
from tests.sampling import in_ci

from .case import Case, load, save
from .chunking import rechunked
from .shrink import consistent, fewer, shrunk, signature
from .stream import Epoch, stream
from .trial import playing, tried

GROUPED = "SELECT k, sum(v) AS s FROM bag GROUP BY k"
EPOCHS = stream(random.Random(5), 12)


def test_a_tampered_state_is_found() -> None:
    with playing(Case({"m": GROUPED}, EPOCHS)) as play:
        for epoch in EPOCHS[:6]:
            assert play.step(epoch) == []
        (state,) = (name for name in play.engine.sizes() if name.startswith("state.m."))
        play.engine._connection.execute(
            f'UPDATE state."{state.removeprefix("state.")}" SET a0 = a0 + 1 WHERE a0 IS NOT NULL'
        )
        kinds = {fault.kind for fault in play.step(EPOCHS[6])}
    assert "differs" in kinds
    assert "change is not the difference of contents" in kinds


def test_a_change_that_is_not_net_is_found() -> None:
    with playing(Case({"m": "SELECT k, v FROM bag"}, EPOCHS)) as play:
        play.step(EPOCHS[0])
        play.engine._connection.execute("""INSERT INTO "delta.m" VALUES ('q', 1, 1), ('q', 1, -1)""")
        kinds = [fault.kind for fault in play._change_faults("m", play.contents()["m"], told=True)]
    assert "change is not net" in kinds


def test_a_row_lost_while_closed_is_found() -> None:
    with playing(Case({"m": "SELECT k, v FROM bag"}, EPOCHS)) as play:
        for epoch in EPOCHS[:4]:
            play.step(epoch)
        play.engine._connection.execute("DELETE FROM live.m")
        assert [fault.kind for fault in play.reopen()] == ["is not the same when reopened"]


@pytest.fixture
def broken_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that loses the last row of every batch of the bag of more than two rows."""
    real = DuckDBEngine._change

    def losing(self: DuckDBEngine, source: object, arrived: object) -> None:
        real(self, source, arrived)  # type: ignore[arg-type]
        if source.name == "bag" and arrived.rows.num_rows > 2:  # type: ignore[attr-defined]
            self._connection.execute('DELETE FROM "delta.bag" WHERE rowid = (SELECT max(rowid) FROM "delta.bag")')

    monkeypatch.setattr(DuckDBEngine, "_change", losing)


@in_ci
def test_a_planted_defect_is_made_small(broken_sums: None, tmp_path: Path) -> None:
    """Two models and many rows become one projection and the three rows it takes, and the file says the same as the case."""
    models = {
        "base": "SELECT b.k, b.v + 0 AS v FROM bag AS b WHERE b.v < 5 OR b.k = 'a'",
        "m": "SELECT k, count(*) AS n FROM base GROUP BY k HAVING count(*) > 0",
    }
    case = Case(models, EPOCHS[:6])
    small = shrunk(case, tried(case).faults["base"], seconds=120)
    assert list(small.models) == ["base"]
    assert len(small.models["base"]) < len(models["base"]) / 2
    assert (len(small.epochs), sum(len(rows) for e in small.epochs for rows in e.rows.values())) == (1, 3)
    save(small, tmp_path / "small.yaml")
    assert signature(load(tmp_path / "small.yaml"), "base") == signature(small, "base") == "differs"


@in_ci
def test_an_error_of_an_epoch_is_the_models_own_or_the_querys() -> None:
    """A model whose batch query fails too is no fault; those beside it are tried without it."""
    models = {"fails": "SELECT error(k) AS e FROM bag WHERE k = 'a'", "reads": "SELECT e FROM fails", "fine": GROUPED}
    verdict = tried(Case(models, EPOCHS))
    assert set(verdict.unanswerable) == {"fails"}
    assert set(verdict.programs) == {"fine"}
    assert not verdict.faults


def test_a_refusal_that_the_engine_shares_is_no_fault() -> None:
    models = {"wrong": "SELECT nothing FROM bag", "random": "SELECT random() AS r FROM bag"}
    verdict = tried(Case(models, []))
    assert verdict.refused == {"wrong": "HR-308", "random": "HR-303"}
    assert not verdict.faults


def test_delta_debugging_finds_the_two_that_matter() -> None:
    asked: Counter[int] = Counter()

    def fails(items: list[int]) -> bool:
        asked[len(items)] += 1
        return {3, 11} <= set(items)

    assert fewer(list(range(16)), fails) == [3, 11]
    assert asked.total() < 60


def test_other_chunks_hold_the_same_rows() -> None:
    case = Case({}, EPOCHS)
    other = Case({}, rechunked(case, random.Random(1)))
    for source in ("ev", "ref", "bag", "wide"):
        first, second = ([row for e in c.epochs for row in e.rows.get(source, [])] for c in (case, other))
        assert first == second
    assert consistent(case)
    assert consistent(other)


def test_a_row_that_leaves_before_it_came_is_no_case() -> None:
    gone = Case({}, [Epoch(EPOCHS[0].time, {"bag": [{"k": "a", "v": 1, "__w": -1}]})])
    assert not consistent(gone)
