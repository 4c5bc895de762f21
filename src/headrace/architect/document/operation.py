"""Parts of a document: security, promises, risks, review, options, decision records, handoff, references."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.architect.costs import YEARS
from headrace.architect.design import Design
from headrace.architect.document.blocks import Block, Heading, Paragraph, Points, table
from headrace.architect.document.marks import Marks
from headrace.architect.document.said import cited
from headrace.architect.framework import SECTIONS
from headrace.architect.records import STATUS, Record
from headrace.architect.selection import money


def security(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "5. Security")
    yield Paragraph(
        f"Each control with the place where it is enforced, and what of it the project beside this document does. {cited(marks, 'security', 'compliance')}"
    )
    yield table(
        ("area", "control", "enforced by", "how", "in the project", ""),
        [
            (
                e.control.area.replace("_", " "),
                e.control.says,
                e.where,
                e.how,
                e.control.project or "no",
                cited(marks, *e.control.sections),
            )
            for e in design.controls
        ],
    )


def qualities(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Non-functional requirements")
    yield Paragraph(cited(marks, "nonfunctional"))
    yield table(
        ("category", "requirement", "target", "measured by", "priority", ""),
        [(q.category, q.requirement, q.target, q.measurement, q.priority, f"[R: {q.given}]") for q in design.qualities],
    )


def risks(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Risks")
    yield table(
        ("risk", "probability", "impact", "what is done", ""),
        [(r.title, r.probability, r.impact, r.mitigation, cited(marks, "review", *r.sections)) for r in design.risks],
    )


def review(design: Design, marks: Marks) -> Iterator[Block]:
    answered = [answer for answer in design.review if answer.answer != "open"]
    held = sum(answer.answer == "yes" for answer in answered)
    yield Heading(2, "Review")
    yield Paragraph(
        f"{held} of {len(answered)} questions that the design can answer hold; {len(design.review) - len(answered)} are for people. {cited(marks, 'review')}"
    )
    yield table(("area", "question", "", "why"), [(a.check.area, a.check.asks, a.answer, a.why) for a in design.review])


def options(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Three options")
    for option in design.options:
        yield Heading(3, option.name.capitalize())
        yield Paragraph(marks.said(option.why))
        yield Paragraph(
            ", ".join(part.chosen.technology.title for part in option.stack.parts.values())
            + f". {money(option.stack.total, design.needs)} over {YEARS} years, {option.weeks} weeks until the parts stand."
        )
        yield table(("for", "against"), [("; ".join(option.pros), "; ".join(option.cons))])


def records(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Decision records")
    yield Paragraph(cited(marks, "adr"))
    for record in design.records:
        yield from _record(record, marks)


def _record(record: Record, marks: Marks) -> Iterator[Block]:
    yield Heading(3, f"ADR {record.number}: {record.title}")
    related = ", ".join(f"ADR {number}" for number in record.related)
    yield Paragraph(f"{STATUS}; related: {related}", "Status:")
    for claim in record.context:
        yield Paragraph(marks.said(claim), "Context:")
    yield Paragraph(marks.said(record.decision), "Decision:")
    yield table(
        ("consequences", ""),
        [
            (kind, "; ".join(said))
            for kind, said in (
                ("positive", record.positive),
                ("negative", record.negative),
                ("neutral", record.neutral),
            )
            if said
        ],
    )
    yield table(("alternative", "rejected because"), record.alternatives)
    if record.implementation:
        yield Paragraph("; ".join(record.implementation), "Implementation:")


def handoff(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Handoff")
    yield Paragraph(cited(marks, "handoff"))
    yield Points(
        (
            "this document, `architecture.md` and `architecture.html`, and the decision record that both are made from, `design.json`",
            "a project that runs, `project/`: every source as a file of made-up records, a model and a test for each workload, pages; "
            "its README says how to go on from there",
            "the requirements that it answers, `requirements.yaml`, with what was assumed in this document's table of assumptions",
            "open questions: " + "; ".join(a.check.asks for a in design.review if a.answer != "yes"),
        )
    )


def evidence(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "References")
    yield Heading(3, "The framework")
    yield table(
        ("cited as", "in the published document", "in the brief"),
        [(f"`{section.cited}`", section.published, section.brief) for section in SECTIONS.values()],
    )
    yield Heading(3, "Evidence and prices")
    known = design.knowledge
    rows = []
    for name, number in marks.cited.items():
        found = known.evidence.get(name)
        if found is not None:
            rows.append((f"E{number}", found.basis, found.says, found.source, found.url, str(found.date)))
        else:
            price = known.prices[name]
            rows.append(
                (
                    f"E{number}",
                    "price",
                    f"{price.amount:g} USD a {price.unit.replace('_', ' ')}: {price.what}",
                    price.source,
                    price.url,
                    str(price.date),
                )
            )
    yield table(("", "", "says", "source", "where", "of"), rows)
