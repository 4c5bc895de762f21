"""The reference is what the classes say, and its examples are projects that load."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace import project as declared
from headrace.project import Project, load
from headrace.project.declared import Declared
from headrace.project.explain import nested
from headrace.project.problems import CODES
from headrace.project.reference import markdown

PAGE = Path(__file__).parents[2] / "docs/reference/project.md"
_EXAMPLE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)


def _classes(cls: type[Declared], seen: set[type[Declared]]) -> Iterator[type[Declared]]:
    seen.add(cls)
    yield cls
    for field in cls.model_fields.values():
        yield from (found for one in nested(field.annotation) if one not in seen for found in _classes(one, seen))


CLASSES = list(_classes(Project, set()))


def test_the_page_is_not_stale():
    fix = "python -m headrace.project.reference > docs/reference/project.md"
    assert PAGE.read_text(encoding="utf-8") == markdown(), fix


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_field_says_what_it_is(cls):
    assert [name for name, field in cls.model_fields.items() if not field.description] == []


def test_every_declared_class_is_exported_and_on_the_page():
    exported = {one for one in vars(declared).values() if isinstance(one, type) and issubclass(one, Declared)}
    assert set(CLASSES) | {declared.Display} == exported
    page = markdown()
    for cls in CLASSES:
        assert (cls.__doc__ or "").partition("\n")[0].replace("``", "`") in page


def test_the_examples_make_a_project(write):
    examples = dict(_EXAMPLE.findall(markdown()))
    assert len(examples) == 14
    mesh = [file for file in examples if file.startswith("domains/")]
    alone = {file: text for file, text in examples.items() if file not in mesh}
    project = load(write({**alone, "queries/departures.sql": "SELECT 1"}))
    assert {source.kind for source in project.sources.values()} == {"file", "kafka", "push", "replay"}
    assert (len(project.models), len(project.dashboards), len(project.reports), len(project.tests)) == (1, 1, 1, 1)
    assert {policy.kind for policy in project.policies.values()} == {"personal_data", "products"}


def test_the_examples_make_a_mesh(write):
    examples = dict(_EXAMPLE.findall(markdown()))
    files = {file: text for file, text in examples.items() if file.startswith("domains/")}
    files |= {"headrace.yaml": "name: auctions\npattern: mesh\n"}
    files |= {f"domains/trading/{file}": examples[file] for file in ("sources/bid.yaml", "models/by_auction.sql")}
    project = load(write(files))
    assert [(one.domain, one.version) for one in project.products.values()] == [("trading", "1.0.0")]
    assert project.domains["trading"].pattern == "lambda"


def test_every_code_is_on_the_page():
    assert [code for code in CODES if f"| `{code}` |" not in markdown()] == []


def test_the_exports_are_these():
    assert declared.__all__ == sorted(declared.__all__)
    assert all(hasattr(declared, name) for name in declared.__all__)
