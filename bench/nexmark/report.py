"""The page in docs/benchmarks, made from the outcomes: a table and a chart."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median

from bench.nexmark.chart import Bar, drawn
from bench.nexmark.models import QUERIES
from bench.nexmark.results import Case, Outcome, Results

PAGE = Path("docs/benchmarks/nexmark.md")
SIDES = {"headrace": "Headrace", "flink": "Flink", "spark": "Spark", "duckdb": "DuckDB, at once"}


def write_page(results: Results, events: int) -> None:
    """``nexmark.md``, its chart and its figures as JSON, of all that was measured with so many events."""
    outcomes = {case: outcome for case, outcome in results.outcomes.items() if case.events == events}
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(_page(outcomes, results.machine, events))
    PAGE.with_suffix(".svg").write_text(drawn(_groups(outcomes), f"Nexmark, million events/s of {events:,}"))
    shutil.copy(results.file, PAGE.with_suffix(".json"))


def _page(outcomes: dict[Case, Outcome], machine: dict[str, str], events: int) -> str:
    versions = sorted(
        {f"{SIDES[case.engine].partition(',')[0]} {outcome.version}" for case, outcome in outcomes.items()}
    )
    template = Path(__file__).with_name("page.md").read_text()
    return template.format(
        events=f"{events:,}",
        machine=", ".join(f"{name} {value}" for name, value in machine.items()),
        versions=", ".join(versions),
        table=_table(outcomes),
        summary=_summary(outcomes),
        refused=_refused(outcomes),
    )


def _columns(outcomes: dict[Case, Outcome]) -> list[tuple[str, int]]:
    """Engine and epoch of each column; the epochs that the runtime chooses first, then larger ones before smaller."""
    asked = {(case.engine, case.epoch) for case in outcomes}
    return sorted(asked, key=lambda side: (list(SIDES).index(side[0]), side[1] != 0, -side[1]))


def _title(engine: str, epoch: int) -> str:
    return SIDES[engine] + (f", epochs of {epoch:,}" if epoch else "")


def _table(outcomes: dict[Case, Outcome]) -> str:
    columns = _columns(outcomes)
    first = next((side for side in columns if side[0] == "headrace"), None)
    heads = ["", *(_title(*side) for side in columns), "Headrace : Flink", "Headrace : DuckDB"]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    for query in QUERIES:
        found = _of(outcomes, query)
        if found:
            ours = found.get(first) if first else None
            lines.append([query, *(_rate(found.get(side)) for side in columns), *(_ratio(ours, found.get((other, 0))) for other in ("flink", "duckdb"))])  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _summary(outcomes: dict[Case, Outcome]) -> str:
    """How often Headrace is as fast as another, over the queries that both have run."""
    lines = []
    for other in ("flink", "spark", "duckdb"):
        ratios = [
            ours.rate / theirs.rate
            for found in (_of(outcomes, query) for query in QUERIES)
            if (ours := found.get(("headrace", 0))) and (theirs := found.get((other, 0))) and ours.runs and theirs.runs
        ]
        if ratios:
            figures = f"median {median(ratios):.2f}, least {min(ratios):.2f}, most {max(ratios):.2f}"
            lines.append(f"- Headrace : {SIDES[other]}, over {len(ratios)} queries: {figures}")
    return "\n".join(lines)


def _of(outcomes: dict[Case, Outcome], query: str) -> dict[tuple[str, int], Outcome]:
    return {(case.engine, case.epoch): outcome for case, outcome in outcomes.items() if case.query == query}


def _rate(outcome: Outcome | None) -> str:
    if outcome is None:
        return ""
    return f"{outcome.rate:.2f}" if outcome.runs else "–"


def _ratio(ours: Outcome | None, other: Outcome | None) -> str:
    if not ours or not other or not ours.runs or not other.runs:
        return ""
    return f"{ours.rate / other.rate:.2f}"


def _refused(outcomes: dict[Case, Outcome]) -> str:
    lines = [f"- {SIDES[c.engine]}, {c.query}: {o.refused}" for c, o in outcomes.items() if o.refused]
    return "\n".join(lines) or "Nothing."


def _groups(outcomes: dict[Case, Outcome]) -> list[tuple[str, list[Bar]]]:
    groups = []
    for query in QUERIES:
        found = _of(outcomes, query)
        bars = [
            Bar(_title(*side), outcome.rate)
            for side in _columns(outcomes)
            if (outcome := found.get(side)) is not None and outcome.runs
        ]
        if bars:
            groups.append((query, bars))
    return groups
