"""Parts of a document: components, data flow, technology selection, costs."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.architect.costs import PARAMETERS, YEARS
from headrace.architect.design import Design
from headrace.architect.document import charts, diagrams
from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, table
from headrace.architect.document.marks import Marks
from headrace.architect.document.said import cited
from headrace.architect.framework import CRITERIA
from headrace.architect.knowledge import Component
from headrace.architect.selection import Matrix, money
from headrace.architect.stack import Part, comes_along

ROLES = {
    "embedded": "Headrace runs it in its own process",
    "driven": "Headrace drives it",
    "beside": "Headrace reads and writes beside it",
}
_LAYERS: tuple[tuple[str, str, tuple[Component, ...]], ...] = (
    ("Ingestion", "ingestion", ("event_log", "batch_ingestion", "change_capture")),
    ("Storage", "storage", ("object_store", "table_format", "serving_store")),
    ("Processing", "processing", ("stream_processing", "batch_processing", "orchestration")),
    ("Consumption", "template", ("dashboards", "sql_access")),
    ("Governance and operation", "template", ("catalog", "identity", "monitoring")),
)


def components(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "2. Core components")
    yield Paragraph(
        f"What fits best, by the technology scoring, among parts that go together. {cited(marks, 'scoring', 'template')} "
        "Other stacks, each around another technology that processes the data"
        + ("; those that are not open source come last, as that is preferred:" if _some_come_last(design) else ":")
    )
    yield table(
        ("stack around", "score", *(title for title, _, _ in CRITERIA.values()), "three years", "hours a month"),
        [
            (
                stack.middle.technology.title,
                f"{stack.score:.2f}",
                *(f"{stack.criteria[key]:.2f}" for key in CRITERIA),
                money(stack.total, design.needs),
                f"{stack.monthly_hours:g}",
            )
            for stack in design.stacks
        ],
        range(1, 8),
    )
    yield Figure(
        "stack",
        charts.radar(
            {s.middle.technology.title: s.criteria for s in design.stacks[:3]}, {k: v[0] for k, v in CRITERIA.items()}
        ),
        "The criteria of the best three stacks",
    )
    for title, section, components in _LAYERS:
        parts = [design.stack.parts[c] for c in components if c in design.stack.parts]
        if parts:
            yield Heading(3, title)
            yield Paragraph(f"{cited(marks, section)}")
            yield table(
                ("component", "recommended", "licence", "score", "Headrace", "why", "alternatives"),
                [_row(part, marks) for part in parts],
                (3,),
            )


def _row(part: Part, marks: Marks) -> tuple[str, ...]:
    technology = part.chosen.technology
    evidence = " ".join(marks.evidence(technology.evidence))
    why = f"{'; '.join(technology.strengths[:2])} {evidence}".strip()
    return (
        part.component.replace("_", " "),
        technology.title,
        technology.licence,
        f"{part.chosen.total:.2f}",
        ROLES[technology.headrace],
        why,
        _alternatives(part),
    )


def _some_come_last(design: Design) -> bool:
    """Whether a stack stands behind one that it outscores."""
    scores = [round(stack.score, 2) for stack in design.stacks]
    return scores != sorted(scores, reverse=True)


def _alternatives(part: Part) -> str:
    told = []
    able = sorted(part.others, key=lambda each: bool(each.barred) or each.name in part.misfits)
    for each in able[:3]:
        why = each.barred or part.misfits.get(each.name) or f"{each.total:.2f}"
        if why == f"{each.total:.2f}" and each.total > part.chosen.total:
            why += (
                ", and what is there stays" if part.stays else ", and an open one is preferred that is not far behind"
            )
        told.append(f"{each.technology.title}: {why}")
    return "; ".join(told)


def flow(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "3. Data flow")
    yield Figure(
        "flow",
        diagrams.flow_svg(design.flow),
        "From sources through ingestion, storage, processing and serving to consumption",
        diagrams.flow_mermaid(design.flow),
    )
    if design.flow.real_time:
        yield Heading(3, "Real-time path")
        yield Points(tuple(marks.said(claim) for claim in design.flow.real_time), numbered=True)
    yield Heading(3, "Batch path")
    yield Points(tuple(marks.said(claim) for claim in design.flow.batch), numbered=True)
    yield Figure(
        "sequence",
        diagrams.sequence_svg(design),
        "A record on its way, step by step",
        diagrams.sequence_mermaid(design),
    )
    yield Heading(3, "Context and containers")
    yield Figure(
        "context",
        diagrams.context_svg(design),
        "The platform between its sources and those who use it",
        diagrams.context_mermaid(design),
    )
    yield Figure(
        "containers",
        diagrams.containers_svg(design),
        "The parts of the platform and what each runs on",
        diagrams.containers_mermaid(design),
    )


def selection(design: Design, marks: Marks) -> Iterator[Block]:
    weights = design.needs.requirements.weights.model_dump()
    yield Heading(2, "4. Technology selection")
    said = ", ".join(f"{title.lower()} {weights[key]:.2f}" for key, (title, _, _) in CRITERIA.items())
    yield Paragraph(
        f"Weights: {said}. Scale: 5 exceeds requirements, 4 meets them well, 3 meets the basics, 2 partly, 1 does not. {cited(marks, 'scoring')}"
    )
    for each in design.matrices:
        yield from _matrix(each, design, marks)


def _matrix(each: Matrix, design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(3, each.component.replace("_", " ").capitalize())
    yield Points(tuple(marks.said(claim) for claim in each.claims))
    yield table(
        ("", "kind", *(title for title, _, _ in CRITERIA.values()), "total", "three years", ""),
        [
            (
                f"{row.technology.title}{' (recommended)' if row is each.chosen else ''}",
                row.technology.kind.replace("_", " "),
                *(f"{row.criteria[key]:.2f}" for key in CRITERIA),
                f"{row.total:.2f}",
                "no price" if row.technology.unpriced else money(row.cost.total, design.needs),
                row.barred,
            )
            for row in each.rows
        ],
        range(2, 8),
    )
    shown = [
        each.chosen,
        *([each.next_best] if each.next_best else []),
        *([each.rival] if each.rival and each.rival is not each.next_best else []),
    ]
    yield Figure(
        f"matrix_{each.component}",
        charts.radar({s.technology.title: s.criteria for s in shown}, {k: v[0] for k, v in CRITERIA.items()}),
        f"Criteria of {', '.join(s.technology.title for s in shown)}",
    )
    yield table(
        ("factor", *(s.technology.title for s in shown), "rests on", "why, of " + shown[0].technology.title),
        [
            (
                factor.replace("_", " "),
                *(str(s.factors[factor].score) for s in shown),
                each.chosen.factors[factor].basis,
                f"{each.chosen.factors[factor].why} {' '.join(marks.evidence(each.chosen.factors[factor].evidence))}".strip(),
            )
            for _, _, factors in CRITERIA.values()
            for factor in factors
        ],
        range(1, len(shown) + 1),
    )
    yield from _sensitivity(each, design)


def _sensitivity(each: Matrix, design: Design) -> Iterator[Block]:
    weights = design.needs.requirements.weights.model_dump()
    titles = {row.name: row.technology.title for row in each.rows}
    yield table(
        ("criterion", "weight", "another leads from", "which"),
        [
            (
                CRITERIA[flip.criterion][0],
                f"{weights[flip.criterion]:.2f}",
                f"{flip.weight:.2f}" if flip.weight is not None else "no weight",
                titles.get(flip.winner, ""),
            )
            for flip in each.weight_flips
        ],
        (1, 2),
    )
    yield Figure(
        f"sensitivity_{each.component}",
        charts.sensitivity([(CRITERIA[f.criterion][0], weights[f.criterion], f.weight) for f in each.weight_flips]),
        "Weights at which another technology leads",
    )
    if each.next_best and each.score_flips:
        told = ", ".join(f"{flip.factor.replace('_', ' ')} by {flip.points:.1f}" for flip in each.score_flips[:4])
        yield Paragraph(
            f"{each.next_best.technology.title} would draw level if it were rated higher in one factor: {told}."
        )
    elif each.next_best:
        yield Paragraph(
            f"No single rating of {each.next_best.technology.title} could be so much higher that it drew level."
        )


def costs(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Costs")
    yield Paragraph(
        f"Machines and services by list price, people by the hour, over {YEARS} years. {cited(marks, 'scoring')}"
    )
    rows = []
    for component, part in design.stack.parts.items():
        cost = part.chosen.cost
        if comes_along(part, design.stack.parts):
            rows.append((component.replace("_", " "), part.chosen.technology.title, "–", "–", "comes along", ""))
            continue
        priced = " ".join(marks.evidence(line.price for line in cost.bills[0]))
        rows.append(
            (
                component.replace("_", " "),
                part.chosen.technology.title,
                money(cost.bought, design.needs),
                money(cost.labour, design.needs),
                money(cost.total, design.needs),
                priced,
            )
        )
    rows.append(
        (
            "all",
            "",
            money(design.stack.total - design.stack.labour, design.needs),
            money(design.stack.labour, design.needs),
            money(design.stack.total, design.needs),
            "",
        )
    )
    yield table(("component", "", "machines and services", "people", "all", "prices"), rows, (2, 3, 4))
    yield Paragraph("The model's own parameters are judgements: " + "; ".join(PARAMETERS.values()) + ".")
