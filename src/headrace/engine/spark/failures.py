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
    "|stopped SparkContext|was cancelled|has been closed|EOFException|NoHttpResponse"
)


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what Spark raises inside into an ``EngineError``.

    Raises:
        EngineError: HR-605, an expression fails on some values; HR-613, somebody does not answer, and may the next time; HR-615,
            the session's own process is gone; HR-616, a worker lacks DuckDB; HR-617, it failed otherwise.
    """
    from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError  # noqa: PLC0415 - an optional extra
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
    except (ArithmeticException, DateTimeException, NumberFormatException) as error:
        raise _of_a_value(first_line(error), doing) from error
    except (Py4JNetworkError, ConnectionError) as error:
        raise EngineError(
            f"Spark's session ended while {doing} ({first_line(error)})",
            code="HR-615",
            state=STATE,
            fix="see spark.log in the data directory for why its Java process ended, such as too little memory; then run again: it goes on where it stopped",
        ) from error
    except (PySparkException, Py4JJavaError, Py4JError) as error:
        if (value := _told(error, OF_A_VALUE)) is not None:
            raise _of_a_value(value, doing) from error
        if (worker := _told(error, OF_A_WORKER)) is not None:
            raise EngineError(
                f"the Python of a worker of Spark's cannot compute what Spark has no words for: {worker} (while {doing})",
                code="HR-616",
                state=STATE,
                fix="install that DuckDB for the Python of every worker, or name another with `spark.pyspark.python` among the engine's settings",
            ) from error
        code, fix = _AWAY_AND_MAY_ANSWER if _is_away(error) else _FAILED_OTHERWISE
        raise EngineError(f"Spark failed while {doing} ({_reason(error)})", code=code, state=STATE, fix=fix) from error


def _is_away(error: Exception) -> bool:
    """Whether one of its causes says so; where in whose code it came up says nothing."""
    return any(_AWAY.search(line) for line in str(error).splitlines() if not line.lstrip().startswith("at "))


def _of_a_value(why: str, doing: str) -> EngineError:
    return EngineError(
        f"{why} (while {doing})",
        code="HR-605",
        state=STATE,
        fix="correct the expression that fails on these values, for instance with TRY_CAST, then run again",
    )


def _told(error: Exception, mark: str) -> str | None:
    """What a worker says behind the mark."""
    found = re.search(re.escape(mark) + "(.*)", str(error))
    return found[1].strip() if found else None


def _reason(error: Exception) -> str:
    """The first line of the innermost cause: Spark wraps it several times, and py4j says first only which call of its own failed."""
    lines = str(error).strip().splitlines()
    if len(lines) > 1 and lines[0].startswith("An error occurred while calling "):
        lines = [lines[1].removeprefix(": "), *lines[2:]]
    causes = [line.strip().removeprefix("Caused by: ") for line in lines if line.strip().startswith("Caused by: ")]
    return (causes or lines or [type(error).__name__])[-1 if causes else 0][:300]
