"""Which pattern of processing fits: the framework's matrix, weighted by what the requirements are like.

A use case has three sides, and the matrix rates a pattern for each: how data is processed (a mix of real-time and batch, of
stream only, of batch only), how the company is made (one domain, or several), and how complex the work is. The mix follows from
the workloads: the freshest says how much of it is real-time, those of an hour or more say how much is batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from headrace.architect.claims import Claim
from headrace.architect.framework import CHARACTERISTICS, MATRIX, PATTERNS, SCALE, WORDS, Characteristic, Pattern
from headrace.architect.needs import Needs, Use, duration

SIDES: dict[str, float] = {"processing": 0.5, "organisation": 0.3, "complexity": 0.2}
"""How much each side counts. The framework gives none; processing is what it names its matrix after."""

SIDE_OF: dict[Characteristic, str] = {
    "real_time_and_batch": "processing",
    "stream_only": "processing",
    "batch_only": "processing",
    "multiple_domains": "organisation",
    "single_domain": "organisation",
    "high_complexity": "complexity",
}
REAL_TIME = ((60.0, 1.0), (900.0, 0.6), (3_599.0, 0.3))
"""An answer that may be as old as so many seconds is real-time to such a degree; what is older is batch."""

COMPLEX = {"low": 0.0, "medium": 0.5, "high": 1.0}
MANY_DOMAINS = 5
FIRM, CLOSE = 0.5, 0.2


@dataclass(frozen=True)
class Mark:
    """What the matrix says of a pattern for one characteristic, and how much that counts here."""

    characteristic: Characteristic
    weight: float
    word: str
    remark: str
    score: int


@dataclass(frozen=True)
class PatternScore:
    """A pattern's mean over its marks, from 1 to 5."""

    pattern: Pattern
    score: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class WhatIf:
    """A change of the requirements, and the pattern that it leads to."""

    change: str
    pattern: Pattern


@dataclass(frozen=True)
class PatternChoice:
    """The decision.

    Attributes:
        weights: of each characteristic; they come to 1.
        scores: best first.
        firmness: ``firm``, ``fair`` or ``close``, by the lead over the next.
        what_if: changes of the requirements that were tried.
        flips: by pattern, the least shares of the three sides that would make it win, if any do.
    """

    weights: Mapping[Characteristic, float]
    scores: tuple[PatternScore, ...]
    firmness: str
    reasons: tuple[Claim, ...]
    rejected: Mapping[Pattern, Claim]
    what_if: tuple[WhatIf, ...]
    flips: Mapping[Pattern, Mapping[str, float] | None]

    @property
    def chosen(self) -> Pattern:
        return self.scores[0].pattern

    @property
    def lead(self) -> float:
        return self.scores[0].score - self.scores[1].score


def choose(needs: Needs) -> PatternChoice:
    """Score the four patterns."""
    weights = weigh(needs)
    scores = scored(weights)
    lead = scores[0].score - scores[1].score
    firmness = "firm" if lead >= FIRM else "close" if lead < CLOSE else "fair"
    return PatternChoice(
        weights=weights,
        scores=scores,
        firmness=firmness,
        reasons=_reasons(needs, scores[0]),
        rejected={each.pattern: _rejected(each, scores[0]) for each in scores[1:]},
        what_if=tuple(_what_ifs(needs)),
        flips={each.pattern: _flip(needs, each.pattern) for each in scores[1:]},
    )


def real_time(use: Use) -> float:
    """To what degree a workload is real-time, from 0 to 1."""
    return next((degree for seconds, degree in REAL_TIME if use.freshness <= seconds), 0.0)


def demands(needs: Needs) -> tuple[float, float]:
    """How much real-time and how much batch is wanted, each from 0 to 1."""
    degrees = [real_time(use) for use in needs.uses]
    return max(degrees), 1.0 if needs.restated or 0.0 in degrees else 0.0


