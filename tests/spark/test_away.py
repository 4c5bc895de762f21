"""What is asked while the catalog of the state cannot be read fails with an error of ours, and answers again when it can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.failures import FAILED
from headrace.errors import EngineError
from tests.spark.test_exactly_once import SOURCE, programs

pytestmark = pytest.mark.xdist_group("spark")


def test_each_question_to_a_catalog_that_cannot_be_read_is_an_error_of_ours(
    empty: Any, warehouse: Path, tmp_path: Path
) -> None:
    engine = SparkEngine(empty)
    engine.install([SOURCE], programs(engine))
    questions: list[Callable[[], object]] = [engine.mark, engine.definitions, engine.sizes]
    answers = [ask() for ask in questions]
    there = warehouse.rename(tmp_path / "away")
    try:
        for ask in questions:
            with pytest.raises(EngineError) as caught:
                ask()
            assert caught.value.code in FAILED
        warehouse.write_text("no folder\n")
        with pytest.raises(EngineError):
            SparkEngine(empty)
    finally:
        warehouse.unlink(missing_ok=True)
        there.rename(warehouse)
    assert [ask() for ask in questions] == answers
    engine.close()
