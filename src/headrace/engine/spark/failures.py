"""What Spark raises, as ours: an expression that fails on a value, or a cluster that does not do its work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.engine.spark.handed import OF_A_VALUE, OF_A_WORKER
from headrace.engine.spark.session import first_line
from headrace.errors import EngineError, HeadraceError

# Spark did not do what it was asked.
FAILED = frozenset({"HR-613", "HR-617"})
STATE = "nothing of it was kept; the last committed epoch stands"
_AWAY_AND_MAY_ANSWER = (
    "HR-613",
    "see that the master and a worker run, and that they reach S3 and the catalog; spark.log in the data directory says more",
)
_FAILED_OTHERWISE = (
    "HR-617",
    "mend what it says, of which spark.log in the data directory says more; then run again: it goes on where it stopped",
)
# What is said, by Java, Spark, S3's client and PostgreSQL's, when somebody is away or overloaded.
_AWAY = re.compile(
    "Connect(ion|Exception)|connect|Socket|NoRouteToHost|UnknownHost|[Tt]ime(d )?out|TimeoutException|[Bb]roken pipe|Unable to execute HTTP request"
    "|terminating|starting up|shutting down|shutdown|recovery mode|Status Code: 5|SlowDown|ServiceUnavailable|InternalError|Service Unavailable"
    "|ExecutorLost|ExecutorDead|executor (lost|exited|\\d+ )|[Ww]orker lost|FetchFailed|block \\S+ (of RDD )?not found|CommitStateUnknown"
    "|was cancelled|has been closed|EOFException|NoHttpResponse"
)
# A session's context that is stopped is not started again.
_ENDED = re.compile("stopped SparkContext|SparkContext was shut down")


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what Spark raises inside into an ``EngineError``.

    Raises:
        EngineError: HR-605, an expression fails on some values; HR-613, somebody does not answer, and may the next time; HR-615,
            the session's own process is gone, or it was stopped; HR-616, a worker lacks DuckDB; HR-617, it failed otherwise.
    """
    from py4j.protocol import Py4JError, Py4JNetworkError  # noqa: PLC0415 - an optional extra
    from pyspark.errors import (  # noqa: PLC0415
        ArithmeticException,
        DateTimeException,
        NumberFormatException,
        PySparkException,
    )

    try:
        yield
    except HeadraceError:
        raise
    except (Py4JNetworkError, ConnectionError) as error:
        raise _session_ended(first_line(error), doing) from error
    except (PySparkException, Py4JError) as error:
        try:
            text = str(error).strip() or type(error).__name__  # Java is asked for it
        except (Py4JError, ConnectionError) as gone:
            raise _session_ended(first_line(gone), doing) from error
        if isinstance(error, ArithmeticException | DateTimeException | NumberFormatException):
            raise _of_a_value(text.splitlines()[0], doing) from error
        raise _failed(text, doing) from error


def _failed(text: str, doing: str) -> EngineError:
    """What it is, from all that is said of it."""
    if (value := _told(text, OF_A_VALUE)) is not None:
        return _of_a_value(value, doing)
    if (worker := _told(text, OF_A_WORKER)) is not None:
        return EngineError(
            f"the Python of a worker of Spark's cannot compute what Spark has no words for: {worker} (while {doing})",
            code="HR-616",
            state=STATE,
            fix="install that DuckDB for the Python of every worker, or name another with `spark.pyspark.python` among the engine's settings",
        )
    if _says(text, _ENDED):
        return _session_ended(_reason(text), doing)
    code, fix = _AWAY_AND_MAY_ANSWER if _says(text, _AWAY) else _FAILED_OTHERWISE
    return EngineError(f"Spark failed while {doing} ({_reason(text)})", code=code, state=STATE, fix=fix)


def _session_ended(why: str, doing: str) -> EngineError:
    return EngineError(
        f"Spark's session ended while {doing} ({why})",
        code="HR-615",
        state=STATE,
        fix="see spark.log in the data directory for why it ended, such as too little memory of its Java process; then run again: it goes on where it stopped",
    )


def _says(text: str, what: re.Pattern[str]) -> bool:
    """Whether one of the causes says so; where in whose code it came up says nothing."""
    return any(what.search(line) for line in text.splitlines() if not line.lstrip().startswith("at "))


def _of_a_value(why: str, doing: str) -> EngineError:
    return EngineError(
        f"{why} (while {doing})",
        code="HR-605",
        state=STATE,
        fix="correct the expression that fails on these values, for instance with TRY_CAST, then run again",
    )


def _told(text: str, mark: str) -> str | None:
    """What a worker says behind the mark."""
    found = re.search(re.escape(mark) + "(.*)", text)
    return found[1].strip() if found else None


def _reason(text: str) -> str:
    """The first line of the innermost cause: Spark wraps it several times, and py4j says first only which call of its own failed."""
    lines = text.splitlines()
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling "):
        lines = [lines[1].removeprefix(": "), *lines[2:]]
    causes = [line.strip().removeprefix("Caused by: ") for line in lines if line.strip().startswith("Caused by: ")]
    return (causes or lines)[-1 if causes else 0][:300]