def weigh(needs: Needs, sides: Mapping[str, float] = SIDES) -> dict[Characteristic, float]:
    """Return how much each characteristic counts; the weights come to 1."""
    live, batch = demands(needs)
    most = max(live, batch)
    both = min(live, batch) / most
    many = min(1.0, (len(needs.domains) - 1) / (MANY_DOMAINS - 1)) * (1.0 if needs.autonomous else 0.5)
    shares: dict[Characteristic, float] = {
        "real_time_and_batch": both,
        "stream_only": (1 - both) if live > batch else 0.0,
        "batch_only": (1 - both) if batch > live else 0.0,
        "multiple_domains": many,
        "single_domain": 1 - many,
        "high_complexity": COMPLEX[needs.complexity],
    }
    raw = {name: share * sides[SIDE_OF[name]] for name, share in shares.items()}
    total = sum(raw.values())
    return {name: weight / total for name, weight in raw.items()}


def scored(weights: Mapping[Characteristic, float]) -> tuple[PatternScore, ...]:
    """Score every pattern, best first; of equals the one that the framework names first."""
    found = []
    for pattern in get_args(Pattern):
        marks = tuple(
            Mark(name, weights[name], WORDS[letter], remark, SCALE[letter])
            for name in CHARACTERISTICS
            for letter, remark in [MATRIX[name][pattern]]
            if weights[name] > 0
        )
        found.append(PatternScore(pattern, sum(mark.weight * mark.score for mark in marks), marks))
    return tuple(sorted(found, key=lambda each: -round(each.score, 9)))


def _reasons(needs: Needs, best: PatternScore) -> tuple[Claim, ...]:
    main = max(best.marks, key=lambda mark: mark.weight)
    reasons = [
        Claim(
            f"{PATTERNS[best.pattern]} is rated {main.word} for {CHARACTERISTICS[main.characteristic]}, which counts most here "
            f"({main.weight:.0%} of the score); over all that counts it scores {best.score:.2f} of 5.",
            ("pattern",),
            given=_grounds(needs),
        )
    ]
    return (*reasons, *_WHEN[best.pattern](needs))


def _grounds(needs: Needs) -> tuple[str, ...]:
    freshest = f"workloads.{needs.freshest.need.name}.freshness"
    oldest = max(needs.uses, key=lambda use: (use.freshness, use.need.name))
    return tuple(dict.fromkeys((freshest, f"workloads.{oldest.need.name}.freshness", "domains", "complexity")))


def _lambda(needs: Needs) -> tuple[Claim, ...]:
    live, old = _ends(needs)
    return (
        *(() if live is old else (_two_promises(live, old),)),
        *(
            (
                Claim(
                    "Past records are corrected in bulk, so history has to be computed again from time to time, which the batch layer does.",
                    ("lambda",),
                    given=("history.restated",),
                ),
            )
            if needs.restated
            else ()
        ),
    )


def _two_promises(live: Use, old: Use) -> Claim:
    return Claim(
        f"Two promises of different kinds have to be kept: `{live.need.name}` within {duration(live.need.freshness)} and "
        f"`{old.need.name}` at {duration(old.need.freshness)}. The pattern is meant for that: a batch layer that is complete and accurate, "
        "a speed layer that is early, and one serving layer over both.",
        ("lambda",),
        given=(f"workloads.{live.need.name}", f"workloads.{old.need.name}"),
    )


def _kappa(needs: Needs) -> tuple[Claim, ...]:
    live = needs.freshest
    return (
        Claim(
            f"Everything is wanted while it is fresh (`{live.need.name}` within {duration(live.need.freshness)}), and nothing asks for a batch of its own: "
            "one code base over one stream serves it all, and what has to be computed again is replayed from the log.",
            ("kappa",),
            given=(f"workloads.{live.need.name}", "history.restated"),
        ),
    )


