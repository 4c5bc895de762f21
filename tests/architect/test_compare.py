"""Technologies beside each other, and what programs need to write requirements."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.architect import Requirements, design, knowledge
from headrace.architect.compare import compare
from headrace.architect.examples import examples
from headrace.architect.interview import questions
from headrace.architect.read import understood
from headrace.architect.schema import schema


def brief() -> Requirements:
    return understood(examples()["brief"], Path("brief.yaml"))


def test_what_a_design_takes_leads_where_it_is_among_them() -> None:
    made = design(brief(), knowledge())
    for component, part in made.stack.parts.items():
        names = {part.chosen.name, *(other.name for other in part.others[:2])}
        found = compare(component, names, brief(), knowledge())
        assert {row.name for row in found.rows} == names
        assert found.wanted
        assert found.argued is not None
        assert found.argued.chosen.name == part.chosen.name


def test_without_it_the_best_that_goes_with_the_design_leads() -> None:
    part = design(brief(), knowledge()).stack.parts["event_log"]
    names = {other.name for other in part.others}
    found = compare("event_log", names, brief(), knowledge())
    assert found.argued is not None
    assert found.argued.chosen.name not in {*found.misfits, *(row.name for row in found.rows if row.barred)}


def test_where_none_can_be_had_nothing_leads() -> None:
    bound = brief().model_copy(update={"open_source": "required"})
    found = compare("event_log", {"kinesis", "event_hubs"}, bound, knowledge())
    assert all(row.barred for row in found.rows)
    assert found.argued is None


def test_a_component_that_the_pattern_has_no_use_for_is_compared_all_the_same() -> None:
    reporting = understood(examples()["reporting_only"], Path("reporting_only.yaml"))
    found = compare("event_log", {"kafka", "pulsar"}, reporting, knowledge())
    assert not found.wanted
    assert found.argued is not None


def test_the_schema_has_lengths_of_time_as_they_are_written() -> None:
    freshness = schema()["$defs"]["Workload"]["properties"]["freshness"]
    assert freshness["type"] == "string"
    assert "format" not in freshness
    assert schema()["required"] == ["name", "sources", "workloads"]


@pytest.mark.parametrize("name", examples())
def test_examples_are_requirements(name: str) -> None:
    assert design(understood(examples()[name], Path(name)), knowledge()).stacks


def test_an_interview_has_its_questions_whatever_is_answered() -> None:
    told = questions()
    assert len(told) > 20
    assert told[0] == "What is the platform called?"
    assert "Which provider? [aws, azure, gcp]" in told
    assert "In which currency? [USD, EUR]" in told
    assert "Do domains have people who build and answer for their own data (true, false)?" in told
