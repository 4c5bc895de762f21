"""Prose that a language model drafts from a design, and the checks that it must pass.

A model is given a chapter's statements and asked to write them as one passage. What it writes is held against them sentence by
sentence; a draft that says anything that they do not is refused, with the reasons. Nothing else of a design depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from headrace.architect.design import Design
from headrace.architect.document.blocks import Block, Heading, Paragraph, Points, Table
from headrace.architect.document.marks import MARK, SECTION_MARK
from headrace.architect.framework import CHARACTERISTICS, MATRIX, PATTERNS, SECTIONS, WORDS, Pattern

CHAPTERS = (
    "1. Architectural pattern",
    "2. Core components",
    "3. Data flow",
    "4. Technology selection",
    "5. Security",
)
"""What is drafted: the five parts of the brief."""

LONGEST = 2_500
"""Characters of a passage."""

_CODE = re.compile(r"`[^`]*`")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_SENTENCE = re.compile(r"(?<=[.!?])(?:\s*\[[^\]]*\])*\s+(?=[A-Z`])")
_SPELLED = {
    **{word: n for n, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"])},
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000,
}  # fmt: skip
_FREE = frozenset({"zero", "one"})
"""Number words that are also something else."""

_CHOOSING = re.compile(r"\b(?:recommend\w*|choos\w*|chose\w*|select\w*|pick\w*|adopt\w*|prefer\w*)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:not|never|no|reject\w*|instead of|rather than|over|against|than)\b", re.IGNORECASE)
_FORBIDDEN = (
    (re.compile(r"https?://|www\."), "it has an address"),
    (re.compile(r"<[a-zA-Z/!]"), "it has HTML"),
    (re.compile(r"^\s*(?:#|\||[-*] |\d+\. )", re.MULTILINE), "it has headings, lists or tables"),
    (re.compile(r"```"), "it has a block of code"),
)
_CURRENCIES = ("USD", "EUR", "GBP", "dollar", "euro", "pound", "$", "€", "£")


@dataclass(frozen=True)
class Chapter:
    """What a passage may say.

    Attributes:
        statements: texts with their marks, as the document has them.
    """

    title: str
    statements: tuple[str, ...]


def chapters(blocks: Iterable[Block]) -> list[Chapter]:
    """The chapters that are drafted, each with all that it states."""
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    marks = ""
    for block in blocks:
        if isinstance(block, Heading) and block.level == 2:
            current = found.setdefault(block.text, []) if block.text in CHAPTERS else None
        elif current is not None:
            if isinstance(block, Paragraph) and SECTION_MARK.search(block.text):
                marks = " ".join(mark for mark in MARK.findall(block.text) if mark.startswith("[§"))
            current += _stated(block, marks)
    return [Chapter(title, tuple(found[title])) for title in CHAPTERS if title in found]


def _stated(block: Block, marks: str) -> list[str]:
    """What a block states; a row of a table rests on the sections of the paragraph before it."""
    match block:
        case Paragraph():
            return [f"{block.strong} {block.text}".strip()]
        case Points():
            return list(block.items)
        case Table():
            return [f"{_row(block, row)} {marks}" for row in block.rows]
        case _:
            return []


def _row(table: Table, row: Sequence[str]) -> str:
    return "; ".join(f"{head}: {cell}" if head else cell for head, cell in zip(table.head, row, strict=True) if cell)


def asked(chapter: Chapter) -> list[dict[str, str]]:
    """The messages that ask a model for a passage."""
    rules = (
        "Write one passage of at most eight sentences for the chapter of an architecture document, from the statements given and nothing else. "
        "Every sentence ends with at least one citation, copied letter by letter from the statement that it follows from: [§…], and [E…] or [R: …] where the statement has them. "
        "Use no figure, name or rating that the statement you cite does not have. No headings, lists, tables, links or HTML."
    )
    return [
        {"role": "system", "content": rules},
        {
            "role": "user",
            "content": f"Chapter: {chapter.title}\n\nStatements:\n"
            + "\n".join(f"- {one}" for one in chapter.statements),
        },
    ]


def faults(text: str, chapter: Chapter, design: Design) -> list[str]:
    """Say everything in a passage that does not hold; nothing when all does."""
    if not text.strip():
        return ["it is empty"]
    found = [why for pattern, why in _FORBIDDEN if pattern.search(text)]
    if len(text) > LONGEST:
        found.append(f"it has {len(text):,} characters, and {LONGEST:,} are enough")
    for sentence in sentences(text):
        found += _sentence(sentence, chapter, design)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a passage, each with the marks behind it."""
    pieces: list[str] = []
    for line in text.split("\n"):
        start = 0
        for end in (found.end() for found in _SENTENCE.finditer(line)):
            pieces.append(line[start:end].strip())
            start = end
        pieces.append(line[start:].strip())
    return [piece for piece in pieces if piece]