def _mesh(needs: Needs) -> tuple[Claim, ...]:
    return (
        Claim(
            f"{len(needs.domains)} domains ({', '.join(needs.domains)}) "
            + ("build and answer for their own data" if needs.autonomous else "have data of their own")
            + ": owned by domain, offered as products, on a platform that serves itself, under rules that hold for all.",
            ("mesh",),
            given=("domains", "autonomous_domains"),
        ),
    )


def _warehouse(needs: Needs) -> tuple[Claim, ...]:
    live = needs.freshest
    return (
        Claim(
            f"Nothing has to be fresher than {duration(live.need.freshness)} (`{live.need.name}`), so a stream would be run for nobody.",
            ("pattern",),
            given=(f"workloads.{live.need.name}.freshness",),
        ),
    )


_WHEN = {"lambda": _lambda, "kappa": _kappa, "mesh": _mesh, "warehouse": _warehouse}


def _ends(needs: Needs) -> tuple[Use, Use]:
    return needs.freshest, max(needs.uses, key=lambda use: (use.freshness, use.need.name))


def _rejected(each: PatternScore, best: PatternScore) -> Claim:
    """Say where a pattern loses most against the chosen one."""
    losses = [
        (mark.weight * (other.score - mark.score), mark) for mark, other in zip(each.marks, best.marks, strict=True)
    ]
    lost, mark = max(losses, key=lambda loss: loss[0])
    remark = f" ({mark.remark})" if mark.remark else ""
    return Claim(
        f"{PATTERNS[each.pattern]} scores {each.score:.2f}. It loses most, {lost:.2f}, for {CHARACTERISTICS[mark.characteristic]}, "
        f"where it is rated {mark.word}{remark}.",
        ("pattern", *((each.pattern,) if each.pattern != "warehouse" else ())),
    )


def _what_ifs(needs: Needs) -> list[WhatIf]:
    """Try the changes that a reviewer would ask about."""
    live = tuple(use for use in needs.uses if real_time(use) > 0)
    batch = tuple(use for use in needs.uses if real_time(use) == 0)
    tried: list[tuple[str, Needs]] = []
    if live and batch:
        tried.append(("no workload had to be fresher than an hour", replace(needs, uses=batch)))
        tried.append(
            (
                "no workload were served in batch, and nothing corrected in bulk",
                replace(needs, uses=live, restated=False),
            )
        )
    if not needs.restated:
        tried.append(("past records were corrected in bulk", replace(needs, restated=True)))
    for count, own in ((1, False), (3, True), (6, True)):
        if count != len(needs.domains):
            who = "one domain" if count == 1 else f"{count} domains with people of their own"
            domains = tuple(f"domain_{number}" for number in range(count))
            tried.append((f"there were {who}", replace(needs, domains=domains, autonomous=own)))
    tried += [
        (f"the transformations were of {degree} complexity", replace(needs, complexity=degree))
        for degree in ("low", "high")
        if degree != needs.complexity
    ]
    return [WhatIf(change, scored(weigh(changed))[0].pattern) for change, changed in tried]


def _flip(needs: Needs, rival: Pattern) -> dict[str, float] | None:
    """Find the shares of the three sides nearest to ours with which a pattern would win; tried in steps of 0.05."""
    steps = [n / 20 for n in range(21)]
    choices = [
        {"processing": p, "organisation": o, "complexity": 1 - p - o} for p in steps for o in steps if p + o <= 1 + 1e-9
    ]
    choices.sort(key=lambda sides: (sum(abs(sides[name] - share) for name, share in SIDES.items()), *sides.values()))
    for sides in choices:
        weights = {name: max(0.0, round(share, 9)) for name, share in sides.items()}
        if any(weights.values()) and _wins(needs, weights, rival):
            return weights
    return None


def _wins(needs: Needs, sides: Mapping[str, float], rival: Pattern) -> bool:
    if not sides["processing"] and not sides["organisation"] and needs.complexity == "low":
        return False
    return scored(weigh(needs, sides))[0].pattern == rival
