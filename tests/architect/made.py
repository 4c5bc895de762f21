"""Technologies and prices made up for tests, so that their scores and bills can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from headrace.architect.knowledge import Component, Fits, Judged, Knowledge, Price, Technology, knowledge

SOURCED = {"source": "made up", "url": "https://example.org/prices", "date": "2026-01-31"}


def technology(score: int = 3, ratings: dict[str, int] | None = None, **said: Any) -> Technology:
    """An open-source technology that costs nothing and is rated `score` for every factor but those of `ratings`."""
    scores = {**dict.fromkeys(get_args(Judged), score), **(ratings or {})}
    plain = {
        "title": "Made up",
        "licence": "Apache-2.0",
        "kind": "open_source",
        "summary": "Made up for a test.",
        "headrace": "beside",
        "latency_seconds": 0.0,
        "skills": [],
        "ratings": {factor: {"score": given, "why": "So."} for factor, given in scores.items()},
        "strengths": ["is made up"],
        "weaknesses": ["is made up"],
        "items": [],
        "labour": {"setup_hours": 0, "monthly_hours": 0, "why": "None is taken."},
    }
    return Technology.model_validate({**plain, **said})


def proprietary(score: int = 3, ratings: dict[str, int] | None = None, **said: Any) -> Technology:
    """The same under a licence of its vendor's."""
    return technology(score, ratings, **{"licence": "proprietary", "kind": "proprietary", **said})


def price(amount: float, unit: str) -> Price:
    return Price.model_validate({"amount": amount, "unit": unit, "what": "Made up.", **SOURCED})


def known(
    technologies: Mapping[Component, Mapping[str, Technology]], prices: Mapping[str, Price] | None = None, **fits: Any
) -> Knowledge:
    """The knowledge base with no technologies and prices but these; an hour's wage is 100 dollars, a euro 1.25 dollars."""
    return knowledge().model_copy(
        update={
            "prices": {"labour_hour": price(100, "hour"), "usd_per_eur": price(1.25, "month"), **(prices or {})},
            "technologies": technologies,
            "fits": Fits.model_validate({"only_with": {}, "reads": {}, "serves": {}, **fits}),
        }
    )
