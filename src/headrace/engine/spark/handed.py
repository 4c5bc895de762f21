"""Expressions that Spark has no words for are handed to DuckDB, in the Python of Spark's workers: the answer is DuckDB's because DuckDB gives it.

An expression is handed over as a whole, from where it stands in its SELECT: what DuckDB evaluates only for some rows, as in CASE, stays within it.
What Spark alone can do, an aggregate or a window function, is done before; its result is one of the arguments. An aggregate that Spark has no
words for is a function of the list of its rows, which Spark collects.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from headrace.engine.render import copied, generated
from headrace.engine.spark.aggregates import call_within
from headrace.engine.spark.kinds import arrow_type, parsed, spark_name
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.subqueries import asks
from headrace.engine.spark.trees import call, number

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headrace.engine.spark.render import Writer

# What a worker says within Spark's own errors.
OF_A_VALUE, OF_A_WORKER = "headrace-value: ", "headrace-worker: "
_PREFIX = "headrace_"
_BY_SPARK = (exp.AggFunc, exp.Filter, exp.Window, exp.Placeholder, exp.Column)
# Functions that make several rows of one.
_ROWS = {"generate_subscripts", "regexp_split_to_table"}
_NEVER = (exp.Query, exp.Star, exp.Explode, exp.Unnest, exp.Lambda)
# What an expression that is handed over may stand in: parts of a SELECT, and what evaluates its operands for every row. AND is of
# them, since nobody says in which order it is evaluated; OR and CASE are not.
_AROUND = (
    *(exp.Select, exp.Alias, exp.Where, exp.Having, exp.Qualify, exp.Join, exp.Group, exp.Ordered, exp.Window),
    *(exp.AggFunc, exp.Filter, exp.Distinct),
)
_EACH = (
    *(exp.And, exp.Paren, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Cast, exp.DPipe, exp.Is),
)


@dataclass(frozen=True)
class Handed:
    """One expression.

    Attributes:
        text: in DuckDB's SQL, of the columns ``c0``, ``c1``, ….
        takes: the columns' types, DuckDB's.
        gives: the type of the answer.
    """

    text: str
    takes: tuple[str, ...]
    gives: str

    @property
    def name(self) -> str:
        """Of the function that does it: the same for the same expression, in every process."""
        return f"{_PREFIX}{hashlib.sha256(repr((self.text, self.takes, self.gives)).encode()).hexdigest()[:16]}"

    def asked(self) -> str:
        """The query that answers for rows of the table ``rows``; of a type that Arrow has."""
        columns = ", ".join(f"CAST(c{i} AS {kind}) AS c{i}" for i, kind in enumerate(self.takes))
        answer = f"CAST(CAST({self.text} AS {self.gives}) AS {generated(arrow_type(parsed(self.gives)))})"
        return f"SELECT {answer} AS r FROM (SELECT {columns} FROM rows) AS rows"

    def query(self) -> exp.Query:
        """Its answer beside an argument, over no rows: an aggregate is not taken there."""
        columns = ", ".join(f"CAST(NULL AS {kind}) AS c{i}" for i, kind in enumerate(self.takes))
        query = sqlglot.parse_one(f"SELECT c0, {self.text} AS r FROM (SELECT {columns}) AS rows", dialect="duckdb")
        assert isinstance(query, exp.Query)
        return query


HandOver = Callable[[Handed], None]
"""Told of each expression that a text has, before it runs."""


def is_handed(written: exp.Anonymous) -> bool:
    """Whether the call is of something that was handed over."""
    return written.name.startswith(_PREFIX)


def may_be(node: exp.Expr) -> bool:
    """Whether the node is an expression that stands by itself."""
    if not isinstance(node, exp.Condition | exp.AtTimeZone) or isinstance(node, (*_BY_SPARK, *_NEVER, exp.Literal)):
        return False
    if asks(node):
        return False
    inside: exp.Expr = node
    while isinstance(inside.parent, _EACH) or (isinstance(inside.parent, exp.In) and inside.arg_key == "this"):
        inside = inside.parent
    if isinstance(inside.parent, exp.Window | exp.Filter) and inside.arg_key == "this":
        return False
    return isinstance(inside.parent, _AROUND) and not isinstance(node, exp.And)


def handed(parts: Sequence[exp.Expr], write: Writer, why: Unfaithful) -> tuple[Handed, exp.Expr]:
    """The expression, or the conjunction of several, as a function of DuckDB's, and its call.

    Raises:
        Unfaithful: it is none of values alone, or has a type that Spark does not have.
    """
    arguments = _Arguments(write)

    def replaced(part: exp.Expr, _above: exp.Expr | None) -> exp.Expr | None:
        if asks(part):
            place = arguments.place(part)
            # Spark's workers cannot tell such arguments apart, and fail.
            if any(is_handed(one) for one in arguments.values()[place][0].find_all(exp.Anonymous)):
                raise why
            return exp.column(f"c{place}")
        if all(part is not whole for whole in parts) and (key := _key(part)) is not None:
            return exp.column(f"c{arguments.place(key)}")
        if isinstance(part, _NEVER) or (isinstance(part, exp.Anonymous) and part.name.lower() in _ROWS):
            raise why
        if not isinstance(part, _BY_SPARK):
            return None
        return exp.column(f"c{arguments.place(part)}")

    texts = [generated(copied(part, replaced)) for part in parts]
    # AND would evaluate all of them for every row, as it does not where it filters.
    text = reduce(lambda rest, first: f"CASE WHEN {first} THEN {rest} ELSE false END", reversed(texts))
    values = arguments.values()
    gives = generated(write.kind(parts[0])) if len(parts) == 1 else "BOOLEAN"
    found = Handed(text, tuple(kind for _, kind in values), gives)
    return _checked(found, write, why), call(found.name, *(written for written, _ in values))


def _key(part: exp.Expr) -> exp.Expr | None:
    """What the part's SELECT groups by that is the same expression, if it is more than a column: a group has only that value of it."""
    select = part.find_ancestor(exp.Select)
    group = select.args.get("group") if select is not None else None
    if group is None or isinstance(part, exp.Column | exp.Literal):
        return None
    above = part.parent
    while above is not None and above is not select:
        if above is group or (isinstance(above, exp.AggFunc) and not _is_of_window(above)):
            return None
        above = above.parent
    return next((key for key in group.expressions if key == part), None)


