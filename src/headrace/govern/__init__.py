"""What domains may read, what they promise, and the policies of the whole project: checks of what is declared against what is there."""

from headrace.govern.check import violations
from headrace.govern.contracts import Contract, changed_without_version, contracts
from headrace.govern.facts import Compiled, Shown
from headrace.govern.health import Health, Standing, health
from headrace.govern.personal import policies as personal_policies
from headrace.govern.reach import Reach, reach

__all__ = [
    "Compiled",
    "Contract",
    "Health",
    "Reach",
    "Shown",
    "Standing",
    "changed_without_version",
    "contracts",
    "health",
    "personal_policies",
    "reach",
    "violations",
]
