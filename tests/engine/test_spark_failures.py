"""What Spark raises, in words that help."""

from __future__ import annotations

import pytest

from headrace.engine.spark.failures import explained
from headrace.errors import EngineError


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
