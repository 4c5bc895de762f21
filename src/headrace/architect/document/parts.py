"""A design as blocks, part by part, in the order of the brief."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.architect.circumstances import INCREMENTAL, capacity
from headrace.architect.claims import Claim
from headrace.architect.costs import YEARS
from headrace.architect.deployment import MODELS
from headrace.architect.design import Design
from headrace.architect.document import charts, operation, technology
from headrace.architect.document.blocks import Block, Figure, Heading, Paragraph, Points, table
from headrace.architect.document.marks import Marks
from headrace.architect.document.said import cited
from headrace.architect.framework import CHARACTERISTICS, CRITERIA, MATRIX, PATTERNS, WORDS
from headrace.architect.needs import duration
from headrace.architect.pattern import SIDES
from headrace.architect.selection import money


def blocks(design: Design) -> Iterator[Block]:
    """The whole document."""
    marks = Marks(design.needs)
    yield Heading(1, f"{design.needs.requirements.name}: architecture")
    yield from _glance(design, marks)
    yield from _requirements(design)
    yield from _pattern(design, marks)
    yield from _deployment(design, marks)
    yield from technology.components(design, marks)
    yield from technology.flow(design, marks)
    yield from technology.selection(design, marks)
    yield from technology.costs(design, marks)
    yield from operation.security(design, marks)
    yield from operation.qualities(design, marks)
    yield from operation.risks(design, marks)
    yield from operation.review(design, marks)
    yield from operation.options(design, marks)
    yield from operation.records(design, marks)
    yield from operation.handoff(design, marks)
    yield from operation.evidence(design, marks)


def _glance(design: Design, marks: Marks) -> Iterator[Block]:
    needs, stack = design.needs, design.stack
    if needs.requirements.summary:
        yield Paragraph(needs.requirements.summary.strip())
    engine = stack.middle.technology.title
    rows = [
        (
            "Pattern",
            f"{PATTERNS[design.pattern.chosen]}, {design.pattern.scores[0].score:.2f} of 5; the lead of {design.pattern.lead:.2f} is {design.pattern.firmness}",
            cited(marks, "pattern"),
        ),
        ("Where", MODELS[design.deployment.model], cited(marks, "deployment")),
        ("Around", f"{engine}; the stack scores {stack.score:.2f} of 5", cited(marks, "scoring")),
        (
            "Cost",
            f"{money(stack.total, needs)} over {YEARS} years, of which people {money(stack.labour, needs)}; {money(stack.monthly, needs)} a month at first",
            cited(marks, "scoring"),
        ),
        (
            "To look after",
            f"{stack.monthly_hours:g} hours a month; the team can give {capacity(needs):g}",
            cited(marks, "practice"),
        ),
        ("Assumed", f"{len(needs.assumptions)} answers were missing and are assumed", cited(marks, "template")),
    ]
    yield table(("", "", ""), rows)
    for conflict in design.conflicts:
        nearest = "; ".join(conflict.nearest)
        yield Paragraph(
            f"{conflict.what} [R: {', '.join(conflict.given)}] {cited(marks, 'practice')}. Nearest: {nearest}.",
            "Requirements that do not go together.",
        )


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
        f"{PATTERNS[choice.chosen]}. The lead of {choice.lead:.2f} over the next is {choice.firmness}. {cited(marks, 'pattern')}",
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
        f"as much as it is there; the framework gives the ratings and no such shares, which are a judgement. {cited(marks, 'pattern')}"
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
    before = sum(round(stack.score, 2) > round(ours.score, 2) for stack in design.stacks)
    gap = {key: best.criteria[key] - ours.criteria[key] for key in CRITERIA}
    worse = max(gap, key=lambda key: gap[key])
    return [
        *said,
        Claim(
            f"Its stack scores {ours.score:.2f}, behind {before} of {len(design.stacks) - 1} others and {best.score - ours.score:.2f} below the first, most of that in {CRITERIA[worse][0].lower()} "
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
