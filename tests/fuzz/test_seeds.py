"""What the fuzzer once found, kept for ever: each case in ``seeds/`` holds after each of its epochs."""

from __future__ import annotations

from pathlib import Path

import pytest

from .case import load
from .open_defects import OPEN
from .trial import tried

SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.yaml"))


def _parameter(path: Path) -> object:
    marks = [pytest.mark.xfail(reason="known, and not mended yet")] if path.stem in OPEN else []
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("path", [_parameter(path) for path in SEEDS])
def test_what_failed_once_holds(path: Path) -> None:
    case = load(path)
    verdict = tried(case)
    assert not verdict.faults
    assert list(verdict.programs) == list(case.models)


def test_every_open_defect_has_a_seed() -> None:
    assert set(OPEN) <= {path.stem for path in SEEDS}