def _sentence(sentence: str, chapter: Chapter, design: Design) -> Iterator[str]:
    shown = f"“{sentence[:80]}{'…' if len(sentence) > 80 else ''}”"
    marks = MARK.findall(sentence)
    if not SECTION_MARK.search(sentence):
        yield f"{shown} cites no section"
        return
    known = {section.cited for section in SECTIONS.values()}
    for mark in marks:
        if mark.startswith("[§") and mark not in known:
            yield f"{shown} cites {mark}, which is no section of the framework"
        elif not any(mark in statement for statement in chapter.statements):
            yield f"{shown} cites {mark}, which no statement of the chapter does"
    grounds = [statement for statement in chapter.statements if any(mark in statement for mark in marks)]
    body = MARK.sub("", sentence)
    yield from (f"{shown} {why}" for why in _figures(body, grounds))
    yield from (f"{shown} {why}" for why in _names(body, grounds, design))
    yield from (f"{shown} {why}" for why in _ratings(body))
    yield from (f"{shown} {why}" for why in _choices(body, design))


def _figures(body: str, grounds: Sequence[str]) -> Iterator[str]:
    """Numbers, in digits and in words, that what is cited does not have; and other currencies."""
    there = {_plain(number) for ground in grounds for number in _NUMBER.findall(MARK.sub("", ground))}
    for number in _NUMBER.findall(body):
        if _plain(number) not in there:
            yield f"says {number}, which is not in what it cites"
    words = {word for ground in grounds for word in re.findall(r"[a-z]+", ground.lower())}
    for word in re.findall(r"[a-z]+", body.lower()):
        if word in _SPELLED and word not in _FREE and word not in words and str(_SPELLED[word]) not in there:
            yield f"says {word}, which is not in what it cites"
    for currency in _CURRENCIES:
        if currency in body and not any(currency in ground for ground in grounds):
            yield f"says {currency}, which is not in what it cites"


def _plain(number: str) -> str:
    digits = number.replace(",", "")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _names(body: str, grounds: Sequence[str], design: Design) -> Iterator[str]:
    """Technologies that what is cited does not name."""
    titles = {technology.title for group in design.knowledge.technologies.values() for technology in group.values()}
    words = {*titles, *(title.removeprefix("Apache ").removeprefix("Amazon ") for title in titles)}
    hidden = _CODE.sub("", body)
    for title in sorted(words, key=lambda word: (-len(word), word)):
        if re.search(rf"\b{re.escape(title)}\b", hidden) and not any(title in ground for ground in grounds):
            yield f"names {title}, which is not in what it cites"
            hidden = hidden.replace(title, "")


def _ratings(body: str) -> Iterator[str]:
    """Ratings that the framework's matrix does not give: each word is of the pattern named last before it, for what is named."""
    lowered = body.lower()
    named = [key for key, label in CHARACTERISTICS.items() if label in lowered] or list(CHARACTERISTICS)
    by_title = {title.lower(): pattern for pattern, title in PATTERNS.items()}
    words = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in (*by_title, *WORDS.values())))
    pattern: Pattern | None = None
    for found in words.finditer(lowered):
        if found[0] in by_title:
            pattern = by_title[found[0]]
        elif pattern is not None and not any(WORDS[MATRIX[key][pattern][0]] == found[0] for key in named):
            yield f"rates {PATTERNS[pattern]} {found[0]}, which the framework does not"


def _choices(body: str, design: Design) -> Iterator[str]:
    """A rival that is said to be what is recommended."""
    if not _CHOOSING.search(body) or _NEGATED.search(body):
        return
    chosen = {PATTERNS[design.pattern.chosen], *(part.chosen.technology.title for part in design.stack.parts.values())}
    rivals = {
        *PATTERNS.values(),
        *(other.technology.title for part in design.stack.parts.values() for other in part.others),
    } - chosen
    for rival in sorted(rivals):
        if re.search(rf"\b{re.escape(rival)}\b", body):
            yield f"recommends {rival}, which the design does not"


def marks_of(chapter: Chapter) -> set[str]:
    """Every mark that a chapter has."""
    return {mark for statement in chapter.statements for mark in MARK.findall(statement)}
