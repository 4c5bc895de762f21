"""SQL text with its place in a file: parsing, and errors that point at the offending words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.parsers.duckdb import DuckDBParser
from sqlglot.tokenizer_core import TokenType

from headrace.errors import Place, SqlError


def _typed_literal(_: Any, this: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """``DATE '…'::VARCHAR``: the type belongs to the literal, what follows to both."""
    literal = this.find(exp.Literal)
    if literal is None or literal is this:
        return exp.Cast(this=this, to=kind)
    literal.replace(exp.Cast(this=literal.copy(), to=kind))
    return this


_SETS: dict[Any, type[exp.Expr]] = {TokenType.CUBE: exp.Cube, TokenType.ROLLUP: exp.Rollup}
_TIMES = (exp.DType.DATE, exp.DType.TIME, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)


class _Parser(DuckDBParser):
    FUNC_TOKENS = DuckDBParser.FUNC_TOKENS | {TokenType.SESSION}
    TYPE_LITERAL_PARSERS: ClassVar[dict[Any, Any]] = {
        **DuckDBParser.TYPE_LITERAL_PARSERS,
        **dict.fromkeys(_TIMES, _typed_literal),
    }

    own: frozenset[str] = frozenset()

    def _parse_function_call(
        self, functions: Any = None, anonymous: bool = False, optional_parens: bool = True, any_token: bool = False
    ) -> Any:
        """The project's own functions are none of those that sqlglot writes another way."""
        own = bool(self.own) and self._curr is not None and self._curr.text.lower() in self.own
        return super()._parse_function_call(functions, anonymous or own, optional_parens, any_token)

    def _parse_cube_or_rollup(self, with_prefix: bool = False) -> Any:
        """ROLLUP and CUBE of any expressions."""
        kind = next((k for token, k in _SETS.items() if self._match(token)), None)
        if kind is None:
            return None
        return kind(expressions=[] if with_prefix else self._parse_wrapped_csv(self._parse_disjunction))

    def _parse_grouping_set(self) -> Any:
        return self._parse_grouping_sets() or self._parse_cube_or_rollup() or self._parse_disjunction()


class Models(DuckDB):
    """DuckDB's SQL as the engine reads it, where sqlglot reads otherwise."""

    Parser = _Parser


def _text_list(generator: DuckDBGenerator, node: exp.GroupConcat) -> str:
    """``string_agg(value, separator ORDER BY …)``. sqlglot takes an ORDER BY anywhere within the value for this one's."""
    value, separator = node.this, node.args.get("separator")
    limit = value if isinstance(value, exp.Limit) else None
    value = value if limit is None else limit.this
    order = value if isinstance(value, exp.Order) else None
    value = value if order is None else order.this
    parts = [generator.sql(value), *([] if separator is None else [generator.sql(separator)])]
    after = "" if order is None else generator.op_expressions("ORDER BY", order, flat=True)
    if limit is not None:
        after += generator.seg("LIMIT") + f" {generator.sql(limit, 'expression')}"
    return f"STRING_AGG({', '.join(parts)}{' ' if after else ''}{after.strip()})"


# For all that is written as DuckDB's SQL, wherever it is written.
DuckDBGenerator.TRANSFORMS[exp.GroupConcat] = _text_list


@dataclass(frozen=True)
class SqlText:
    """A model's SQL, and where its first line stands in its file (counted from 1).

    Attributes:
        functions: names of the project's own functions: a call of one is taken as it stands, whatever sqlglot knows under the name.
    """

    sql: str
    path: Path
    first_line: int = 1
    functions: frozenset[str] = frozenset()

    def place(self, line: int, column: int, width: int = 1) -> Place:
        """A place by line and column within the text, both from 1, with the line and carets under the words."""
        lines = self.sql.splitlines() or [""]
        index = min(max(line, 1), len(lines)) - 1
        column = max(column, 1)
        excerpt = f"{lines[index]}\n{' ' * (column - 1)}{'^' * max(width, 1)}"
        return Place(self.path, self.first_line + index, column, excerpt)

    def find(self, words: str) -> Place:
        """The place of the first occurrence of ``words`` as a whole, or of the start of the text."""
        match = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", self.sql, re.IGNORECASE)
        if match is None:
            return self.place(1, 1)
        before = self.sql[: match.start()]
        line = before.count("\n") + 1
        return self.place(line, match.start() - (before.rfind("\n") + 1) + 1, len(words))

    def of(self, node: exp.Expr) -> Place:
        """The place of a parsed node, by its own words."""
        for part in node.walk():
            if "line" in part.meta:
                start = part.meta.get("start")
                end = part.meta.get("end")
                width = end - start + 1 if start is not None and end is not None else 1
                return self.place(part.meta["line"], part.meta["col"] - width + 1, width)
        return self.find(node.sql("duckdb").split("(")[0])


def parse(text: SqlText) -> exp.Query:
    """The one SELECT that ``text`` holds.

    Raises:
        SqlError: HR-301 for a syntax error, HR-302 for anything but one SELECT.
    """
    try:
        statements = [s for s in _statements(text) if s is not None]
    except ParseError as error:
        raise _syntax_error(text, error) from None
    except (SqlglotError, RecursionError) as error:
        raise SqlError(f"cannot be read as SQL: {error}", code="HR-301", where=text.place(1, 1)) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kind = statements[0].key.upper() if statements else "nothing"
        raise SqlError(
            f"a model is one SELECT; this is {kind if len(statements) < 2 else f'{len(statements)} statements'}",
            code="HR-302",
            where=text.place(1, 1),
            fix="keep one SELECT in the file; its result is the model",
        )
    query = statements[0].transform(_arrow, copy=False)
    return query.unnest() if isinstance(query, exp.Subquery) and not query.alias else query  # type: ignore[return-value]


def _statements(text: SqlText) -> list[exp.Expr | None]:
    dialect = Models()
    parser: Any = dialect.parser()
    parser.own = text.functions
    return list(parser.parse(dialect.tokenize(text.sql), text.sql))


_LISTS = re.compile("list|array|apply|filter|transform|reduce")


def _arrow(node: exp.Expr) -> exp.Expr:
    """``f(j -> 'a')`` looks into a JSON value; only functions of lists take a function."""
    if not isinstance(node, exp.Lambda) or len(node.expressions) != 1 or node.args.get("colon"):
        return node
    literal = node.this
    while not isinstance(literal, exp.Literal) and isinstance(literal.args.get("this"), exp.Expr):
        literal = literal.this
    parent = node.parent
    called = "" if parent is None else (parent.name if isinstance(parent, exp.Anonymous) else parent.key).lower()
    if not isinstance(literal, exp.Literal) or _LISTS.search(
        called.removeprefix("json_array").removeprefix("jsonarray")
    ):
        return node
    value = exp.Anonymous(
        this="json_extract", expressions=[exp.Column(this=node.expressions[0].copy()), literal.copy()]
    )
    if literal is node.this:
        return value
    literal.replace(value)
    found: exp.Expr = node.this
    return found


def _syntax_error(text: SqlText, error: ParseError) -> SqlError:
    first = error.errors[0] if error.errors else {}
    words = first.get("highlight") or ""
    line, column = first.get("line") or 1, first.get("col") or 1
    return SqlError(
        f"SQL syntax: {first.get('description') or error}".rstrip("."),
        code="HR-301",
        where=text.place(line, column - len(words) + 1, len(words)),
        fix="correct the SELECT at the mark",
    )


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` most likely meant, if any is close."""
    found = difflib.get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    return found[0] if found else None
