"""Requirements by question and answer: what is given is kept, what is left out is left open, what is wrong is asked again."""

from __future__ import annotations

from pathlib import Path

import yaml
from typer.testing import CliRunner

from headrace.architect.interview import interview
from headrace.architect.requirements import Requirements
from headrace.cli.app import app

SHORT = ["", "", "orders", "database", "", "", "", "", "now", "dashboard", "5 seconds", "", "", "",
         "", "", "", "", "", "", "", "", "", ""]  # fmt: skip
FULL = [
    "Shop", "For the shop.",
    "Orders", "orders", "databas", "database", "many", "40", "personal, payment", "sales",
    "orders", "events", "", "", "",
    "",
    "now", "dashboard", "soon", "5 seconds", "20", "sales",
    "monthly", "report", "1 day", "", "stock",
    "",
    "7", "maybe", "true", "head of sales", "", "true",
    "medium", "high", "gdpr, pci_dss",
    "cloud_first", "aws", "30000", "EUR", "6", "python, sql", "preferred",
]  # fmt: skip


def talked(answers: list[str]) -> tuple[str, list[str]]:
    left, said = iter(answers), []
    told = interview(lambda _question, default: next(left) or default, said.append)
    return told, said


def test_the_least_is_a_source_and_a_workload() -> None:
    told, _ = talked(SHORT)
    made = Requirements.model_validate(yaml.safe_load(told))
    assert [source.name for source in made.sources] == ["orders"]
    assert made.workloads[0].freshness.total_seconds() == 5
    assert made.complexity is None
    assert made.budget is None


def test_what_is_answered_is_kept_and_what_is_wrong_is_asked_again() -> None:
    told, said = talked(FULL)
    made = Requirements.model_validate(yaml.safe_load(told))
    assert made.name == "Shop"
    (orders,) = made.sources
    assert (orders.kind, orders.records_per_second, orders.holds, orders.domain) == (
        "database",
        40,
        ("personal", "payment"),
        "sales",
    )
    assert [use.name for use in made.workloads] == ["now", "monthly"]
    assert [(domain.name, domain.owner) for domain in made.domains or ()] == [
        ("sales", "head of sales"),
        ("stock", None),
    ]
    assert made.autonomous_domains is True
    assert made.history.years == 7
    assert made.history.restated is True
    assert made.regulation == ("gdpr", "pci_dss")
    assert made.cloud is not None
    assert (made.cloud.strategy, made.cloud.provider) == ("cloud_first", "aws")
    assert made.budget is not None
    assert (made.budget.monthly, made.budget.currency) == (30000, "EUR")
    assert made.team.skills == ("python", "sql")
    assert any("'Orders' cannot be a name" in one for one in said)
    assert any("not one of database, events" in one for one in said)
    assert any("is not a number" in one for one in said)
    assert any("'soon' is not a length of time" in one for one in said)
    assert any("There is one called orders already" in one for one in said)


def test_the_command_asks_designs_and_keeps_the_answers(tmp_path: Path) -> None:
    answers = "".join(f"{answer}\n" for answer in SHORT)
    done = CliRunner().invoke(app, ["design", "--interview", "--out", str(tmp_path / "out")], input=answers)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "requirements.yaml").read_text().startswith("# Asked for")
    assert (tmp_path / "out" / "architecture.md").exists()
    again = CliRunner().invoke(app, ["design", "--interview", "--out", str(tmp_path / "out")], input=answers)
    assert getattr(again.exception, "code", "") == "HR-116"


def test_neither_or_both_are_told(tmp_path: Path) -> None:
    for words in (["design"], ["design", str(tmp_path / "r.yaml"), "--interview"]):
        assert getattr(CliRunner().invoke(app, words).exception, "code", "") == "HR-116"
