"""Times.

| DuckDB | Spark | |
| --- | --- | --- |
| `ts + INTERVAL 90 MINUTE` | `ts + INTERVAL '5400.000000' SECOND` | a DATE becomes a TIMESTAMP first |
| `ts + INTERVAL 2 MONTH` | the same | the last day of a shorter month |
| `time_bucket(w, ts[, origin])` | by microseconds from 2000-01-03 or `origin` | of fixed length |
| `generate_series(a, b, step)` of TIMESTAMP | `sequence`, or none where `a > b` | Spark fails there |
| `date_trunc(part, ts)` | cast back to TIMESTAMP | Spark gives a TIMESTAMPTZ |
| `date_diff(part, a, b)` | by whole microseconds | of parts of fixed length, to a DAY |
| `dayofweek`, `isodow` | `dayofweek`, `weekday` | Sunday is 0 and 7, in Spark 1 and 6 |
| `dayname`, `monthname` | `date_format`, `EEEE` and `MMMM` | in English |
| `year(ts)`, `extract(hour FROM ts)`, … | as BIGINT | weeks by ISO 8601 |
| `strftime(ts, '%Y-%m-%d %H:%M:%S')` | its parts, each padded | of these codes, over DATE and TIMESTAMP |

DuckDB computes what has an INTERVAL within it. Refused: INTERVAL as the value of a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark.kinds import INTEGERS, TIMES, T, parsed, spark_type
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, call, cast, number

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

_MICROSECONDS = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
    "WEEK": 7 * 86_400_000_000,
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
# A Monday: what buckets of days and less are counted from.
_ORIGIN = "2000-01-03"
_PARTS = {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}
_NAMED: Mapping[type[exp.Expr], str] = {
    getattr(exp, name): name.upper() for name in ("Year", "Quarter", "Month", "Week", "Day", "Hour", "Minute", "Second")
}


def shifted(node: exp.Expr, write: Writer) -> exp.Expr:
    """A time and an interval of fixed length."""
    kind = write.kind(node)
    if write.kind(node.this).this not in TIMES or kind.this not in TIMES:
        raise Unfaithful(node.sql("duckdb"))
    return type(node)(this=write.as_kind(node.this, kind), expression=_interval(node.expression))


def _interval(node: exp.Expr) -> exp.Expr:
    count, unit = _counted(node)
    if unit in _MONTHS:
        return exp.Interval(this=exp.Literal.string(str(count * _MONTHS[unit])), unit=exp.Var(this="MONTH"))
    # No unit of Spark's is left to mean a length of its own.
    seconds = f"{'-' * (count < 0)}{abs(count) * _MICROSECONDS[unit] // 1_000_000}.{abs(count) * _MICROSECONDS[unit] % 1_000_000:06d}"
    return exp.Interval(this=exp.Literal.string(seconds), unit=exp.Var(this="SECOND"))


def _counted(node: exp.Expr) -> tuple[int, str]:
    """How many of which unit."""
    unit = node.args.get("unit")
    name = unit.name.upper().removesuffix("S") if isinstance(unit, exp.Var) else ""
    value = node.this
    if not isinstance(node, exp.Interval) or not isinstance(value, exp.Literal) or name not in _MICROSECONDS | _MONTHS:
        raise Unfaithful(f"the interval {node.sql('duckdb')}")
    try:
        return int(value.name), name
    except ValueError:
        raise Unfaithful(f"the interval {node.sql('duckdb')}") from None


def _microseconds(node: exp.Expr) -> int:
    count, unit = _counted(node)
    if unit in _MONTHS or count <= 0:
        raise Unfaithful(f"a step or bucket of {node.sql('duckdb')}")
    return count * _MICROSECONDS[unit]


def _bucket(node: exp.Expr, write: Writer) -> exp.Expr:
    kind, width = write.kind(node), _microseconds(node.this)
    if kind.this not in {T.TIMESTAMPNTZ, T.TIMESTAMPTZ} or write.kind(node.expression).this is not kind.this:
        raise Unfaithful(f"{node.sql('duckdb')}, which is no TIMESTAMP,")
    at = call("unix_micros", cast(write(node.expression), spark_type(parsed("TIMESTAMPTZ"))))
    past = call("pmod", exp.Sub(this=at, expression=number(_origin(node))), number(width))
    return write.made(call("timestamp_micros", exp.Sub(this=at.copy(), expression=past)), node)


def _origin(node: exp.Expr) -> int:
    # sqlglot has the third argument under this name.
    given = node.args.get("unit")
    value = given.this if isinstance(given, exp.Cast) else given
    if given is not None and not (isinstance(value, exp.Literal) and value.is_string):
        raise Unfaithful(f"a bucket from {given.sql('duckdb')}")
    text = _ORIGIN if value is None else value.name
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unfaithful(f"a bucket from '{text}'") from None
    if moment.tzinfo is not None:
        raise Unfaithful(f"a bucket from '{text}'")
    return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def series(node: exp.Expr, write: Writer) -> exp.Expr:
    """A list of numbers or times."""
    start, end, step = node.args.get("start"), node.args["end"], node.args.get("step")
    first = number(0) if start is None else write(start)
    kind = write.kind(end)
    if isinstance(step, exp.Interval):
        if (
            start is None
            or {write.kind(start).this, kind.this} != {T.TIMESTAMPNTZ}
            or node.args.get("is_end_exclusive")
        ):
            raise Unfaithful(node.sql("duckdb"))
        _microseconds(step)
        return _sequence(first, write(end), _interval(step))
    if kind.this not in INTEGERS or step is not None or (start is not None and write.kind(start).this not in INTEGERS):
        raise Unfaithful(node.sql("duckdb"))
    last = cast(write(end), "BIGINT")
    return _sequence(
        cast(first, "BIGINT"),
        exp.Sub(this=last, expression=number(1)) if node.args.get("is_end_exclusive") else last,
        None,
    )


def _sequence(first: exp.Expr, last: exp.Expr, step: exp.Expr | None) -> exp.Expr:
    steps = call("sequence", first, last, step if step is not None else cast(number(1), "BIGINT"))
    upwards = exp.LTE(this=first.copy(), expression=exp.paren(last.copy()))
    # NULL gives no rows as an empty list does; a list is only ever unnested.
    return exp.Case(ifs=[exp.If(this=upwards, true=steps)])


def _truncated(node: exp.Expr, write: Writer) -> exp.Expr:
    unit = node.args["unit"].name.upper()
    if unit not in _PARTS or write.kind(node.this).this not in TIMES or node.args.get("zone") is not None:
        raise Unfaithful(node.sql("duckdb"))
    return write.made(call("date_trunc", exp.Literal.string(unit), write(node.this)), node)


def _extracted(node: exp.Expr, write: Writer) -> exp.Expr:
    return _part(node.this.name.upper(), node.expression, node, write)


def _called(node: exp.Expr, write: Writer) -> exp.Expr:
    return _part(_NAMED[type(node)], node.this, node, write)


def _part(name: str, value: exp.Expr, node: exp.Expr, write: Writer) -> exp.Expr:
    if name not in _PARTS or write.kind(value).this not in TIMES:
        raise Unfaithful(node.sql("duckdb"))
    at = write.as_kind(value, parsed("TIMESTAMP"))
    return write.made(call("date_part", exp.Literal.string(name), at), node)


def _day_of_week(node: exp.Expr, write: Writer) -> exp.Expr:
    if write.kind(node.this).this not in TIMES:
        raise Unfaithful(node.sql("duckdb"))
    return write.made(exp.Sub(this=call("dayofweek", write(node.this)), expression=number(1)), node)


def _iso_day_of_week(node: exp.Expr, write: Writer) -> exp.Expr:
    if write.kind(node.this).this not in TIMES:
        raise Unfaithful(node.sql("duckdb"))
    return write.made(exp.Add(this=call("weekday", write(node.this)), expression=number(1)), node)


def _day_name(node: exp.Expr, write: Writer) -> exp.Expr:
    if write.kind(node.this).this not in TIMES:
        raise Unfaithful(node.sql("duckdb"))
    pattern = "EEEE" if isinstance(node, exp.Dayname) else "MMMM"
    return write.made(
        call("date_format", write.as_kind(node.this, parsed("TIMESTAMP")), exp.Literal.string(pattern)), node
    )


def _difference(node: exp.Expr, write: Writer) -> exp.Expr:
    """How many boundaries of a unit lie between two times."""
    unit = node.args["unit"].name.upper()
    kinds = {write.kind(value).this for value in (node.this, node.expression)}
    if unit not in _MICROSECONDS.keys() - {"WEEK"} or len(kinds) != 1 or not kinds <= TIMES:
        raise Unfaithful(node.sql("duckdb"))
    later, earlier = (_floor(value, _MICROSECONDS[unit], write) for value in (node.this, node.expression))
    between = exp.paren(exp.Sub(this=later, expression=earlier))
    return write.made(exp.IntDiv(this=between, expression=number(_MICROSECONDS[unit])), node)


def _floor(value: exp.Expr, width: int, write: Writer) -> exp.Expr:
    """A time in microseconds, without what is beyond a multiple of ``width``."""
    at = call("unix_micros", cast(write(value), spark_type(parsed("TIMESTAMPTZ"))))
    return exp.paren(exp.Sub(this=at, expression=call("pmod", at.copy(), number(width))))


def _logical(node: exp.Expr, _: Writer) -> exp.Expr:
    return node.copy()


_CODES = {"Y": "year", "m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second"}


def _formatted(node: exp.Expr, write: Writer) -> exp.Expr:
    pattern = node.args["format"]
    if write.kind(node.this).this not in TIMES - {T.TIMESTAMPTZ} or not pattern.is_string:
        raise Unfaithful(node.sql("duckdb"))
    parts = re.split("(%.)", pattern.name)
    if any(part[1:] not in _CODES for part in parts[1::2]) or "%" in "".join(parts[::2]):
        raise Unfaithful(f"{node.sql('duckdb')}, of other codes than {' '.join('%' + code for code in _CODES)},")
    moment = write(node.this)
    texts = [_padded(part[1:], moment) if n % 2 else exp.Literal.string(part) for n, part in enumerate(parts) if part]
    return call("concat", *texts)


def _padded(code: str, moment: exp.Expr) -> exp.Expr:
    if code in "HMS":
        moment = cast(moment.copy(), spark_type(parsed("TIMESTAMP")))
    value = cast(call(_CODES[code], moment.copy()), exp.DataType.build("STRING", dialect="spark"))
    if code != "Y":
        return call("lpad", value, number(2), exp.Literal.string("0"))
    short = exp.Between(this=call("year", moment.copy()), low=number(0), high=number(999))
    padded = call("lpad", value, number(4), exp.Literal.string("0"))
    return exp.Case(ifs=[exp.If(this=short, true=padded)], default=value.copy())


RULES: Rules = {
    exp.TimeToStr: _formatted,
    exp.DateBin: _bucket,
    exp.TimestampTrunc: _truncated,
    exp.Extract: _extracted,
    exp.DateDiff: _difference,
    exp.DayOfWeek: _day_of_week,
    exp.DayOfWeekIso: _iso_day_of_week,
    exp.Dayname: _day_name,
    exp.Monthname: _day_name,
    exp.Placeholder: _logical,
    **dict.fromkeys(_NAMED, _called),
}
