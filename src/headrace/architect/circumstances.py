"""What holds for a design, so that controls and risks which are for such cases are taken up."""

from __future__ import annotations

from headrace.architect.framework import Pattern
from headrace.architect.needs import Needs
from headrace.architect.stack import Stack

TEAM_HOURS = 140.0
"""What an engineer has in a month beside holidays, illness and meetings."""

OPERATION_SHARE = 0.5
"""How much of its time a team can give to looking after the platform."""

INCREMENTAL = frozenset({"headrace", "headrace_on_spark", "headrace_recompute"})
"""What recomputes in batch from the same text that it keeps up to date."""


def circumstances(needs: Needs, pattern: Pattern, stack: Stack) -> frozenset[str]:
    """Return the names of all that holds."""
    parts = [part.chosen.technology for part in stack.parts.values()]
    skills = {skill for part in parts for skill in part.skills}
    found = {"always", pattern, *needs.held, *needs.regulation}
    if (
        pattern in ("lambda", "mesh")
        and stack.engine not in INCREMENTAL
        and stack.engine != "spark_structured_streaming"
    ):
        found.add("two_texts")
    if pattern != "warehouse":
        found.add("streaming")
    if stack.monthly_hours > capacity(needs):
        found.add("busy_team")
    if any(".records_per_second" in assumption.key for assumption in needs.assumptions):
        found.add("assumed_volumes")
    if any(part.kind == "proprietary" for part in parts):
        found.add("proprietary_part")
    if skills - set(needs.skills):
        found.add("missing_skill")
    return frozenset(found)


def capacity(needs: Needs) -> float:
    """Hours a month that the team can give to operation."""
    return needs.engineers * TEAM_HOURS * OPERATION_SHARE