def _is_of_window(call_: exp.Expr) -> bool:
    """Whether a function is one of a window, whose rows are the groups."""
    while isinstance(call_.parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls) and call_.arg_key == "this":
        call_ = call_.parent
    return isinstance(call_.parent, exp.Window) and call_.arg_key == "this"


class _Arguments:
    """What Spark computes of an expression that is handed over: each value once, with its type."""

    def __init__(self, write: Writer) -> None:
        self._write = write
        self._found: dict[str, tuple[exp.Expr, str]] = {}

    def place(self, part: exp.Expr) -> int:
        """Which argument the part is, from 0."""
        key = generated(part.copy())
        if key not in self._found:
            self._found[key] = (self._write(part), generated(self._write.kind(part)))
        return list(self._found).index(key)

    def values(self) -> list[tuple[exp.Expr, str]]:
        """As they are written, with DuckDB's types; at least one, since a function without any knows of no rows."""
        return list(self._found.values()) or [(number(1), "INTEGER")]


def is_aggregate(node: exp.Expr) -> bool:
    """Whether the node is a call of an aggregate, with the FILTER and the OVER that it has."""
    above = node.parent
    if isinstance(above, exp.Filter | exp.Window) and node.arg_key == "this":
        return False
    while isinstance(node, exp.Filter | exp.Window):
        node = node.this
    name = re.match(r"\w+(?=\()", generated(node.copy()))
    return name is not None and name[0].lower() in _aggregates()


@cache
def _aggregates() -> frozenset[str]:
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute("SELECT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'")
        return frozenset(row[0] for row in rows.fetchall())


