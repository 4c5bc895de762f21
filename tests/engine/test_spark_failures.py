"""What Spark raises, in words that help."""

from __future__ import annotations

from typing import Any, cast

import pytest

from headrace.engine.spark.failures import explained
from headrace.engine.spark.session import stopped
from headrace.errors import EngineError
from headrace.runtime.services import SILENT


def ours(said: str) -> EngineError:
    protocol = pytest.importorskip("py4j.protocol")
    with pytest.raises(EngineError) as caught, explained("counting"):
        raise protocol.Py4JError(said)
    return caught.value


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "An error occurred while calling o355.count.\n: org.x.E: block rdd_90_1 not found!\n\tat a.b",
            "org.x.E: block rdd_90_1 not found!",
        ),
        ("An error occurred while calling o1.sql.\n: org.x.E: no\nCaused by: org.x.F: refused", "org.x.F: refused"),
        ("one line", "one line"),
    ],
)
def test_the_reason_is_told_and_not_which_call_met_it(said: str, told: str) -> None:
    assert ours(said).what == f"Spark failed while counting ({told})"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("org.x.E: Connection refused", "HR-613"),
        ("org.x.E: no\nCaused by: java.net.SocketTimeoutException: Read timed out", "HR-613"),
        ("org.x.E: Checkpoint block rdd_90_1 not found!", "HR-613"),
        ("software.amazon.S3Exception: Please reduce your rate. (Service: S3, Status Code: 503)", "HR-613"),
        ("org.x.E: ExecutorLostFailure (executor 1 exited caused by one of the running tasks)", "HR-613"),
        ("org.postgresql.PSQLException: FATAL: terminating connection due to administrator command", "HR-613"),
        ("org.apache.iceberg.exceptions.RESTException: Unable to process (code: 404, type: null)", "HR-617"),
        ("org.x.E: no\n\tat org.apache.http.ConnectTimeout.run", "HR-617"),
        ("java.lang.OutOfMemoryError: Java heap space", "HR-617"),
    ],
)
def test_who_is_away_is_told_from_what_fails(said: str, code: str) -> None:
    assert ours(said).code == code


def test_a_session_that_is_stopped_is_not_waited_for() -> None:
    error = ours("java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.\n\tat a.b")
    assert error.code == "HR-615"
    assert error.code not in SILENT


def test_a_java_process_that_dies_while_it_is_asked_why_is_gone() -> None:
    protocol = pytest.importorskip("py4j.protocol")

    class Unasked(protocol.Py4JError):  # type: ignore[misc, name-defined]
        def __str__(self) -> str:
            raise protocol.Py4JNetworkError("Answer from Java side is empty")

    with pytest.raises(EngineError, match="Answer from Java side is empty") as caught, explained("counting"):
        raise Unasked
    assert caught.value.code == "HR-615"


def test_ending_a_session_whose_java_process_is_gone_does_nothing() -> None:
    protocol = pytest.importorskip("py4j.protocol")

    class Session:
        def stop(self) -> None:
            raise protocol.Py4JNetworkError("An error occurred while trying to connect to the Java server")

    stopped(cast("Any", Session()))
