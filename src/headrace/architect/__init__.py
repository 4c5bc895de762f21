"""From requirements to a justified design."""

from __future__ import annotations

from headrace.architect.design import Design, design
from headrace.architect.knowledge import Knowledge, knowledge
from headrace.architect.read import read
from headrace.architect.requirements import Requirements
from headrace.architect.write import write

__all__ = ["Design", "Knowledge", "Requirements", "design", "knowledge", "read", "write"]
