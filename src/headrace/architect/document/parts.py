"""A design as blocks, part by part, in the order of the brief."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.architect.circumstances import INCREMENTAL, capacity
from headrace.architect.claims import Claim
from headrace.architect.costs import PARAMETERS, YEARS
from headrace.architect.deployment import MODELS
from headrace.architect.design import Design
from headrace.architect.document import charts, diagrams
from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, table
from headrace.architect.document.marks import Marks
from headrace.architect.framework import CHARACTERISTICS, CRITERIA, MATRIX, PATTERNS, SECTIONS, WORDS
from headrace.architect.knowledge import Component
from headrace.architect.needs import duration
from headrace.architect.pattern import SIDES
from headrace.architect.records import STATUS, Record
from headrace.architect.selection import Matrix, money
from headrace.architect.stack import Part, Stack, comes_along

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


def blocks(design: Design) -> Iterator[Block]:
    """The whole document."""
    marks = Marks(design.needs)
    yield Heading(1, f"{design.needs.requirements.name}: architecture")
    yield from _glance(design, marks)
    yield from _requirements(design)
    yield from _pattern(design, marks)
    yield from _deployment(design, marks)
    yield from _components(design, marks)
    yield from _flow(design, marks)
    yield from _selection(design, marks)
    yield from _costs(design, marks)
    yield from _security(design, marks)
    yield from _qualities(design, marks)
    yield from _risks(design, marks)
    yield from _review(design, marks)
    yield from _options(design, marks)
    yield from _records(design, marks)
    yield from _handoff(design, marks)
    yield from _evidence(design, marks)


def _glance(design: Design, marks: Marks) -> Iterator[Block]:
    needs, stack = design.needs, design.stack
    if needs.requirements.summary:
        yield Paragraph(needs.requirements.summary.strip())
    engine = title_of(stack, stack.engine)
    rows = [
        (
            "Pattern",
            f"{PATTERNS[design.pattern.chosen]}, {design.pattern.scores[0].score:.2f} of 5; the lead of {design.pattern.lead:.2f} is {design.pattern.firmness}",
            _cited(marks, "pattern"),
        ),
        ("Where", MODELS[design.deployment.model], _cited(marks, "deployment")),
        ("Around", f"{engine}; the stack scores {stack.score:.2f} of 5", _cited(marks, "scoring")),
        (
            "Cost",
            f"{money(stack.total, needs)} over {YEARS} years, of which people {money(stack.labour, needs)}; {money(stack.monthly, needs)} a month at first",
            _cited(marks, "scoring"),
        ),
        (
            "To look after",
            f"{stack.monthly_hours:g} hours a month; the team can give {capacity(needs):g}",
            _cited(marks, "practice"),
        ),
        ("Assumed", f"{len(needs.assumptions)} answers were missing and are assumed", _cited(marks, "template")),
    ]
    yield table(("", "", ""), rows)
    for conflict in design.conflicts:
        nearest = "; ".join(conflict.nearest)
        yield Paragraph(
            f"{conflict.what} [R: {', '.join(conflict.given)}] {_cited(marks, 'practice')}. Nearest: {nearest}.",
            "Requirements that do not go together.",
        )


def _cited(marks: Marks, *keys: str) -> str:
    return " ".join(marks.sections(keys))


def title_of(stack: Stack, name: str) -> str:
    """The title of a technology of a stack."""
    return next(part.chosen.technology.title for part in stack.parts.values() if part.chosen.name == name)


def _requirements(design: Design) -> Iterator[Block]:
    needs = design.needs
    yield Heading(2, "Requirements")
    yield table(
        ("source", "kind", "records/s", "at the peak", "bytes", "holds"),
        [
            (
                f"`{s.need.name}`",
                s.need.kind,
                f"{s.events_per_second:,g}",
                f"{s.events_per_second * s.peak_factor:,g}",
                f"{s.record_bytes:,g}",
                ", ".join(s.need.holds),
            )
            for s in needs.sources
        ],
        (2, 3, 4),
    )
    yield table(
        ("workload", "kind", "may be old", "answers within", "users"),
        [
            (f"`{u.need.name}`", u.need.kind, duration(u.need.freshness), duration(u.response), f"{u.users}")
            for u in needs.uses
        ],
        (4,),
    )
    yield Paragraph(
        f"{needs.gb_day:,.1f} GB a day, {needs.growth:.0%} more each year, kept {needs.years:g} years. Domains: {', '.join(needs.domains)}. Complexity {needs.complexity}, "
        f"sensitivity {needs.sensitivity}; {', '.join(needs.regulation) or 'no law named'}. Team: {needs.engineers} engineers who know {', '.join(needs.skills)}."
    )
    if needs.assumptions:
        yield Heading(3, "Assumptions")
        yield Paragraph(
            "What the requirements leave open was taken for granted. Each line names the key that replaces it."
        )
        yield table(
            ("", "key", "assumed", "because"),
            [(f"A{n}", f"`{a.key}`", a.said, a.why) for n, a in enumerate(needs.assumptions, 1)],
        )


def _pattern(design: Design, marks: Marks) -> Iterator[Block]:
    choice = design.pattern
    order = [score.pattern for score in choice.scores]
    yield Heading(2, "1. Architectural pattern")
    yield Paragraph(
        f"{PATTERNS[choice.chosen]}. The lead of {choice.lead:.2f} over the next is {choice.firmness}. {_cited(marks, 'pattern')}",
        "Recommended:",
    )
    yield Points(tuple(marks.said(claim) for claim in choice.reasons))
    yield table(
        ("characteristic", "counts", *(PATTERNS[pattern] for pattern in order)),
        [
            (label, f"{choice.weights[name]:.0%}", *(_rated(*MATRIX[name][pattern]) for pattern in order))
            for name, label in CHARACTERISTICS.items()
        ]
        + [("score of 5", "", *(f"{score.score:.2f}" for score in choice.scores))],
        (1,),
    )
    yield Paragraph(
        f"Excellent counts 5, good 4, caution 2, poor 1. Processing counts {SIDES['processing']:.0%}, organisation {SIDES['organisation']:.0%}, complexity {SIDES['complexity']:.0%} of "
        f"as much as it is there; the framework gives the ratings and no such shares, which are a judgement. {_cited(marks, 'pattern')}"
    )
    yield Figure(
        "pattern",
        charts.bars([(PATTERNS[s.pattern], s.score) for s in choice.scores], 5, "score of 5"),
        "Scores of the four patterns",
    )
    yield Heading(3, "Rejected")
    yield Points(tuple(marks.said(choice.rejected[pattern]) for pattern in order[1:]))
    yield Heading(3, "How firm it is")
    yield table(
        ("if", "the pattern would be"),
        [
            (each.change, PATTERNS[each.pattern] + (" (as now)" if each.pattern == choice.chosen else ""))
            for each in choice.what_if
        ],
    )
    yield table(
        ("pattern", "would win with processing", "organisation", "complexity"),
        [
            (PATTERNS[pattern], *(f"{flip[side]:.0%}" for side in SIDES))
            if flip
            else (PATTERNS[pattern], "with no shares", "", "")
            for pattern, flip in choice.flips.items()
        ],
        (1, 2, 3),
    )
    yield Heading(3, "What Headrace changes in this")
    for claim in _argument(design):
        yield Paragraph(marks.said(claim))


def _rated(letter: str, remark: str) -> str:
    return f"{WORDS[letter]} ({remark})" if remark else WORDS[letter]


def _argument(design: Design) -> list[Claim]:
    ours = next((stack for stack in design.stacks if stack.engine in INCREMENTAL), None)
    said = [
        Claim(
            "An argument, which no score above contains: the framework charges Lambda with two code bases and Kappa with reprocessing, state and exactly-once. In Headrace a model is one SQL "
            "text, kept up to date as rows arrive and recomputed over all of history by the same text, and the two are compared row by row; so there is a batch path without a second code base.",
            ("lambda", "kappa"),
        )
    ]
    if ours is None:
        return [
            *said,
            Claim(
                "It is not among the stacks of this design: it does not meet the requirements, as the tables of components say.",
                ("scoring",),
            ),
        ]
    place = design.stacks.index(ours) + 1
    if place == 1:
        return [*said, Claim("Its stack scores best here by itself.", ("scoring",))]
    best = design.stack
    gap = {key: best.criteria[key] - ours.criteria[key] for key in CRITERIA}
    worse = max(gap, key=lambda key: gap[key])
    return [
        *said,
        Claim(
            f"Its stack is number {place} of {len(design.stacks)} with {ours.score:.2f}, {best.score - ours.score:.2f} behind, most of it in {CRITERIA[worse][0].lower()} "
            f"({ours.criteria[worse]:.2f} against {best.criteria[worse]:.2f}): it is young, and few people know it. It costs {money(ours.total, design.needs)} over three years, "
            f"against {money(best.total, design.needs)}. Whoever weighs one code base and cost higher than age may choose it.",
            ("scoring",),
            given=("weights",),
        ),
    ]


def _deployment(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Where it runs")
    yield Paragraph(marks.said(design.deployment.reason))
    yield table(
        ("question", "answer", "from"), [(s.question, s.answer, f"`{s.given}`") for s in design.deployment.steps]
    )


def _components(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "2. Core components")
    yield Paragraph(
        f"What fits best, by the technology scoring, among parts that go together. {_cited(marks, 'scoring', 'template')} "
        "Other stacks, each around another technology that processes the data:"
    )
    yield table(
        ("stack around", "score", *(title for title, _, _ in CRITERIA.values()), "three years", "hours a month"),
        [
            (
                title_of(stack, stack.engine),
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
            {title_of(s, s.engine): s.criteria for s in design.stacks[:3]}, {k: v[0] for k, v in CRITERIA.items()}
        ),
        "The criteria of the best three stacks",
    )
    for title, section, components in _LAYERS:
        parts = [design.stack.parts[c] for c in components if c in design.stack.parts]
        if parts:
            yield Heading(3, title)
            yield Paragraph(f"{_cited(marks, section)}")
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


def _alternatives(part: Part) -> str:
    told = []
    able = sorted(part.others, key=lambda each: bool(each.barred) or each.name in part.misfits)
    for each in able[:3]:
        why = each.barred or part.misfits.get(each.name) or f"{each.total:.2f}"
        told.append(f"{each.technology.title}: {why}")
    return "; ".join(told)


def _flow(design: Design, marks: Marks) -> Iterator[Block]:
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


def _selection(design: Design, marks: Marks) -> Iterator[Block]:
    weights = design.needs.requirements.weights.model_dump()
    yield Heading(2, "4. Technology selection")
    said = ", ".join(f"{title.lower()} {weights[key]:.2f}" for key, (title, _, _) in CRITERIA.items())
    yield Paragraph(
        f"Weights: {said}. Scale: 5 exceeds requirements, 4 meets them well, 3 meets the basics, 2 partly, 1 does not. {_cited(marks, 'scoring')}"
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


def _costs(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Costs")
    yield Paragraph(
        f"Machines and services by list price, people by the hour, over {YEARS} years. {_cited(marks, 'scoring')}"
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


def _security(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "5. Security")
    yield Paragraph(
        f"Each control with the place where it is enforced, and what of it the project beside this document does. {_cited(marks, 'security', 'compliance')}"
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
                _cited(marks, *e.control.sections),
            )
            for e in design.controls
        ],
    )


def _qualities(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Non-functional requirements")
    yield Paragraph(_cited(marks, "nonfunctional"))
    yield table(
        ("category", "requirement", "target", "measured by", "priority", ""),
        [(q.category, q.requirement, q.target, q.measurement, q.priority, f"[R: {q.given}]") for q in design.qualities],
    )


def _risks(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Risks")
    yield table(
        ("risk", "probability", "impact", "what is done", ""),
        [(r.title, r.probability, r.impact, r.mitigation, _cited(marks, "review", *r.sections)) for r in design.risks],
    )


def _review(design: Design, marks: Marks) -> Iterator[Block]:
    answered = [answer for answer in design.review if answer.answer != "open"]
    held = sum(answer.answer == "yes" for answer in answered)
    yield Heading(2, "Review")
    yield Paragraph(
        f"{held} of {len(answered)} questions that the design can answer hold; {len(design.review) - len(answered)} are for people. {_cited(marks, 'review')}"
    )
    yield table(("area", "question", "", "why"), [(a.check.area, a.check.asks, a.answer, a.why) for a in design.review])


def _options(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Three options")
    for option in design.options:
        yield Heading(3, option.name.capitalize())
        yield Paragraph(marks.said(option.why))
        yield Paragraph(
            ", ".join(part.chosen.technology.title for part in option.stack.parts.values())
            + f". {money(option.stack.total, design.needs)} over {YEARS} years, {option.weeks} weeks until the parts stand."
        )
        yield table(("for", "against"), [("; ".join(option.pros), "; ".join(option.cons))])


def _records(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Decision records")
    yield Paragraph(_cited(marks, "adr"))
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


def _handoff(design: Design, marks: Marks) -> Iterator[Block]:
    yield Heading(2, "Handoff")
    yield Paragraph(_cited(marks, "handoff"))
    yield Points(
        (
            "this document, `architecture.md` and `architecture.html`, and the decision record that both are made from, `design.json`",
            "a project that runs, `project/`: every source as a file of made-up records, a model and a test for each workload, pages; "
            "its README says how to go on from there",
            "the requirements that it answers, `requirements.yaml`, with what was assumed in this document's table of assumptions",
            "open questions: " + "; ".join(a.check.asks for a in design.review if a.answer != "yes"),
        )
    )


def _evidence(design: Design, marks: Marks) -> Iterator[Block]:
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
