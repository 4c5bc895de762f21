"""Where the framework's tree leads, leaf by leaf."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.architect.deployment import deploy
from headrace.architect.requirements import Requirements

from .scenarios import needing

SENSITIVE = "How sensitive is the data?"
STRICT = "How strict is regulation?"
STRATEGY = "What is the cloud strategy?"
SEVERAL = "Are several clouds needed?"

FIRST = {"strategy": "cloud_first", "provider": "aws"}
SEVERAL_CLOUDS = {**FIRST, "multi_cloud": True}
NEUTRAL = {"strategy": "cloud_neutral"}
OWN = {"strategy": "on_premises"}

LEAVES: list[tuple[str, str | None, dict[str, Any] | None, str, str, dict[str, str]]] = [
    ("high", "strict", FIRST, "on_premises", "own", {SENSITIVE: "high", STRICT: "strict"}),
    ("high", "strict", SEVERAL_CLOUDS, "on_premises", "own", {SENSITIVE: "high", STRICT: "strict"}),
    ("high", "strict", NEUTRAL, "on_premises", "own", {SENSITIVE: "high", STRICT: "strict"}),
    ("high", "moderate", FIRST, "hybrid", "aws", {SENSITIVE: "high", STRICT: "moderate"}),
    ("high", "moderate", NEUTRAL, "hybrid", "own", {SENSITIVE: "high", STRICT: "moderate"}),
    ("high", None, None, "hybrid", "own", {SENSITIVE: "high", STRICT: "moderate"}),
    *(
        leaf
        for sensitivity in ("medium", "low")
        for leaf in (
            (
                sensitivity,
                "moderate",
                SEVERAL_CLOUDS,
                "multi_cloud",
                "aws",
                {SENSITIVE: sensitivity, STRATEGY: "cloud-first", SEVERAL: "yes"},
            ),
            (
                sensitivity,
                "moderate",
                FIRST,
                "provider",
                "aws",
                {SENSITIVE: sensitivity, STRATEGY: "cloud-first", SEVERAL: "no"},
            ),
            (sensitivity, "moderate", NEUTRAL, "hybrid", "own", {SENSITIVE: sensitivity, STRATEGY: "cloud-neutral"}),
            (sensitivity, None, None, "hybrid", "own", {SENSITIVE: sensitivity, STRATEGY: "cloud-neutral"}),
            # The tree asks for strict regulation of sensitive data only.
            (
                sensitivity,
                "strict",
                FIRST,
                "provider",
                "aws",
                {SENSITIVE: sensitivity, STRATEGY: "cloud-first", SEVERAL: "no"},
            ),
            # And knows no company that wants its own machines, which is heard all the same.
            (sensitivity, "moderate", OWN, "on_premises", "own", {SENSITIVE: sensitivity, STRATEGY: "on-premises"}),
        )
    ),
]


@pytest.mark.parametrize(("sensitivity", "strictness", "cloud", "model", "provider", "steps"), LEAVES)
def test_a_leaf_of_the_tree(
    sensitivity: str,
    strictness: str | None,
    cloud: dict[str, Any] | None,
    model: str,
    provider: str,
    steps: dict[str, str],
) -> None:
    found = deploy(needing("report 1 day", sensitivity=sensitivity, strictness=strictness, cloud=cloud))
    assert (found.model, found.provider) == (model, provider)
    assert {step.question: step.answer for step in found.steps} == steps


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp"])
def test_the_providers_machines_are_priced_unless_the_company_has_its_own(provider: str) -> None:
    cloud = {"strategy": "cloud_first", "provider": provider}
    assert deploy(needing("report 1 day", cloud=cloud)).provider == provider
    assert deploy(needing("report 1 day", cloud={**cloud, "strategy": "cloud_neutral"})).provider == provider
    assert deploy(needing("report 1 day", cloud={**cloud, "strategy": "on_premises"})).provider == "own"


def test_the_way_is_told_with_what_it_rests_on() -> None:
    found = deploy(needing("report 1 day", sensitivity="low", cloud=FIRST))
    assert found.reason.sections == ("deployment",)
    assert found.reason.given == ("sensitivity", "cloud.strategy", "cloud.multi_cloud")
    assert {key.split(".")[0] for key in found.reason.given} <= Requirements.model_fields.keys()
    assert "one provider's cloud" in found.reason.text
    assert "AWS" in found.reason.text
