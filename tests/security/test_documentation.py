"""docs/concepts/gate.md says what the code does: its functions, its limits, its codes, its tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headrace.security.functions import FUNCTIONS, TABLE_FUNCTIONS
from headrace.security.gate import PASSES
from headrace.security.reading import MAX_BYTES, MAX_NODES, MAX_TOKENS

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src/headrace/security"


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs/concepts/gate.md").read_text()


def test_the_functions(page: str) -> None:
    listed = page.split("## What may be called")[1]
    assert set(re.findall(r"`(\w+)`", listed)) == FUNCTIONS | TABLE_FUNCTIONS


def test_the_limits(page: str) -> None:
    for limit in (MAX_BYTES, MAX_TOKENS, MAX_NODES):
        assert f"{limit:,}" in page


def test_the_passes_in_order(page: str) -> None:
    places = [page.index(f"| `{step.__name__}`") for step in PASSES]
    assert places == sorted(places)


def test_the_codes(page: str) -> None:
    raised = set(re.findall(r"HR-\d{3}", "".join(path.read_text() for path in SOURCES.glob("*.py"))))
    assert raised == {f"HR-{number}" for number in (*range(150, 156), *range(901, 907), 910, 911)}
    assert set(re.findall(r"HR-\d{3}", page)) == raised


def test_the_tests(page: str) -> None:
    for name in set(re.findall(r"`(test_\w+\.py)`", page)):
        assert (Path(__file__).parent / name).exists(), name
