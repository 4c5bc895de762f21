"""Generated queries on Spark: what it keeps is what DuckDB keeps, and what a recompute gives.

``python -m tests.spark --queries 300`` does it with as many as are asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.spark.generated import outcome

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(900)]
PROJECTS = 1


@pytest.mark.parametrize("seed", range(PROJECTS))
def test_what_spark_keeps_is_what_duckdb_keeps(seed: int, empty: Any, tmp_path: Path) -> None:
    found = outcome(seed, empty, tmp_path)
    assert found.kept
    assert not found.wrong
