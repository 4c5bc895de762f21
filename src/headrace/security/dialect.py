"""The gate's reading and writing of DuckDB's SQL: what is written back says what was read, word for word.

sqlglot's own DuckDB dialect translates between dialects, so it may turn one function into another (`~` into
`regexp_matches`, `x[1]` into `x[0]` and back). The gate judges names, so it needs a tree that holds the names
that were written, and text whose words stand in the order in which they were read. Hence every function call
stays a call by name (`exp.Anonymous`), and every operator stays the operator it was: the engine's own
precedence decides what the text means, and two parsers that disagree about it cannot change the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import ErrorLevel, exp, generator
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.tokenizer_core import Token, TokenType

_SPECIAL_SYNTAX = ("CAST", "EXTRACT", "SUBSTRING", "TRIM", "TRY_CAST")


class Sealed(exp.Subquery):
    """An admitted query, which is written by the gate's dialect whatever dialect is asked for.

    The tree means what it means only to `GateDialect`: another writer would renumber subscripts and drop IGNORE NULLS.
    Within a tree of somebody else's it cannot be written at all.
    """

    def sql(self, dialect: Any = None, copy: bool = True, **options: Any) -> str:  # noqa: ARG002 - sqlglot's signature
        """DuckDB SQL, every name quoted, without comments; see `write`."""
        return write(self.this)


def _infix(operator: str) -> Callable[[generator.Generator, exp.Binary], str]:
    return lambda self, node: self.binary(node, operator)


def _prefix(operator: str, operand: str) -> str:
    """Apart from another operator: `--` begins a comment, and `-~` is an operator of its own."""
    return f"{operator} {operand}" if operand[:1] in "-~" else f"{operator}{operand}"


class _Parser(DuckDBParser):
    FUNCTIONS: ClassVar[dict[str, Any]] = {"COLUMNS": exp.Columns.from_arg_list}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        **{name: DuckDBParser.FUNCTION_PARSERS[name] for name in _SPECIAL_SYNTAX},
        "POSITION": lambda self: self._parse_position_in(),
    }
    # `@ x + 1` binds otherwise in DuckDB than in sqlglot, and abs() says the same.
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser for name, parser in DuckDBParser.NO_PAREN_FUNCTION_PARSERS.items() if name != "@"
    }
    # `<=>` measures a distance in DuckDB, and compares in MySQL.
    EQUALITY: ClassVar[dict[TokenType, type[exp.Binary]]] = {
        token: node for token, node in DuckDBParser.EQUALITY.items() if token != TokenType.NULLSAFE_EQ
    }

    def _warn_unsupported(self) -> None:
        """Say nothing: the gate refuses the exp.Command that follows, and the text stays out of the log."""

    def expression(self, instance: Any, token: Token | None = None, comments: list[str] | None = None) -> Any:
        """Note where every node ends, so that a refusal can point at it."""
        return super().expression(instance, token or self._prev, comments)

    def _parse_lambda(self, alias: bool = False) -> exp.Expr | None:
        keyword = self._curr is not None and self._curr.text.upper() == "LAMBDA"
        node = super()._parse_lambda(alias=alias)
        if isinstance(node, exp.Lambda):
            node.meta["keyword"] = keyword
        return node

    def _parse_interval_span(self, this: exp.Expr, parse_function_unit: bool = True) -> exp.Interval:
        """`INTERVAL 1 DAY` keeps its number, and `INTERVAL '1 day'` its text."""
        interval = super()._parse_interval_span(this, parse_function_unit)
        if this.is_string and interval.this is not this:
            interval.set("unit", None)
        interval.set("this", this)
        return interval

    def _parse_primary(self) -> exp.Expr | None:
        if self._match_pair(TokenType.DOT, TokenType.NUMBER):
            return exp.Literal.number(f".{self._prev.text}")  # `.5` is a DECIMAL(1, 1), and `0.5` is not
        return super()._parse_primary()

    def _parse_position_in(self) -> exp.StrPosition:
        part = self._parse_bitwise()
        if not self._match(TokenType.IN):
            self.raise_error("POSITION is written POSITION(part IN whole)")
        return exp.StrPosition(this=self._parse_bitwise(), substr=part)

    def _parse_in(self, this: exp.Expr | None, alias: bool = False) -> exp.In:
        # A list is not a list of expressions: `3 IN [1, NULL]` is false, `3 IN (1, NULL)` is NULL.
        if self._match(TokenType.L_BRACKET, advance=False):
            list_ = exp.In(this=this, field=self._parse_column())
            self.expression(list_)
            return list_
        return super()._parse_in(this, alias=alias)


class _Generator(DuckDBGenerator):
    MULTI_ARG_DISTINCT = True
    EXTRACT_ALLOWS_QUOTES = True
    NORMALIZE_EXTRACT_DATE_PARTS = False
    TRANSFORMS: ClassVar[dict[type[exp.Expr], Any]] = {
        **DuckDBGenerator.TRANSFORMS,
        exp.Array: lambda self, node: f"[{self.expressions(node, flat=True)}]",
        exp.ArrayOverlaps: _infix("&&"),
        exp.BitwiseAnd: _infix("&"),
        exp.BitwiseLeftShift: _infix("<<"),
        exp.BitwiseNot: lambda self, node: _prefix("~", self.sql(node, "this")),
        exp.BitwiseOr: _infix("|"),
        exp.BitwiseRightShift: _infix(">>"),
        exp.Extract: generator.Generator.extract_sql,
        exp.IgnoreNulls: lambda self, node: f"{self.sql(node, 'this')} IGNORE NULLS",
        exp.JSONExtract: _infix("->"),
        exp.JSONExtractScalar: _infix("->>"),
        exp.Join: generator.Generator.join_sql,
        exp.Neg: lambda self, node: _prefix("-", self.sql(node, "this")),
        exp.ParseJSON: lambda self, node: f"CAST({self.sql(node, 'this')} AS JSON)",
        exp.Pow: _infix("**"),
        exp.RegexpFullMatch: _infix("~"),
        exp.RespectNulls: lambda self, node: f"{self.sql(node, 'this')} RESPECT NULLS",
        exp.StartsWith: _infix("^@"),
        exp.StrPosition: lambda self, node: f"POSITION({self.sql(node, 'substr')} IN {self.sql(node, 'this')})",
        exp.TryCast: generator.Generator.trycast_sql,
        exp.WithinGroup: generator.Generator.withingroup_sql,
    }

    def lambda_sql(self, expression: exp.Lambda, arrow_sep: str = "->", wrap: bool = True) -> str:
        """As it was written: `j -> 'a'` may be a JSON arrow, which only the engine can tell from a lambda."""
        if expression.meta.get("keyword"):
            return super().lambda_sql(expression)
        return generator.Generator.lambda_sql(self, expression, arrow_sep, wrap)

    def not_sql(self, expression: exp.Not) -> str:
        """`x NOT IN y` comes back as `NOT x IN y`, which binds more loosely: hence the parentheses."""
        sql = super().not_sql(expression)
        parent = expression.parent
        tight = isinstance(parent, (exp.Binary, exp.In, exp.Between)) and not isinstance(parent, exp.Connector)
        return f"({sql})" if tight else sql


class GateDialect(DuckDB):
    """DuckDB 1.5, read and written without translation."""

    INDEX_OFFSET = 0  # subscripts are passed on as written, not renumbered
    NORMALIZE_NOT_NULL = False  # `IS NOT NULL` stays one operator

    def to_json_path(self, path: exp.Expr | None) -> exp.Expr | None:
        """JSON paths stay strings: 'a.b' is a key to DuckDB and would be a path to sqlglot."""
        return path

    Parser = _Parser
    Generator = _Generator


DIALECT = GateDialect(version="1.5")


def write(tree: exp.Expr) -> str:
    """The tree as DuckDB SQL: every name quoted, no comments.

    Raises:
        sqlglot.errors.UnsupportedError: the tree holds something that cannot be written as it was meant.
    """
    return tree.sql(dialect=DIALECT, identify=True, comments=False, unsupported_level=ErrorLevel.IMMEDIATE)
