"""What the knowledge base and the framework say of a topic, statement by statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from headrace.architect import Knowledge
from headrace.architect.costs import YEARS
from headrace.architect.framework import CHARACTERISTICS, CRITERIA, MATRIX, PATTERNS, SECTIONS, WORDS, Pattern
from headrace.architect.knowledge import Component
from headrace.architect.records import NEGATIVE, POSITIVE
from headrace.architect.scoring import HEADROOM, RATIOS
from headrace.architect.stack import WITHOUT
from headrace.mcp.codes import codes
from headrace.mcp.told import Answer, Statement, source

_SCORING = (SECTIONS["scoring"].cited,)
_RATIOS = ", ".join(f"up to {most:g} times the least {points}" for most, points in RATIOS)
_RELATIVE = f"Computed, beside the least of the component over {YEARS} years: {_RATIOS}, more 1."
_JUDGED = "Rated in the knowledge base, each rating with its reason; one with evidence is published or measured, one without is judged."

HOW: Mapping[str, str] = {
    "performance": f"{_JUDGED} No more than 2 where it adds more than 1/{HEADROOM:g} of what the freshest answer on its way may be old.",
    "scalability": f"{_JUDGED} No more than 2 where it takes less than {HEADROOM:g} times the peak.",
    "skill_availability": f"{_JUDGED} One more where the team knows all it takes, one less where it knows nothing of it.",
    "vendor_alignment": "Computed from licence and provider, and from how much open source is asked for.",
    "licensing_cost": "Computed from the licence: 5 without a fee, 4 without one within limits, 2 where use or seats are paid.",
    "operational_cost": f"{_RELATIVE} Of engineers' hours.",
    "total_cost": f"{_RELATIVE} Of machines, services and engineers' hours.",
}
"""How factors are rated that are not only judged."""


class Entry(Answer):
    """One thing that goes by the name of the topic."""

    kind: str
    name: str
    title: str
    statements: tuple[Statement, ...]


def _pattern(name: str, _: Knowledge) -> Entry:
    pattern: Pattern = next(each for each in PATTERNS if each == name)
    title = PATTERNS[pattern]
    rated = SECTIONS["pattern"].cited
    own = tuple(section.cited for key, section in SECTIONS.items() if key == name) or (rated,)
    said = [
        Statement(
            text=f"{title} is rated {WORDS[word]} for {CHARACTERISTICS[key]}{f' ({remark})' if remark else ''}.",
            sections=(rated,),
        )
        for key, row in MATRIX.items()
        for word, remark in [row[pattern]]
    ]
    said += [Statement(text=f"For it: {text}.", sections=own) for text in POSITIVE[pattern]]
    said += [Statement(text=f"Against it: {text}.", sections=own) for text in NEGATIVE[pattern]]
    said += [
        Statement(text=f"It has no use for {component.replace('_', ' ')}.", sections=own)
        for component in sorted(WITHOUT[pattern])
    ]
    return Entry(kind="pattern", name=name, title=title, statements=tuple(said))


def _component(name: str, known: Knowledge) -> Entry:
    component: Component = next(each for each in known.technologies if each == name)
    group = known.technologies[component]
    said = [Statement(text=f"{each.title} (`{key}`): {each.summary}", sections=_SCORING) for key, each in group.items()]
    return Entry(kind="component", name=name, title=name.replace("_", " "), statements=tuple(said))


def _technology(name: str, known: Knowledge) -> Entry:
    component, _, key = name.partition("/")
    each = next(group for called, group in known.technologies.items() if called == component)[key]
    labour = each.labour
    said = [
        Statement(text=each.summary, sections=_SCORING, evidence=each.evidence),
        Statement(text=f"Licence: {each.licence} ({each.kind.replace('_', ' ')}).", sections=_SCORING),
        *(
            Statement(
                text=f"{factor.replace('_', ' ').capitalize()}, {rating.score} of 5: {rating.why}",
                sections=_SCORING,
                evidence=rating.evidence,
            )
            for factor, rating in each.ratings.items()
        ),
        *(Statement(text=f"For it: {text}.", sections=_SCORING) for text in each.strengths),
        *(Statement(text=f"Against it: {text}.", sections=_SCORING) for text in each.weaknesses),
        Statement(
            text=f"It is taken to need {labour.setup_hours:g} hours to set up and {labour.monthly_hours:g} a month, a judgement: {labour.why}",
            sections=_SCORING,
        ),
    ]
    title = f"{each.title}, as {component.replace('_', ' ')}"
    return Entry(kind="technology", name=name, title=title, statements=tuple(said))


def _criterion(name: str, _: Knowledge) -> Entry:
    title, weight, factors = CRITERIA[name]
    told = f"The mean of {', '.join(factor.replace('_', ' ') for factor in factors)}; the framework gives it {weight:.0%} of the total."
    return Entry(kind="criterion", name=name, title=title, statements=(Statement(text=told, sections=_SCORING),))


def _factor(name: str, _: Knowledge) -> Entry:
    title, weight, _factors = next(each for each in CRITERIA.values() if name in each[2])
    told = f"One of three factors of {title.lower()}, which counts {weight:.0%} unless the requirements say otherwise."
    said = (
        told,
        HOW.get(name, _JUDGED),
        "5 exceeds requirements, 4 meets them well, 3 meets the basics, 2 partly, 1 does not.",
    )
    return Entry(
        kind="factor",
        name=name,
        title=name.replace("_", " "),
        statements=tuple(Statement(text=text, sections=_SCORING) for text in said),
    )


def _section(name: str, known: Knowledge) -> Entry:
    section = SECTIONS[name]
    told = tuple(Statement(text=text, sections=(section.cited,)) for text in _on(name, known))
    return Entry(kind="section", name=name, title=f"§{section.mark}", statements=told)


def _on(name: str, known: Knowledge) -> Iterator[str]:
    """A section's headings, and what of the knowledge base follows from it."""
    section = SECTIONS[name]
    yield f"In the published framework: {section.published}."
    if section.brief:
        yield f"In the brief: {section.brief}."
    for risk in known.risks.values():
        if name in risk.sections:
            yield f"A risk: {risk.title}. {risk.mitigation}"
    for control in known.controls.values():
        if name in control.sections:
            yield f"A control: {control.says}"
    if name == "review":
        for check in known.checks.values():
            yield f"Asked at the gate {check.gate.replace('_', ' ')}: {check.asks}"


def _evidence(name: str, known: Knowledge) -> Entry:
    found = source(name, known)
    told = Statement(text=found.says, evidence=(name,))
    return Entry(
        kind="price" if found.basis == "price" else "evidence", name=name, title=found.source, statements=(told,)
    )


def _error(name: str, _: Knowledge) -> Entry:
    what, fix = codes()[name]
    return Entry(
        kind="error",
        name=name,
        title=what,
        statements=(Statement(text=f"{what}."), Statement(text=f"What to do: {fix}.")),
    )


TELLS: Mapping[str, Callable[[str, Knowledge], Entry]] = {
    "pattern": _pattern,
    "technology": _technology,
    "component": _component,
    "criterion": _criterion,
    "factor": _factor,
    "section": _section,
    "evidence": _evidence,
    "error": _error,
}
"""Kind -> what tells of one."""
