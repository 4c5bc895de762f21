"""The benchmark of models kept on a cluster: what it counts, and what its page says."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.cluster.plan import FULL, QUICK, Growth, Plan
from bench.cluster.report import write_page
from bench.cluster.results import Grown, Results, Run, Where, read
from bench.cluster.where import KINDS, shared


def results() -> Results:
    return Results(
        runs=[
            Run("cluster-1", "q5", 10_000, [4.0, 3.0, 9.0], 7),
            Run("cluster-2", "q5", 10_000, [2.0], 7),
            Run("streams-2", "q5", 10_000, [1.0], 3),
            Run("embedded", "q5", 10_000, [0.25], 7),
            Run("cluster-2", "q5", 100_000, [2.9], 70),
            Run("embedded", "q5", 100_000, [0.70], 70),
        ],
        growth=[Grown("embedded", "q4", 1_000, 10, [0.5], 5), Grown("cluster-2", "q4", 1_000, 10, [1.5], 5)],
        where=[Where("q5", 10_000, dict.fromkeys(KINDS, 0.5), 3.0, 6.0, 2.0, 0.4)],
    )


def test_a_moment_is_shared_out_once() -> None:
    jobs, commits = [(1.0, 3.0), (2.0, 4.0)], [(3.5, 5.0), (9.0, 10.0)]
    assert shared((0.0, 10.0), [jobs, commits]) == pytest.approx([3.0, 2.0, 5.0])


def test_state_grows_to_where_it_is_measured() -> None:
    growth = Growth(("q4",), (100, 250), fill=100, size=10, warm=1, counted=2)
    assert list(growth.epochs()) == [
        *[(100, None), (10, None), (10, 100), (10, 100)],
        *[(100, None), (20, None), (10, None), (10, 250), (10, 250)],
    ]


@pytest.mark.parametrize("plan", [FULL, QUICK])
def test_epochs_are_whole_rounds_of_events(plan: Plan) -> None:
    """Which the generator's files are cut into."""
    sizes = {case.size for case in (*plan.cases, *plan.where)} | {size for size, _ in plan.growth.epochs()}
    assert all(size % 50 == 0 for size in sizes)


def test_only_open_windows_excuse_fewer_rows() -> None:
    found = results()
    assert found.disagreements() == []
    found.add({"peer": "streams-2", "query": "q0", "size": 10, "seconds": [1.0], "rows": 3})
    found.add({"peer": "embedded", "query": "q0", "size": 10, "seconds": [1.0], "rows": 4})
    assert found.disagreements() == ["q0 in epochs of 10: streams-2 3, embedded 4 rows"]


def test_the_page_is_made_of_what_was_kept(tmp_path: Path) -> None:
    results().save(tmp_path / "kept.json")
    found = read(tmp_path / "kept.json")
    assert found == results()
    write_page(found, tmp_path / "cluster.md")
    page = (tmp_path / "cluster.md").read_text()
    assert "| q5 | 10,000 | 4.00 | 2.00 | – | 1.00 | 0.250 |" in page
    assert "| q5 | 10,000 | 2,500 | 5,000 | – | 10,000 | 40,000 |" in page
    assert "| q4 | 1,000 | 5 | 0.500 | 1.500 |" in page
    assert "| q5 | 10,000 | 3.00 | 17% | 17% | 17% | 17% | 17% | 17% | 3 | 6 | 0.40 | 2 |" in page
    assert "8 times at 10,000, 4.1 times at 100,000" in page
    assert "| q5 | 10,000 to 100,000 | 10.0 | 5.0 |" in page
    bars = ElementTree.parse(tmp_path / "cluster.svg").getroot().findall("{*}rect[@height='8']")
    assert len(bars) == 6
