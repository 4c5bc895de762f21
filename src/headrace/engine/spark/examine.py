"""Whether Spark would do, before a node depends on it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from pathlib import Path

from headrace.engine.spark.failures import explained
from headrace.engine.spark.session import SparkPlace, open_session, stopped
from headrace.errors import EngineError

JOB_SECONDS = 60.0


def examine(place: SparkPlace, log: Path) -> str:
    """Start a session, have the workers do something, and look into the catalog of the state. Changes nothing.

    Raises:
        EngineError: HR-611, no session starts; HR-612; HR-613, no worker takes the job, or the catalog does not answer.
    """
    session = open_session(place, log)
    try:
        with explained("examining Spark"), ThreadPoolExecutor(1) as thread:
            job = thread.submit(lambda: session.range(0, 100, 1, 2).selectExpr("sum(id)").collect())
            try:
                job.result(JOB_SECONDS)
            except Late:
                session.sparkContext.cancelAllJobs()
                raise _idle(place) from None
            tables = session.sql(f"SHOW NAMESPACES IN `{place.name}`").count()
    finally:
        stopped(session)
    return f"workers work, {'state is there' if tables else 'no state yet'}"


def _idle(place: SparkPlace) -> EngineError:
    return EngineError(
        f"no worker of Spark at {place.master} took a job within {JOB_SECONDS:g} seconds",
        code="HR-613",
        state="nothing was changed",
        fix="see that workers run and have a core and the memory that is asked for free",
    )
