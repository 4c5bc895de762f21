"""What CI tries in full and a user in part: more of the same random, generated or long, of which each kind has a few in any run.

``CI=true make test`` tries all of it, and wants every service, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

import pytest

T = TypeVar("T")
CI = os.environ.get("CI") == "true"


def sampled(cases: Iterable[T], every: int) -> list[T]:
    """All cases in CI; for a user the first of each so many."""
    found = list(cases)
    return found if CI else found[::every]


LONG = "long, and CI runs it: CI=true make test, with every service there"
in_ci = pytest.mark.skipif(not CI, reason=LONG)
"""Marks what takes long and is another case of something that every run has."""
