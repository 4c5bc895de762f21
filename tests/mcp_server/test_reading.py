"""Resources and prompts, through the SDK's client and the real process."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from mcp_types import ResourceTemplateReference

from headrace.architect import knowledge
from headrace.architect.examples import examples
from headrace.architect.framework import SECTIONS
from headrace.architect.reference import markdown
from tests.mcp_server.client import Session, session

ROOT = Path(__file__).parents[2]
LAST = "headrace://design/last/"


def test_all_that_is_listed_can_be_read(asking: Session) -> None:
    asking.told("design", requirements=examples()["brief"])
    listed = asking.ask("list_resources").resources
    assert len({one.uri for one in listed}) == len(listed) > 10
    for one in listed:
        [content] = asking.ask("read_resource", one.uri).contents
        assert content.mime_type == one.mime_type
        assert content.text
        if one.mime_type == "application/json":
            json.loads(content.text)


def test_the_knowledge_base_can_be_read_in_full(asking: Session) -> None:
    index = json.loads(asking.read("headrace://knowledge"))
    known = knowledge()
    assert index["components"] == {name: list(group) for name, group in known.technologies.items()}
    for component, names in index["components"].items():
        group = json.loads(asking.read(f"headrace://knowledge/technologies/{component}"))
        assert list(group) == names
        one = json.loads(asking.read(f"headrace://knowledge/technologies/{component}/{names[0]}"))
        cited = {name for rating in one["ratings"].values() for name in rating["evidence"]} | {*one["evidence"]}
        assert cited == {source["name"] for source in one["sources"]}
    for name in (index["evidence"][0], index["prices"][0]):
        found = json.loads(asking.read(f"headrace://knowledge/evidence/{name}"))
        assert found["url"]
        assert found["date"]
    assert [one["cited"] for one in json.loads(asking.read("headrace://framework/sections"))] == [
        section.cited for section in SECTIONS.values()
    ]


def test_requirements_are_described(asking: Session) -> None:
    assert asking.read("headrace://requirements/reference") == markdown()
    schema = json.loads(asking.read("headrace://requirements/schema"))
    for name in examples():
        text = asking.read(f"headrace://requirements/examples/{name}")
        assert text == (ROOT / "examples" / "requirements" / f"{name}.yaml").read_text()
        jsonschema.validate(yaml.safe_load(text), schema)


def test_templates_are_completed(asking: Session) -> None:
    [template] = [one for one in asking.ask("list_resource_templates").resource_templates if one.name == "technology"]
    reference = ResourceTemplateReference(uri=template.uri_template)
    found = asking.ask("complete", reference, {"name": "component", "value": "event"})
    assert found.completion.values == ["event_log"]
    beside = {"component": "event_log"}
    found = asking.ask("complete", reference, {"name": "technology", "value": "k"}, context_arguments=beside)
    assert found.completion.values == ["kafka", "kinesis"]


@pytest.mark.parametrize(
    "uri",
    [
        "headrace://nothing",
        "headrace://knowledge/technologies/nothing",
        "headrace://knowledge/technologies/event_log/flink",
        "headrace://knowledge/evidence/nothing",
        "headrace://knowledge/patterns/nothing",
        "headrace://requirements/examples/../../pyproject",
        f"{LAST}../../etc/passwd",
        f"{LAST}%2e%2e/secret",
        "file:///etc/passwd",
    ],
)
def test_there_is_nothing_elsewhere(uri: str, asking: Session) -> None:
    asking.told("design", requirements=examples()["brief"])
    with pytest.raises(Exception, match="HR-165: there is nothing at"):
        asking.read(uri)


def test_before_a_design_there_is_none_to_read_or_review(tmp_path: Path) -> None:
    with session(tmp_path, mode="legacy") as fresh:
        with pytest.raises(Exception, match=r"(?s)HR-165: no design was made.*call the tool `design`"):
            fresh.read(f"{LAST}architecture.md")
        assert fresh.refused("review")["code"] == "HR-165"
        assert fresh.told("design", requirements=examples()["iot"])["name"] in fresh.read(f"{LAST}architecture.md")
        assert fresh.told("review")["checks"]


def test_prompts_tell_to_cite_and_not_to_invent(asking: Session) -> None:
    prompts = {prompt.name: prompt for prompt in asking.ask("list_prompts").prompts}
    assert list(prompts) == ["gather_requirements", "justify_design", "review_design"]
    for name, prompt in prompts.items():
        said = asking.prompt(name, **{argument.name: f"<{argument.name}>" for argument in prompt.arguments})
        assert all(f"<{argument.name}>" in said for argument in prompt.arguments)
        assert "Invent none" in said
        assert "copied letter by letter" in said
        assert not any(f"<{argument.name}>" in asking.prompt(name) for argument in prompt.arguments)


def test_the_interview_asks_what_the_command_asks(asking: Session) -> None:
    said = asking.prompt("gather_requirements")
    assert "- How old may an answer be (`5 seconds`, `1 day`)?" in said


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("justify", {}, "HR-160: there is no prompt 'justify'"),
        ("justify_design", {"audiance": "x"}, "HR-160: justify_design: audiance is no argument of it"),
        ("justify_design", {"requirements": "x" * 50_001}, "HR-163: justify_design: the arguments are too large"),
    ],
)
def test_a_prompt_that_cannot_be_made_is_refused(
    name: str, arguments: dict[str, str], says: str, asking: Session
) -> None:
    with pytest.raises(Exception, match=says):
        asking.prompt(name, **arguments)
