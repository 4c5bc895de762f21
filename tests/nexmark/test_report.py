"""The benchmark's outcomes: kept from run to run, and shown as they are."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.nexmark.report import write_page
from bench.nexmark.results import Case, Outcome, Results

EVENTS = 1_000_000
OUTCOMES = (
    Outcome(Case("q0", "headrace", EVENTS, 200_000), ({"seconds": 4.0}, {"seconds": 1.0}, {"seconds": 2.0}), "", "1"),
    Outcome(Case("q0", "flink", EVENTS), ({"seconds": 4.0},), "", "2"),
    Outcome(Case("q6", "headrace", EVENTS, 200_000), ({"seconds": 5.0},), "", "1"),
    Outcome(Case("q6", "flink", EVENTS), (), "windows take no updates", "2"),
    Outcome(Case("q6", "flink", 10), ({"seconds": 1.0},), "", "2"),
)


def test_outcomes_are_kept(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.json")
    for outcome in OUTCOMES:
        results.add(outcome)
    again = Results(tmp_path / "results.json")
    assert list(again.outcomes.values()) == list(OUTCOMES)
    assert again.machine == results.machine


def test_the_page_shows_medians_and_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = Results(tmp_path / "results.json")
    for outcome in OUTCOMES:
        results.add(outcome)
    write_page(results, EVENTS)
    page = Path("docs/benchmarks/nexmark.md").read_text()
    assert "| q0 | 0.50 | 0.25 | 2.00 |  |" in page
    assert "| q6 | 0.20 | – |  |  |" in page
    assert "- Flink, q6: windows take no updates" in page
    bars = ElementTree.parse("docs/benchmarks/nexmark.svg").getroot().findall("{*}rect[@height='8']")
    assert len(bars) == 3
