"""Every line of docs/guarantees.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_line_names_a_test_that_exists() -> None:
    lines = [line for line in (ROOT / "docs" / "guarantees.md").read_text().splitlines() if line.startswith("| ")][2:]
    assert len(lines) >= 10
    for line in lines:
        named = re.findall(r"`(tests/[^`]+)`", line)
        assert named, line
        for name in named:
            path, _, test = name.partition("::")
            assert (ROOT / path).exists(), name
            assert not test or f"def {test}(" in (ROOT / path).read_text(), name
