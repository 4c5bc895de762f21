"""The steps of one epoch: deltas as views for as long as it runs, states as of the epoch before, and the commits at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from headrace.engine.spark.handed import HandOver
from headrace.engine.spark.kinds import INTEGERS, parsed, spark_name
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.relations import view_name
from headrace.engine.spark.render import render
from headrace.engine.spark.shapes import Shapes
from headrace.engine.spark.store import ident
from headrace.sql import WEIGHT, Append, Compute, Evict, Forget, Merge, Program, deltas, pruned

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType


@dataclass(frozen=True)
class Written:
    """A program with its queries as Spark's text, which depends on which deltas are empty."""

    program: Program
    shapes: Shapes
    hand_over: HandOver
    _texts: dict[tuple[int, frozenset[str]], str | None] = field(default_factory=dict)
    _conditions: dict[int, exp.Query] = field(default_factory=dict)
    _kinds: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def text(self, query: exp.Expr, nothing: Set[str] = frozenset()) -> str | None:
        """One of the program's queries, without what reads only deltas of ``nothing``; None when that is all of it.

        Raises:
            Unfaithful: Spark cannot give DuckDB's answer.
        """
        pattern = (id(query), deltas(query) & nothing)
        if pattern not in self._texts:
            left = self._left(query, pattern[1]) if isinstance(query, exp.Query) else query
            self._texts[pattern] = None if left is None else render(left, self.shapes.describe, self.hand_over)
        return self._texts[pattern]

    def _left(self, query: exp.Query, nothing: Set[str]) -> exp.Query | None:
        """What is left of a query, with the types of all of it: keys of two sides are of the wider type although one side has none."""
        left = pruned(query, nothing)
        if left is None or left is query:
            return left
        found, kinds = self.shapes.describe(left), self.kinds(query)
        if all(kind == wanted for (_, kind), wanted in zip(found, kinds, strict=True)):
            return left
        columns = [(exp.column(name, quoted=True), wanted) for (name, _), wanted in zip(found, kinds, strict=True)]
        shown = (
            exp.alias_(exp.cast(column, wanted, dialect="duckdb"), column.name, quoted=True)
            for column, wanted in columns
        )
        return exp.select(*shown).from_(left.subquery("t", copy=False))

    def kinds(self, query: exp.Query) -> tuple[str, ...]:
        """DuckDB's types of a query's columns."""
        if id(query) not in self._kinds:
            self._kinds[id(query)] = tuple(kind for _, kind in self.shapes.describe(query))
        return self._kinds[id(query)]

    def where(self, step: Evict) -> str:
        """The condition of an eviction, which reads the state's columns."""
        text = self.text(self.condition(step))
        assert text is not None
        return text.split(" WHERE ", 1)[1]

    def condition(self, step: Evict) -> exp.Query:
        """The eviction as a query."""
        if id(step) not in self._conditions:
            state = exp.table_(step.state, db="state", quoted=True)
            self._conditions[id(step)] = exp.select(exp.column(WEIGHT)).from_(state).where(step.where.copy())
        return self._conditions[id(step)]

    @staticmethod
    def reads(query: exp.Query) -> frozenset[str]:
        return deltas(query)

    def queries(self) -> Iterator[exp.Query]:
        """Every query of the program as it stands."""
        program = self.program
        for compute_step in program.compute:
            yield from (query for query in (compute_step.query, compute_step.simple) if query is not None)
        yield from (self._advancing(step) for step in program.advance if not isinstance(step, Forget))
        yield from (query for query in (program.live, program.batch) if query is not None)

    def _advancing(self, step: Append | Merge | Evict) -> exp.Query:
        return self.condition(step) if isinstance(step, Evict) else step.query


def rendered(program: Program, shapes: Shapes, hand_over: HandOver) -> Written:
    """The program with every query of it as Spark's text; its shapes become known.

    Args:
        hand_over: see :func:`headrace.engine.spark.render.render`.

    Raises:
        Unfaithful: Spark cannot give DuckDB's answer.
    """
    shapes.add(program)
    written = Written(program, shapes, hand_over)
    for query in written.queries():
        written.text(query)
    return written


class Times:
    """Queries as of a logical time.

    Args:
        now, previous: of this epoch, and of the one before; before the first it is 1970.
    """

    def __init__(self, spark: SparkSession, now: datetime | None, previous: datetime | None) -> None:
        self._spark = spark
        first = datetime(1970, 1, 1, tzinfo=UTC)
        self._times = {"now": now or first, "previous": previous or first}

    def frame(self, text: str) -> DataFrame:
        """A query's rows, not yet computed.

        Raises:
            Unfaithful: Spark does not take the query.
        """
        from pyspark.errors import AnalysisException  # noqa: PLC0415 - an optional extra

        try:
            return self._spark.sql(text, args=self.values(text))
        except AnalysisException as error:
            raise Unfaithful(f"a query that Spark does not take ({str(error).strip().splitlines()[0]})") from error

    def values(self, text: str) -> dict[str, Any]:
        return {name: moment for name, moment in self._times.items() if f":{name}" in text}


