"""A project whose models Spark keeps, on a master and two workers, with state on S3: the same rows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from services.process import is_open
from services.spark import MASTER

from headrace.engine.spark.jars import JARS
from headrace.engine.spark.session import missing
from tests.services import missing_service

from .test_on_services import comes_out_alike

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(1500)]


def need_spark() -> None:
    """Go on if there is a Spark master."""
    if why := missing(JARS):
        missing_service(f"Spark cannot run: {why}; in a checkout, make cluster")
    if not is_open(MASTER):
        missing_service(f"no Spark master at 127.0.0.1:{MASTER}: in a checkout, make cluster")


MONTHS = int(os.environ.get("HEADRACE_MONTHS", "2"))
"""Of flights: HEADRACE_MONTHS=12 is the year, which takes seven minutes."""


def test_flights_come_out_as_in_one_process(tmp_path: Path) -> None:
    """Every model of the example, kept by Spark, against those that DuckDB keeps; and by Spark's own recompute."""
    need_spark()
    comes_out_alike(tmp_path / "flights", "spark", seconds=900, months=MONTHS)
