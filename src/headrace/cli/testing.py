"""``headrace test``: the project's tests, and what came of each, on standard output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from headrace.cli.show import show_tested
from headrace.cli.stopped import loaded
from headrace.runtime.testing import Outcome, tested


def test(project: Path, *, as_json: bool) -> bool:
    """Run the tests; whether all hold."""
    outcomes = tested(loaded(project))
    held = all(outcome.ok for outcome in outcomes)
    if as_json:
        print(
            json.dumps({"ok": held, "tests": [_as_dict(outcome) for outcome in outcomes]}, indent=2, ensure_ascii=False)
        )
        return held
    for outcome in outcomes:
        show_tested(outcome)
    typer.echo(_summed(outcomes))
    return held


def _summed(outcomes: list[Outcome]) -> str:
    if not outcomes:
        return "There are no tests. Write one: tests/NAME.yaml with `model`, `given` and `expect`."
    failed = sum(not outcome.ok for outcome in outcomes)
    ways = sum(outcome.arrivals for outcome in outcomes)
    return f"{len(outcomes) - failed} of {len(outcomes)} tests hold, over {ways} ways for their rows to arrive."


def _as_dict(outcome: Outcome) -> dict[str, Any]:
    return {
        "test": outcome.test,
        "model": outcome.model,
        "ok": outcome.ok,
        "arrivals": outcome.arrivals,
        "differences": [
            {
                "arrival": one.arrival,
                "missing": [json.loads(row) for row in one.missing],
                "extra": [json.loads(row) for row in one.extra],
                "missing_rows": one.missing_rows,
                "extra_rows": one.extra_rows,
            }
            for one in outcome.differences
        ],
        **(outcome.error.as_dict() if outcome.error else {}),
    }
