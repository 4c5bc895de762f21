"""A program's queries as Spark SQL text with DuckDB's meaning.

Every node of a tree is written by the rule of its class, and a class without a rule is refused: what is not known to mean the same is
not run. Rules know the DuckDB type of each expression, and give one whose Spark type holds just those values (see ``kinds``), so that
what is above can rely on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator

from headrace.engine.spark import aggregates, casts, compare, numbers, relations, subqueries, texts, times
from headrace.engine.spark.handed import HandOver, collected, handed, is_aggregate
from headrace.engine.spark.handed import may_be as may_be_handed
from headrace.engine.spark.kinds import parsed, same, spark_type
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, cast, conjuncts
from headrace.engine.spark.typed import Describe, Types

TABLES: tuple[Rules, ...] = (
    relations.RULES,
    compare.RULES,
    subqueries.RULES,
    numbers.RULES,
    casts.RULES,
    aggregates.RULES,
    texts.RULES,
    times.RULES,
)
RULES: Rules = {kind: rule for table in TABLES for kind, rule in table.items()}
# What rules look at besides the operands, and what sqlglot notes of DuckDB's own meaning, which they have. Any other part is refused.
_PARTS: Mapping[type[exp.Expr], frozenset[str]] = {
    exp.In: frozenset({"query", "unnest"}),
    exp.Between: frozenset({"low", "high", "symmetric"}),
    exp.Is: frozenset({"negate"}),
    exp.Case: frozenset({"ifs", "default"}),
    exp.If: frozenset({"true", "false"}),
    exp.Least: frozenset({"ignore_nulls"}),
    exp.Greatest: frozenset({"ignore_nulls"}),
    exp.Literal: frozenset({"is_string"}),
    exp.Div: frozenset({"typed", "safe"}),
    exp.Round: frozenset({"decimals"}),
    exp.Cast: frozenset({"to"}),
    exp.Count: frozenset({"big_int"}),
    exp.Min: frozenset({"count"}),
    exp.Max: frozenset({"count"}),
    exp.Window: frozenset({"partition_by", "order", "spec", "alias", "over"}),
    exp.DPipe: frozenset({"safe"}),
    exp.Concat: frozenset({"safe", "coalesce"}),
    exp.Replace: frozenset({"replacement"}),
    exp.SplitPart: frozenset({"delimiter", "part_index"}),
    exp.RegexpExtract: frozenset({"group", "null_if_pos_overflow"}),
    exp.TimeToStr: frozenset({"format"}),
    exp.DateBin: frozenset({"unit"}),
    exp.TimestampTrunc: frozenset({"unit", "zone"}),
    exp.DateDiff: frozenset({"unit", "date_part_boundary"}),
}
_OPERANDS = frozenset({"this", "expression", "expressions"})


def render(query: exp.Expr, describe: Describe, hand_over: HandOver | None = None) -> str:
    """``query`` as text. ``delta.X``, ``state.X``, ``live.X`` and ``all.X`` are views of that name; ``:now`` is a named parameter.

    Args:
        hand_over: told of expressions that are handed to DuckDB; without it there are none.

    Raises:
        Unfaithful: something in it has no rendering that is known to mean the same.
    """
    # Read from its text: each construct is then of the one class that sqlglot has for it, whoever wrote the tree; and every node
    # stands in one place, where programs share subtrees, whose types differ by where they stand.
    try:
        own = sqlglot.parse_one(query.sql("duckdb", comments=False), dialect="duckdb")
        return Writer(Types(own, describe), describe, hand_over)(own).sql(_Spark, comments=False)
    except (duckdb.Error, sqlglot.errors.ParseError) as error:
        raise Unfaithful(f"a query whose types are not known ({str(error).splitlines()[0]})") from error


class _Text(SparkGenerator):
    """Common table expressions stay where they are: at the top, where sqlglot puts them, two of one name would meet."""

    EXPRESSIONS_WITHOUT_NESTED_CTES: ClassVar[set[type[exp.Expr]]] = set()


class _Spark(Spark):
    Generator = _Text


class Writer:
    """Writes the nodes of one tree.

    Args:
        within: in place of ``hand_over``, for the queries within its expressions.
    """

    def __init__(
        self, types: Types, describe: Describe, hand_over: HandOver | None, within: HandOver | None = None
    ) -> None:
        self._types = types
        self._describe = describe
        self._hand_over = hand_over
        self._within = within or hand_over

    def __call__(self, node: exp.Expr) -> exp.Expr:
        try:
            return self._ruled(node)
        except Unfaithful as why:
            if self._hand_over is None or (not (aggregate := is_aggregate(node)) and not may_be_handed(node)):
                raise
            found, call = collected(node, self, why) if aggregate else handed([node], self, why)
            self._hand_over(found)
            return call

    def query(self, node: exp.Query) -> exp.Expr:
        """A query within an expression: what it hands over is its own affair."""
        return Writer(self._types, self._describe, self._within)(node)

    def condition(self, node: exp.Expr) -> exp.Expr:
        """A condition on rows. What is to be handed to DuckDB goes there together: one part of it may be what another relies on."""
        by_rules = Writer(self._types, self._describe, None, self._hand_over)
        try:
            return by_rules(node)
        except Unfaithful as found:
            if self._hand_over is None:
                raise
            why = found
        written, left = [], []
        for part in conjuncts(node):
            try:
                written.append(exp.paren(by_rules(part), copy=False))
            except Unfaithful:
                left.append(part)
        if len(left) == 1:
            return self(node)
        together, call = handed(left, self, why)
        self._hand_over(together)
        return exp.and_(*written, call, copy=False)

    def _ruled(self, node: exp.Expr) -> exp.Expr:
        rule = RULES.get(type(node))
        if rule is None or (type(node) not in relations.RULES and _further(node)):
            raise Unfaithful(_title(node))
        return rule(node, self)

    def kind(self, node: exp.Expr) -> exp.DataType:
        """The DuckDB type of an expression of the tree."""
        found = self.told(node)
        if found is None:
            raise Unfaithful(f"{node.sql('duckdb')}, whose type DuckDB does not tell by itself,")
        return found

    def told(self, node: exp.Expr) -> exp.DataType | None:
        """The type, where DuckDB tells it."""
        return self._types.kind(node)

    def as_kind(self, node: exp.Expr, kind: exp.DataType) -> exp.Expr:
        """``node`` written, and made ``kind`` where it is not already."""
        written, own = self(node), self.kind(node)
        return written if same(own, kind) else casts.convert(written, own, kind)

    def made(self, written: exp.Expr, node: exp.Expr) -> exp.Expr:
        """What has another type in Spark, as the type that ``node`` has."""
        return cast(written, spark_type(self.kind(node)))

    def reads(self, select: exp.Select, column: exp.Column) -> bool:
        """Whether what the SELECT reads has a column of that name."""
        return self._types.reads(select, column)

    def read(self, select: exp.Select, source: exp.Expr) -> list[tuple[str, str]]:
        """The columns of one of the relations that the SELECT reads."""
        return self._types.read(select, source)

    def is_of(self, select: exp.Select, source: exp.Expr, value: exp.Expr) -> bool:
        """Whether the value names columns of that relation alone."""
        return self._types.is_of(select, source, value)

    def gives(self, query: exp.Query, kind: str) -> bool:
        """Whether DuckDB takes the query, and its last column is of the type."""
        try:
            return same(parsed(self._describe(query)[-1][1]), parsed(kind))
        except duckdb.Error:
            return False

    def by_itself(self, query: exp.Query) -> bool:
        """Whether the query names nothing of what it stands in."""
        return self._types.by_itself(query)

    def columns(self, query: exp.Query) -> list[tuple[str, str]]:
        """The output columns of a query within the tree, with DuckDB's types."""
        return self._types.columns(query)


def _further(node: exp.Expr) -> bool:
    """Whether it has a part that no rule looks at."""
    known = _OPERANDS | _PARTS.get(type(node), frozenset())
    return any(name not in known and value not in (None, False, []) for name, value in node.args.items())


def _title(node: exp.Expr) -> str:
    text = node.sql("duckdb")
    if len(text) <= 60:
        return text
    return f"{text[:57]}..." if isinstance(node, exp.Func) else f"{node.key.upper()} in {text[:57]}..."
