"""Every tool, called well and badly, through the SDK's client and the real process."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.architect import design, knowledge
from headrace.architect.examples import examples
from headrace.architect.framework import SECTIONS
from headrace.architect.read import understood
from headrace.architect.write import write
from tests.mcp_server.client import Session, text

BRIEF = examples()["brief"]
CITED = {section.cited for section in SECTIONS.values()}
IMPOSSIBLE = """\
name: Too much
sources: [{name: ticks, kind: events}]
workloads: [{name: trades, kind: alert, freshness: 1 ms}]
"""


def test_tools_are_listed_with_typed_arguments_and_answers(asking: Session) -> None:
    tools = {tool.name: tool for tool in asking.ask("list_tools").tools}
    assert list(tools) == ["design", "compare", "review", "explain"]
    for tool in tools.values():
        assert tool.description
        assert all("description" in field for field in tool.input_schema["properties"].values())
        assert tool.output_schema["type"] == "object"
    assert [name for name, tool in tools.items() if not tool.annotations.read_only_hint] == ["design", "review"]
    assert "SourceNeed" in tools["design"].input_schema["$defs"]


def test_design_tells_the_decision_record(asking: Session) -> None:
    told = asking.told("design", requirements=BRIEF)
    made = design(understood(BRIEF, Path("brief.yaml")), knowledge())
    assert told["pattern"]["pattern"] == made.pattern.chosen
    assert told["pattern"]["firmness"] == made.pattern.firmness
    assert [each["pattern"] for each in told["pattern"]["scores"]] == [each.pattern for each in made.pattern.scores]
    assert [part["technology"] for part in told["parts"]] == [part.chosen.name for part in made.stack.parts.values()]
    assert told["costs"]["total"] == round(made.stack.total, 2)
    assert [one["key"] for one in told["assumptions"]] == [one.key for one in made.needs.assumptions]
    assert told["written"] is None
    for statement in (*told["pattern"]["reasons"], *told["pattern"]["rejected"], told["deployment_reason"]):
        assert statement["sections"]
        assert set(statement["sections"]) <= CITED


def test_an_answers_text_is_its_structure_and_links_lead_to_the_documents(asking: Session) -> None:
    answer = asking.call("design", requirements=BRIEF)
    assert json.loads(text(answer)) == answer.structured_content
    links = [str(block.uri) for block in answer.content[1:]]
    assert links == answer.structured_content["resources"]
    assert all(asking.read(link) for link in links)


def test_an_object_says_the_same_as_text_and_null_is_left_out(asking: Session) -> None:
    given = yaml.safe_load(BRIEF)
    as_text = asking.told("design", requirements=BRIEF)
    assert asking.told("design", requirements={**given, "cloud": given.get("cloud"), "weights": None}) == as_text
    written = asking.read("headrace://design/last/requirements.yaml")
    assert yaml.safe_load(written) == given


@pytest.mark.parametrize("name", ["1e5", "no", "null", "2024-01-01", "- a", 'he said "so"', "a: b", "Überblick", " x "])
def test_text_in_an_object_stays_text(name: str, asking: Session) -> None:
    given = {**yaml.safe_load(BRIEF), "name": name}
    assert asking.told("design", requirements=given)["name"] == name.strip()


def test_the_same_requirements_give_the_same_answer(asking: Session) -> None:
    first = asking.call("design", requirements=BRIEF)
    record = asking.read("headrace://design/last/design.json")
    asking.told("design", requirements=examples()["iot"])
    assert asking.call("design", requirements=BRIEF) == first
    assert asking.read("headrace://design/last/design.json") == record


def test_requirements_that_cannot_all_be_met_are_refused(asking: Session) -> None:
    before = asking.told("design", requirements=BRIEF)
    error = asking.refused("design", requirements=IMPOSSIBLE)
    assert error["code"] == "HR-001"
    assert "workloads.trades.freshness" in error["what"]
    assert "nearest to them" in error["fix"]
    assert before["name"] in asking.read("headrace://design/last/architecture.md")


def test_every_problem_of_requirements_is_told_with_its_place(asking: Session) -> None:
    error = asking.refused("design", requirements="name: x\nsources: [{name: a, kind: evnts}]\nworkloads: []\n")
    assert error["code"] == "HR-200"
    assert [one["where"]["line"] for one in error["problems"]] == [2, 3]
    assert "did you mean `events`?" in error["problems"][0]["fix"]


@pytest.mark.parametrize("broken", ["name: [", "\tname: x", "a: &b 1", "- 1", "[" * 5_000, "name: \x00"])
def test_what_is_no_yaml_is_refused(broken: str, asking: Session) -> None:
    assert asking.refused("design", requirements=broken)["code"] in ("HR-203", "HR-200")


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "says"),
    [
        ("design", {}, "HR-160", "`requirements` is missing"),
        ("design", {"requirements": 7}, "HR-160", "requirements are YAML text, or an object"),
        ("design", {"requirement": BRIEF}, "HR-160", "`requirement` is not a key here"),
        ("design", {"requirements": "x" * 50_001}, "HR-163", "50,001 characters"),
        ("design", {"requirements": {"name": "x" * 50_001}}, "HR-163", "characters"),
        ("design", {"requirements": BRIEF, "out": "x" * 1_001}, "HR-163", "1,001 characters"),
        ("compare", {}, "HR-160", "`component` is missing"),
        ("compare", {"component": "stream_procesing"}, "HR-160", "is not something `component` takes"),
        ("compare", {"component": "event_log", "technologies": "kafka"}, "HR-160", "takes a list"),
        ("compare", {"component": "event_log", "technologies": ["kafak"]}, "HR-162", "'kafak' is not known"),
        ("compare", {"component": "event_log", "weights": {"technical_fit": 1}}, "HR-160", "the weights come to"),
        ("compare", {"component": "event_log", "requirements": "name: ["}, "HR-203", "this is not YAML"),
        ("review", {"requirements": BRIEF, "design": "design.json"}, "HR-160", "exclude each other"),
        ("review", {"design": "nowhere/design.json"}, "HR-117", "there is no design"),
        ("review", {"requirements": BRIEF, "project": "nowhere"}, "HR-201", "not a Headrace project"),
        ("review", {"requirements": IMPOSSIBLE}, "HR-001", "cannot all be met"),
        ("explain", {"topic": "HR-999"}, "HR-162", "nothing is known of 'HR-999'"),
        ("explain", {"topic": "flnk"}, "HR-162", "nothing is known of 'flnk'"),
        ("explain", {"topic": ""}, "HR-162", "nothing is known of ''"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    tool: str, arguments: dict[str, Any], code: str, says: str, asking: Session
) -> None:
    error = asking.refused(tool, **arguments)
    assert error["code"] == code
    assert says in error["what"]


def test_compare_tells_every_factor_with_its_ground(asking: Session) -> None:
    told = asking.told(
        "compare", component="stream_processing", technologies=["flink", "RisingWave"], requirements=BRIEF
    )
    assert {row["technology"] for row in told["rows"]} == {"flink", "risingwave"}
    assert told["leads"] == "flink"
    known = {source["name"] for source in told["evidence"]}
    for row in told["rows"]:
        assert len(row["factors"]) == 12
        for factor in row["factors"]:
            assert set(factor["evidence"]) <= known
            assert factor["why"]
            assert (factor["basis"] in ("published", "measured")) == bool(factor["evidence"])
    assert [flip["criterion"] for flip in told["weights"]] == [
        "technical_fit",
        "operational_fit",
        "strategic_fit",
        "cost_efficiency",
    ]
    assert all(source["url"] and source["date"] for source in told["evidence"])


def test_weights_turn_a_comparison_where_it_says_that_they_do(asking: Session) -> None:
    told = asking.told("compare", component="change_capture", technologies=["debezium", "headrace_debezium"])
    flip = next(flip for flip in told["weights"] if flip["leads_from"] is not None)
    rest = 1 - flip["weight"]
    weights = {
        one["criterion"]: one["weight"] / rest * (1 - flip["leads_from"]) for one in told["weights"] if one is not flip
    }
    moved = asking.told(
        "compare",
        component="change_capture",
        technologies=["debezium", "headrace_debezium"],
        weights={**weights, flip["criterion"]: flip["leads_from"]},
    )
    assert moved["rows"][0]["technology"] == flip["winner"]


def test_without_names_all_that_are_known_are_compared(asking: Session) -> None:
    told = asking.told("compare", component="object_store")
    assert {row["technology"] for row in told["rows"]} == set(knowledge().technologies["object_store"])
    assert told["assumptions"]


def test_review_answers_the_checklists(asking: Session) -> None:
    told = asking.told("review", requirements=BRIEF)
    made = design(understood(BRIEF, Path("brief.yaml")), knowledge())
    assert [(one["asks"], one["answer"]) for one in told["checks"]] == [
        (one.check.asks, one.answer) for one in made.review
    ]
    assert told["failed"] == sum(one.answer == "no" for one in made.review)
    assert [one["title"] for one in told["risks"]] == [one.title for one in made.risks]
    assert {section for one in told["risks"] for section in one["sections"]} <= CITED
    assert told["drift"] is None


def test_review_tells_where_a_project_has_drifted(asking: Session, root: Path, tmp_path: Path) -> None:
    (tmp_path / "requirements.yaml").write_text(BRIEF)
    write(tmp_path / "requirements.yaml", root / "drifting")
    drifted = asking.told("review", project="drifting/project")
    (root / "drifting/project/models/analysis.sql").unlink()
    (root / "drifting/project/tests/analysis.yaml").unlink()
    more = asking.told("review", project="drifting/project", design="drifting/design.json")["drift"]
    [new] = [one for one in more if one not in drifted["drift"]]
    assert new["what"] == "the workload analysis"
    assert new["fix"].startswith("add models/analysis.sql")
    assert new["section"] in CITED


def test_a_damaged_record_is_named(asking: Session, root: Path) -> None:
    (root / "damaged.json").write_text('{"version": 1, "review": 7}')
    assert asking.refused("review", design="damaged.json")["code"] == "HR-117"


@pytest.mark.parametrize(
    ("topic", "kind", "title"),
    [
        ("kappa", "pattern", "Kappa"),
        ("Data Mesh", "pattern", "Data Mesh"),
        ("flink", "technology", "Apache Flink, as stream processing"),
        ("event log", "component", "event log"),
        ("total_cost", "factor", "total cost"),
        ("Technical fit", "criterion", "Technical fit"),
        ("§4.1", "section", "§4.1 Lambda"),
        ("§4.1", "pattern", "Lambda"),
        ("§6.2", "section", "§6.2 Compliance"),
        ("brief 2.2", "section", "§2 Scoring"),
        ("[§4.1 Lambda; brief 2.1]", "section", "§4.1 Lambda"),
        ("kafka_licence", "evidence", None),
        ("HR-161", "error", None),
    ],
)
def test_explain_tells_with_citations(topic: str, kind: str, title: str | None, asking: Session) -> None:
    told = asking.told("explain", topic=topic)
    [entry] = [one for one in told["entries"] if one["kind"] == kind][:1]
    assert title in (None, entry["title"])
    assert entry["statements"]
    known = {source["name"] for source in told["evidence"]}
    for statement in entry["statements"]:
        assert statement["sections"] or statement["evidence"] or kind == "error"
        assert set(statement["sections"]) <= CITED
        assert set(statement["evidence"]) <= known
    assert all(asking.read(address) for address in told["resources"])


def test_a_factor_that_is_computed_says_how(asking: Session) -> None:
    [entry] = asking.told("explain", topic="total_cost")["entries"]
    said = " ".join(statement["text"] for statement in entry["statements"])
    assert re.search(r"up to 1\.25 times the least 5", said)


def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(asking: Session) -> None:
    with pytest.raises(Exception, match=r"(?s)HR-160: there is no tool 'desing'.*did you mean `design`") as raised:
        asking.call("desing")
    assert getattr(raised.value, "data", None)["error"]["code"] == "HR-160"
