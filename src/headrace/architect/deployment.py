"""Where the platform runs: the framework's decision tree, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headrace.architect.claims import Claim
from headrace.architect.needs import Needs

Model = Literal["on_premises", "hybrid", "multi_cloud", "provider"]

MODELS: dict[Model, str] = {
    "on_premises": "on-premises or private cloud",
    "hybrid": "hybrid cloud",
    "multi_cloud": "several clouds",
    "provider": "one provider's cloud",
}
PROVIDER_NAMES = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "own": "machines of its own or rented ones"}


@dataclass(frozen=True)
class Step:
    """A question of the tree and how it was answered."""

    question: str
    answer: str
    given: str


@dataclass(frozen=True)
class Deployment:
    """Where the way through the tree leads.

    Attributes:
        provider: whose machines are priced: a cloud's, or `own`.
    """

    model: Model
    provider: str
    steps: tuple[Step, ...]
    reason: Claim


def deploy(needs: Needs) -> Deployment:
    """Walk the tree."""
    steps = [Step("How sensitive is the data?", needs.sensitivity, "sensitivity")]
    if (
        needs.cloud.strategy == "on_premises"
    ):  # the tree knows no such strategy; to leave the machines that a company insists on is not ours
        steps.append(Step("What is the cloud strategy?", "on-premises", "cloud.strategy"))
        model: Model = "on_premises"
    elif needs.sensitivity == "high":
        steps.append(Step("How strict is regulation?", "strict" if needs.strict else "moderate", "strictness"))
        model = "on_premises" if needs.strict else "hybrid"
    else:
        steps.append(Step("What is the cloud strategy?", needs.cloud.strategy.replace("_", "-"), "cloud.strategy"))
        model = _by_strategy(needs, steps)
    provider = "own" if model == "on_premises" or needs.cloud.provider is None else needs.cloud.provider
    return Deployment(model, provider, tuple(steps), _reason(model, provider, steps))


def _by_strategy(needs: Needs, steps: list[Step]) -> Model:
    if needs.cloud.strategy == "cloud_neutral":
        return "hybrid"
    steps.append(Step("Are several clouds needed?", "yes" if needs.cloud.multi_cloud else "no", "cloud.multi_cloud"))
    return "multi_cloud" if needs.cloud.multi_cloud else "provider"


def _reason(model: Model, provider: str, steps: list[Step]) -> Claim:
    way = "; ".join(f"{step.question.rstrip('?').lower()}: {step.answer}" for step in steps)
    return Claim(
        f"The tree leads to {MODELS[model]} ({way}). Costs are those of {PROVIDER_NAMES[provider]}.",
        ("deployment",),
        given=tuple(step.given for step in steps),
    )
