"""Requirements that cannot all be met: which, and what is nearest to them; through the command, as a user meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from headrace.architect import design, knowledge
from headrace.architect.requirements import Requirements
from headrace.cli.app import app
from headrace.errors import DesignError

BASE: dict[str, Any] = {
    "name": "A platform",
    "sources": [{"name": "orders", "kind": "database"}, {"name": "clicks", "kind": "events"}],
    "workloads": [
        {"name": "now", "kind": "dashboard", "freshness": "5 seconds"},
        {"name": "monthly", "kind": "report", "freshness": "1 day"},
    ],
}


def refused(**more: Any) -> DesignError:
    with pytest.raises(DesignError) as found:
        design(Requirements.model_validate({**BASE, **more}), knowledge())
    assert found.value.code == "HR-001"
    assert "nothing was written" in found.value.state
    return found.value


def told(**more: Any) -> list[str]:
    return [conflict.what for conflict in design(Requirements.model_validate({**BASE, **more}), knowledge()).conflicts]


def test_faster_than_anything_there_is_on_no_budget() -> None:
    workloads = [{"name": "trades", "kind": "alert", "freshness": "0.5 ms"}, BASE["workloads"][1]]
    found = refused(workloads=workloads, budget={"monthly": 0})
    assert "`trades` may be 0.5 ms old at most" in found.what
    assert "workloads.trades.freshness" in found.what
    assert "`workloads.trades.freshness:" in found.fix


def test_a_budget_that_nothing_fits() -> None:
    found = refused(budget={"monthly": 10, "currency": "EUR"})
    assert "the budget is 10" in found.what
    assert "budget.monthly" in found.what
    assert "EUR" in found.what
    assert "`budget: {monthly: " in found.fix


def test_the_nearest_budget_is_one_that_fits() -> None:
    found = refused(budget={"monthly": 10})
    nearest = int(found.fix.split("monthly: ")[1].split(",")[0])
    made = design(Requirements.model_validate({**BASE, "budget": {"monthly": nearest}}), knowledge())
    assert min(stack.monthly for stack in made.stacks) <= nearest


def test_a_budget_for_less_than_the_best_is_told_in_the_design() -> None:
    free = design(Requirements.model_validate(BASE), knowledge())
    cheap = min(stack.monthly for stack in free.stacks)
    assert cheap < free.stack.monthly
    (what,) = told(budget={"monthly": (cheap + free.stack.monthly) / 2})
    assert "What fits best costs" in what


def test_nobody_to_build_it() -> None:
    found = refused(team={"engineers": 0})
    assert "team.engineers" in found.what


def test_strict_secrets_and_the_cloud_first() -> None:
    what = told(sensitivity="high", strictness="strict", cloud={"strategy": "cloud_first", "provider": "aws"})
    assert any("own machines" in one for one in what)


def test_a_closed_system_that_stays_where_open_source_is_required() -> None:
    what = told(open_source="required", systems=[{"component": "dashboards", "technology": "power_bi"}],
                workloads=[{"name": "now", "kind": "alert", "freshness": "5 seconds"}, BASE["workloads"][1]])  # fmt: skip
    assert any("Power BI" in one and "stays" in one for one in what)


def test_a_system_that_the_pattern_has_no_use_for() -> None:
    what = told(workloads=[BASE["workloads"][1]], systems=[{"component": "event_log", "technology": "kafka"}])
    assert any("has no use for event log" in one for one in what)


def test_the_command_says_it_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(yaml.safe_dump({**BASE, "budget": {"monthly": 1}}))
    done = CliRunner().invoke(app, ["design", str(path), "--out", str(tmp_path / "out")])
    assert isinstance(done.exception, DesignError)
    assert done.exception.exit_code == 1
    assert not (tmp_path / "out").exists()


def test_the_command_writes_a_folder_and_says_what_came_of_it(tmp_path: Path) -> None:
    path = tmp_path / "requirements.yaml"
    path.write_text(yaml.safe_dump(BASE))
    done = CliRunner().invoke(app, ["design", str(path), "--out", str(tmp_path)])
    assert done.exit_code == 0
    assert done.output.startswith("Lambda (")
    assert {"architecture.md", "architecture.html", "design.json", "requirements.yaml", "pictures"} <= {
        p.name for p in tmp_path.iterdir()
    }


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "requirements.yaml"
    path.write_text(yaml.safe_dump(BASE))
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["design", str(path), "--out", str(tmp_path / "file" / "out")])
    assert getattr(done.exception, "code", "") == "HR-103"