class Deltas:
    """The relations of one epoch, as views, and how many rows each has."""

    def __init__(self, spark: SparkSession, shapes: Shapes) -> None:
        self._spark = spark
        self._shapes = shapes
        self._rows: dict[str, int] = {}
        self._frames: dict[str, DataFrame] = {}
        self.times = Times(spark, None, None)

    def fill(self, name: str, rows: DataFrame) -> int:
        """Keep the rows as ``delta.<name>``: computed once, whatever is committed later."""
        held = rows.localCheckpoint(eager=False)
        # Spark's own count would be a query more, with an exchange.
        self.show(name, held, int(held._jdf.queryExecution().toRdd().count()))
        return self._rows[name]

    def show(self, name: str, rows: DataFrame, count: int) -> None:
        rows.createOrReplaceTempView(ident(view_name("delta", name)))
        self._frames[name], self._rows[name] = rows, count

    def clear(self, name: str) -> None:
        if self._rows.get(name, 1):
            columns = self.columns(name).items()
            shown = ", ".join(f"CAST(NULL AS {spark_name(kind)}) AS {ident(column)}" for column, kind in columns)
            self.show(name, self._spark.sql(f"SELECT {shown} WHERE false"), 0)

    def columns(self, name: str) -> Mapping[str, str]:
        return self._shapes.relation(view_name("delta", name))

    def rows(self, name: str) -> int:
        return self._rows.get(name, 0)

    def rows_of(self, name: str) -> DataFrame:
        return self._frames[name]

    def empty(self, names: Set[str]) -> set[str]:
        return {name for name in names if not self.rows(name)}


def compute(written: Written, deltas_: Deltas, *, first: bool = False, moved: bool = True) -> int:
    """Fill every delta of the program; returns the rows of its net change.

    Args:
        first: run each step even when its inputs are empty: an aggregate of nothing has a row.
        moved: logical time has moved since the epoch before.
    """
    for step in written.program.compute:
        wanted = first or (step.timely and moved) or any(deltas_.rows(need) for need in step.needs)
        text = _text(written, step, deltas_) if wanted else None
        if text is None:
            deltas_.clear(step.name)
            continue
        rows = as_shaped(deltas_.times.frame(text), deltas_.columns(step.name))
        if step.stored:
            deltas_.fill(step.name, rows)
        else:
            deltas_.show(step.name, rows, sum(deltas_.rows(need) for need in step.needs))
    return deltas_.rows(written.program.model)


def _text(written: Written, step: Compute, deltas_: Deltas) -> str | None:
    simple = step.simple is not None and not any(deltas_.rows(name) for name in step.unless)
    query = step.simple if simple and step.simple is not None else step.query
    return written.text(query, deltas_.empty(deltas(query)))


def as_shaped(rows: DataFrame, columns: Mapping[str, str]) -> DataFrame:
    """The rows, if they have these columns: a column of nothing but NULLs, or such a field in one, takes the type of its table.

    Raises:
        Unfaithful: a column has another type in Spark, so a rule of the rendering is wrong.
    """
    from pyspark.sql.functions import col  # noqa: PLC0415 - an optional extra

    wanted = {name: _type(spark_name(kind)) for name, kind in columns.items()}
    pairs = list(zip(rows.schema.fields, wanted.items(), strict=True))
    for found, (name, type_) in pairs:
        if not _fits(found.dataType, type_):
            raise Unfaithful(f"column {name}, {columns[name]} in DuckDB and {found.dataType.simpleString()} in Spark,")
    # Spark plans the query once more for each SELECT around it.
    if all(found.name == name and _is(found.dataType, type_) for found, (name, type_) in pairs):
        return rows
    return rows.select(*(col(ident(f.name)).cast(type_).alias(name) for f, (name, type_) in pairs))


def fitted(rows: DataFrame, told: Mapping[str, str], kinds: Mapping[str, str]) -> DataFrame:
    """Rows of the types told, with integers of other kinds: what does not fit fails, as where DuckDB puts rows into a table.

    Raises:
        Unfaithful: a column is to be of another kind altogether.
    """
    from pyspark.sql.functions import col  # noqa: PLC0415 - an optional extra

    other = {name: kind for name, kind in kinds.items() if kind != told[name]}
    if any(parsed(kind).this not in INTEGERS for name in other for kind in (told[name], kinds[name])):
        raise Unfaithful(f"columns {', '.join(other)} of a state, which take other types,")
    if not other:
        return rows
    return rows.select(
        *(col(ident(n)).cast(spark_name(other[n])).alias(n) if n in other else col(ident(n)) for n in kinds)
    )


def _fits(found: DataType, wanted: DataType) -> bool:
    """Whether it is that type, or would be if what is of no type had one."""
    from pyspark.sql.types import ArrayType, NullType, StructType  # noqa: PLC0415 - an optional extra

    if isinstance(found, StructType) and isinstance(wanted, StructType):
        return found.names == wanted.names and all(
            _fits(had.dataType, field.dataType) for had, field in zip(found.fields, wanted.fields, strict=True)
        )
    if isinstance(found, ArrayType) and isinstance(wanted, ArrayType):
        return _fits(found.elementType, wanted.elementType)
    return isinstance(found, NullType) or _is(found, wanted)


def _is(found: DataType, wanted: DataType) -> bool:
    """Whether they are one type, whatever either says of where NULL may be."""
    return bool(found.simpleString() == wanted.simpleString())


@cache
def _type(text: str) -> DataType:
    from pyspark.sql.types import StructType  # noqa: PLC0415 - an optional extra

    (field,) = StructType.fromDDL(f"c {text}").fields
    return field.dataType
