"""``headrace test``: the project's tests, and what came of each, on standard output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from headrace.cli.show import show_held, show_tested
from headrace.cli.stopped import loaded
from headrace.runtime.testing import Held, Outcome, tested


def test(project: Path, *, as_json: bool) -> bool:
    """Run the tests; whether all hold."""
    outcomes, rules = tested(loaded(project))
    held = all(outcome.ok for outcome in outcomes) and all(rule.ok for rule in rules)
    if as_json:
        found = {
            "ok": held,
            "tests": [_as_dict(outcome) for outcome in outcomes],
            "rules": [_rule(one) for one in rules],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return held
    for rule in rules:
        show_held(rule)
    for outcome in outcomes:
        show_tested(outcome)
    typer.echo(_summed(outcomes))
    if rules:
        typer.echo(f"{sum(rule.ok for rule in rules)} of {len(rules)} domains, contracts and policies hold.")
    return held


def _summed(outcomes: list[Outcome]) -> str:
    if not outcomes:
        return "There are no tests. Write one: tests/NAME.yaml with `model`, `given` and `expect`."
    failed = sum(not outcome.ok for outcome in outcomes)
    ways = sum(outcome.arrivals for outcome in outcomes)
    return f"{len(outcomes) - failed} of {len(outcomes)} tests hold, over {ways} ways for their rows to arrive."


def _rule(rule: Held) -> dict[str, Any]:
    return {
        "kind": rule.kind,
        "name": rule.name,
        "ok": rule.ok,
        "problems": [problem.as_dict()["error"] for problem in rule.problems],
    }


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
