"""The framework that designs are argued from: its sections under both numberings, its matrices, its scale.

The brief names four sections; the published document ("Architecture & Design for Data Platform Projects") numbers them
differently. A citation names both, as in ``[§4.1 Lambda; brief 2.1]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pattern = Literal["lambda", "kappa", "mesh", "warehouse"]
Characteristic = Literal[
    "real_time_and_batch", "stream_only", "batch_only", "multiple_domains", "single_domain", "high_complexity"
]


@dataclass(frozen=True)
class Section:
    """A section of the framework.

    Attributes:
        mark: how text cites it, without the brackets.
        published: the heading in the published document, with its number.
        brief: the brief's name and number for it; empty where the brief names none.
    """

    mark: str
    published: str
    brief: str = ""

    @property
    def cited(self) -> str:
        """As it stands in a text: ``[§4.1 Lambda; brief 2.1]``."""
        return f"[§{self.mark}; brief {self.brief.split()[0]}]" if self.brief else f"[§{self.mark}]"


_PATTERNS = "2.1 Architectural Patterns Decision Framework"
_SELECTION = "2.2 Technology Selection Matrix"
_COMPONENTS = "3.1 Core Architectural Components"
_SECURITY = "4.1 Security Integration Patterns"

SECTIONS: dict[str, Section] = {
    "pattern": Section(
        "2 Pattern matrix",
        "§2 Architecture Decision Framework › Decision Matrix: Processing Architecture Pattern",
        _PATTERNS,
    ),
    "deployment": Section("2 Deployment", "§2 Architecture Decision Framework › deployment decision tree"),
    "scoring": Section(
        "2 Scoring", "§2 Architecture Decision Framework › Technology Selection Scoring Framework", _SELECTION
    ),
    "ingestion": Section("3.1 Ingestion", "§3.1 Component Selection Toolkit › data ingestion", _COMPONENTS),
    "storage": Section("3.2 Storage", "§3.2 Component Selection Toolkit › data storage", _COMPONENTS),
    "processing": Section("3.3 Processing", "§3.3 Component Selection Toolkit › data processing", _COMPONENTS),
    "lambda": Section("4.1 Lambda", "§4.1 Lambda Architecture", _PATTERNS),
    "kappa": Section("4.2 Kappa", "§4.2 Kappa Architecture", _PATTERNS),
    "mesh": Section("4.3 Data Mesh", "§4.3 Data Mesh Architecture", _PATTERNS),
    "adr": Section("5 Decision records", "§5 architecture documents › decision record"),
    "template": Section("5.2 Template", "§5.2 High-Level Architecture Template", _COMPONENTS),
    "nonfunctional": Section("5 Non-functional", "§5 architecture documents › non-functional requirements matrix"),
    "security": Section("6.1 Security", "§6.1 Security Architecture Template", _SECURITY),
    "compliance": Section("6.2 Compliance", "§6.2 compliance checklist", _SECURITY),
    "review": Section("7 Review", "§7 architecture review: checklists, gates, risks"),
    "scenarios": Section("8 Scenarios", "§8 worked scenarios"),
    "handoff": Section("10 Handoff", "§10 handoff package"),
    "practice": Section("11 Practice", "§11 compliance checks, three options, anti-patterns and success patterns"),
}
"""By key. Where the framework's own heading is not on record, a description stands in lower case."""

SCALE = {"E": 5, "G": 4, "C": 2, "P": 1}
"""The matrix's words as numbers: excellent, good, caution, poor. 3 is left for what the matrix does not rate."""

WORDS = {"E": "excellent", "G": "good", "C": "caution", "P": "poor"}

MATRIX: dict[Characteristic, dict[Pattern, tuple[str, str]]] = {
    "real_time_and_batch": {"lambda": ("E", ""), "kappa": ("C", "complex"), "mesh": ("G", ""), "warehouse": ("P", "")},
    "stream_only": {"lambda": ("C", "overkill"), "kappa": ("E", ""), "mesh": ("G", ""), "warehouse": ("P", "")},
    "batch_only": {"lambda": ("C", "overkill"), "kappa": ("P", ""), "mesh": ("G", ""), "warehouse": ("E", "")},
    "multiple_domains": {
        "lambda": ("C", "complex"),
        "kappa": ("C", "complex"),
        "mesh": ("E", ""),
        "warehouse": ("C", "monolithic"),
    },
    "single_domain": {"lambda": ("G", ""), "kappa": ("G", ""), "mesh": ("C", "overkill"), "warehouse": ("E", "")},
    "high_complexity": {
        "lambda": ("G", ""),
        "kappa": ("C", "challenging"),
        "mesh": ("E", ""),
        "warehouse": ("C", "limited"),
    },
}
"""What the framework says of each pattern for each characteristic of a use case, with its remark."""

CHARACTERISTICS: dict[Characteristic, str] = {
    "real_time_and_batch": "real-time and batch",
    "stream_only": "stream only",
    "batch_only": "batch only",
    "multiple_domains": "multiple domains",
    "single_domain": "single domain",
    "high_complexity": "high complexity",
}

PATTERNS: dict[Pattern, str] = {
    "lambda": "Lambda",
    "kappa": "Kappa",
    "mesh": "Data Mesh",
    "warehouse": "Traditional warehouse",
}

CRITERIA: dict[str, tuple[str, float, tuple[str, str, str]]] = {
    "technical_fit": ("Technical fit", 0.30, ("performance", "scalability", "reliability")),
    "operational_fit": ("Operational fit", 0.25, ("ease_of_use", "monitoring", "maintenance")),
    "strategic_fit": ("Strategic fit", 0.25, ("vendor_alignment", "skill_availability", "future_roadmap")),
    "cost_efficiency": ("Cost efficiency", 0.20, ("licensing_cost", "operational_cost", "total_cost")),
}
"""The framework's criteria: title, weight, and the factors that each is the mean of."""
