"""What is written: nothing without its ground, nothing that is not there, and the committed document is what the command writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from headrace.architect import design, knowledge, read, write
from headrace.architect.claims import Claim
from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, Table
from headrace.architect.document.markdown import markdown
from headrace.architect.document.marks import EVIDENCE_MARK, REQUIREMENT_MARK, SECTION_MARK
from headrace.architect.document.page import page
from headrace.architect.document.parts import blocks
from headrace.architect.document.record import record
from headrace.architect.framework import SECTIONS
from headrace.architect.reference import markdown as reference
from headrace.architect.requirements import Requirements

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples" / "requirements").glob("*.yaml"))
COMMITTED = ROOT / "docs" / "architecture"
CITED = {section.cited for section in SECTIONS.values()}


def written(path: Path) -> list[Block]:
    return list(blocks(design(read(path), knowledge())))


def said(made: list[Block]) -> list[str]:
    """Every text of a document."""
    found = []
    for block in made:
        match block:
            case Heading() | Paragraph():
                found.append(block.text)
            case Points():
                found += block.items
            case Table():
                found += [cell for row in block.rows for cell in row]
            case Figure():
                found.append(block.says)
    return found


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def made(request: pytest.FixtureRequest) -> list[Block]:
    return written(request.param)


def test_every_section_that_is_cited_is_one_of_the_frameworks(made: list[Block]) -> None:
    cited = {f"[§{mark}]" for text in said(made) for mark in SECTION_MARK.findall(text)}
    assert len(cited) > 10
    assert cited <= CITED


def test_the_briefs_sections_are_cited_by_both_numberings(made: list[Block]) -> None:
    cited = {f"[§{mark}]" for text in said(made) for mark in SECTION_MARK.findall(text)}
    for number in ("2.1", "2.2", "3.1", "4.1"):
        assert any(f"; brief {number}]" in mark for mark in cited), number
    references = next(b for b in made if isinstance(b, Table) and b.head[:1] == ("cited as",))
    assert {row[0].strip("`") for row in references.rows} == CITED


def test_every_piece_of_evidence_that_is_cited_is_listed_once(made: list[Block]) -> None:
    tables = [block for block in made if isinstance(block, Table)]
    listed = [row[0] for row in tables[-1].rows]
    cited = {f"E{number}" for text in said(made) for number in EVIDENCE_MARK.findall(text)}
    assert cited == set(listed)
    assert listed == [f"E{n}" for n in range(1, len(listed) + 1)]
    assert all(row[4] and row[5] for row in tables[-1].rows)


def test_every_requirement_that_is_cited_is_one(made: list[Block]) -> None:
    first = {
        key.strip().split(".")[0]
        for text in said(made)
        for mark in REQUIREMENT_MARK.findall(text)
        for key in mark.split(",")
    }
    assert first
    assert {key.split(" ")[0] for key in first} <= set(Requirements.model_fields)


def test_parts_of_the_document_that_argue_have_a_citation(made: list[Block]) -> None:
    """Each chapter but the requirements, which are cited themselves, and each list of statements."""
    chapters: dict[str, list[str]] = {}
    for block in made:
        if isinstance(block, Heading) and block.level == 2:
            chapters[block.text] = []
        elif chapters:
            chapters[list(chapters)[-1]] += said([block])
    for title, texts in chapters.items():
        assert title == "Requirements" or any(SECTION_MARK.search(text) for text in texts), title


def test_no_claim_can_be_made_without_a_section() -> None:
    with pytest.raises(ValueError, match="cites sections"):
        Claim("It is so.", ())
    with pytest.raises(ValueError, match="cites sections"):
        Claim("It is so.", ("nonsense",))


def test_the_same_requirements_give_the_same_document() -> None:
    once, again = (written(EXAMPLES[0]) for _ in range(2))
    assert markdown(once) == markdown(again)
    assert page("x", once) == page("x", again)


def test_the_committed_document_is_what_the_command_writes(tmp_path: Path) -> None:
    write(ROOT / "examples" / "requirements" / "brief.yaml", tmp_path)
    there = {path.relative_to(COMMITTED) for path in COMMITTED.rglob("*") if path.is_file()}
    new = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    fix = "headrace design examples/requirements/brief.yaml --out docs/architecture"
    assert there == new, fix
    for path in sorted(there):
        assert (COMMITTED / path).read_bytes() == (tmp_path / path).read_bytes(), f"{path}: {fix}"


def test_it_has_the_five_parts_of_the_brief() -> None:
    titles = [
        block.text for block in written(ROOT / "examples" / "requirements" / "brief.yaml") if isinstance(block, Heading)
    ]
    parts = ["1. Architectural pattern", "2. Core components", "3. Data flow", "4. Technology selection", "5. Security"]
    assert [title for title in titles if title in parts] == parts
    assert {"Real-time path", "Batch path", "Event log", "Stream processing", "Object store"} <= set(titles)


def test_every_picture_is_svg_and_stands_in_the_page(made: list[Block]) -> None:
    figures = [block for block in made if isinstance(block, Figure)]
    assert {"pattern", "stack", "flow", "sequence", "context", "containers"} <= {figure.name for figure in figures}
    shown = page("x", made)
    assert shown.count("<svg ") == len(figures)
    assert "src=" not in shown
    for figure in figures:
        assert re.fullmatch(r"<svg .*</svg>", figure.svg, re.DOTALL), figure.name


def test_the_record_is_json_that_names_what_was_decided() -> None:
    found = json.loads(record(design(read(ROOT / "examples" / "requirements" / "iot.yaml"), knowledge())))
    assert found["version"] == 1
    assert found["pattern"]["scores"][0]["pattern"] == "kappa"
    assert found["stacks"][0]["parts"]["event_log"]["chosen"]["name"] == "kafka"
    assert found["needs"]["uses"][0]["need"]["freshness"] == "1 second"


def test_the_reference_is_as_the_classes_have_it() -> None:
    page = ROOT / "docs" / "reference" / "requirements.md"
    assert page.read_text() == reference(), f"python -m headrace.architect.reference > {page.relative_to(ROOT)}"


@pytest.mark.parametrize(
    "said", ['https://a"onpointerenter="alert(1)', "<script>alert(1)</script>", '`"><img src=x onerror=alert(1)>`']
)
def test_what_requirements_say_is_no_markup_of_the_page(said: str) -> None:
    shown = page("x", [Heading(1, "x"), Paragraph(said)])
    body = shown.partition("<main>")[2]
    assert "<script" not in body
    assert "<img" not in body
    assert not re.search(r"<a [^>]*on\w+=", body)