def collected(node: exp.Expr, write: Writer, why: Unfaithful) -> tuple[Handed, exp.Expr]:
    """An aggregate as a function of the list of what it aggregates, which Spark collects.

    Raises:
        Unfaithful: see :func:`handed`.
    """
    aggregate, wrap = call_within(node, write)
    fields = _Arguments(write)

    def replaced(part: exp.Expr, _above: exp.Expr | None) -> exp.Expr | None:
        if isinstance(part, _NEVER) or (isinstance(part, exp.AggFunc | exp.Window) and part is not aggregate):
            raise why
        if not isinstance(part, exp.Column | exp.Placeholder):
            return None
        return exp.column(f"a{fields.place(part)}", table="e")

    call_ = generated(copied(aggregate, replaced))
    values = fields.values()
    element = ", ".join(f"a{i} {kind}" for i, (_, kind) in enumerate(values))
    # Of no rows DuckDB itself would say NULL, as it does where a query names what is outside of it, and some aggregates say 0.
    nothing = f"(SELECT {call_} FROM (SELECT CAST(NULL AS STRUCT({element})) AS e WHERE false) AS e)"
    text = f"CASE WHEN len(c0) = 0 THEN {nothing} ELSE (SELECT {call_} FROM (SELECT UNNEST(c0) AS e) AS e) END"
    found = Handed(text, (f"STRUCT({element})[]",), generated(write.kind(node)))
    parts = [part for i, (value, _) in enumerate(values) for part in (exp.Literal.string(f"a{i}"), value)]
    rows = wrap(call("collect_list", call("named_struct", *parts)))
    return _checked(found, write, why), call(found.name, rows)


def _checked(found: Handed, write: Writer, why: Unfaithful) -> Handed:
    """If Spark has its types, and DuckDB takes it as a value of a row."""
    try:
        for kind in (*found.takes, found.gives):
            spark_name(kind)
    except Unfaithful as kind_:
        raise Unfaithful(f"{why.what} with {kind_.what}") from None
    if not write.gives(found.query(), found.gives):
        raise why
    return found


class Functions:
    """The functions of a session."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._known: set[str] = set()

    def add(self, found: Handed) -> None:
        from pyspark.sql.functions import arrow_udf  # noqa: PLC0415 - an optional extra
        from pyspark.sql.pandas.types import to_arrow_type  # noqa: PLC0415
        from pyspark.sql.types import StructType  # noqa: PLC0415

        if found.name not in self._known:
            kind = StructType.fromDDL(f"r {spark_name(found.gives)}").fields[0].dataType
            self._spark.udf.register(found.name, arrow_udf(_function(found.asked(), to_arrow_type(kind)), kind))
            self._known.add(found.name)


def _function(text: str, kind: pa.DataType) -> Callable[..., Any]:
    """What a worker runs: it goes there with all it needs, for a worker knows nothing of this package."""
    wanted = duckdb.__version__

    def compute(*columns: pa.Array) -> pa.Array:  # as Spark wants to be told
        import pyarrow  # noqa: PLC0415 - the worker's own

        try:
            import duckdb as engine  # noqa: PLC0415
        except ImportError:
            raise RuntimeError(f"{OF_A_WORKER}it has no duckdb; DuckDB {wanted} is needed") from None
        if engine.__version__ != wanted:
            raise RuntimeError(f"{OF_A_WORKER}it has DuckDB {engine.__version__}; {wanted} is needed")
        rows = pyarrow.table({f"c{i}": column for i, column in enumerate(columns)})
        with engine.connect(config={"threads": "1", "enable_external_access": "false"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("rows", rows)
            try:
                found = connection.execute(text).to_arrow_table()["r"]
            except engine.Error as error:
                first = str(error).strip().splitlines()[0]
                raise RuntimeError(f"{OF_A_VALUE}{first}") from None
        answer = found.combine_chunks() if found.num_chunks != 1 else found.chunk(0)
        return answer.cast(kind)

    return compute
