"""TPC-H's queries kept by Spark, under the standard's refreshes, against plain tables and against Spark's own recompute.

``python -m tests.tpch --spark --sf 0.1`` does it with any size and any number of refreshes.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from headrace.engine.spark.engine import SparkEngine
from tests.tpch.data import queries
from tests.tpch.kept import Kept
from tests.tpch.plain import PlainTables
from tests.tpch.refresh import Form, Refreshes

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(1500)]
SCALE, SHARE = 0.01, 0.01


def test_kept_equals_plain(empty: Any) -> None:
    with closing(PlainTables(SCALE)) as plain:
        kept = Kept(SparkEngine(empty), plain, Form.KEYED)
        kept.install(queries())
        stream = Refreshes(plain, Form.KEYED, seed=1)
        kept.take(stream.load(epochs=1))
        assert all(kept.content(name) for name in queries())
        assert len(kept.take(stream.refresh(SHARE, epochs=1, updates=False))) > len(queries()) / 2
        assert not kept.wrong()
        kept.engine.close()
