"""What the fuzzer once found, kept for ever: each case in ``seeds/`` holds after each of its epochs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sampling import sampled

from .case import load
from .trial import tried

SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.yaml"))


@pytest.mark.parametrize("path", sampled(SEEDS, 2), ids=lambda path: path.stem)
def test_what_failed_once_holds(path: Path) -> None:
    case = load(path)
    verdict = tried(case)
    assert not verdict.faults
    assert list(verdict.programs) == list(case.models)
