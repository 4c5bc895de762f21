"""Text -> one tree. The limits hold before the work they bound is done."""

from __future__ import annotations

from sqlglot import ErrorLevel, exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from headrace.security.dialect import DIALECT
from headrace.security.request import Request

MAX_BYTES = 1_000_000
MAX_TOKENS = 50_000  # parsing takes some 20 µs a token, and holds the interpreter's lock while it does
MAX_NODES = 100_000


def read(request: Request) -> exp.Expr:
    """The statement as a tree.

    Raises:
        UsageError: HR-150 too long, too large or too deeply nested; HR-151 not SQL; HR-152 not one statement.
    """
    tokens = _tokens(request)
    _one_statement(tokens, request)
    try:
        trees = DIALECT.parser(error_level=ErrorLevel.IMMEDIATE).parse(tokens, request.sql)
    except ParseError as error:
        raise _not_sql(error, request) from None
    except (AttributeError, LookupError, TypeError, ValueError):  # the parser's own slips, found by fuzzing
        raise request.wrong("this is not SQL that can be read", "HR-151", fix="begin with a simple SELECT") from None
    tree = trees[0] if trees else None
    if tree is None:
        raise request.wrong("the text holds no statement", "HR-152", fix="write one SELECT")
    if sum(1 for _ in tree.walk()) > MAX_NODES:
        raise _too_large(request)
    return tree


def _tokens(request: Request) -> list[Token]:
    try:
        size = len(request.sql.encode())
    except UnicodeEncodeError:
        raise request.wrong("the text is not Unicode", "HR-151", fix="send it as UTF-8") from None
    if size > MAX_BYTES:
        raise request.wrong(f"the text has {size:,} bytes; {MAX_BYTES:,} are allowed", "HR-150", fix="ask less at once")
    if "\0" in request.sql:
        raise request.wrong("the text holds a NUL character, where the engine stops reading", "HR-151", fix="remove it")
    try:
        tokens: list[Token] = DIALECT.tokenize(request.sql)
    except TokenError as error:
        what = "a quotation or a comment is opened and never closed"
        wrong = request.wrong(what, "HR-151", fix="close it, or double the quote within it")
        wrong.where = request.place_at(error.start or 0, (error.start or 0) + 1)
        raise wrong from None
    if len(tokens) > MAX_TOKENS:
        raise _too_large(request)
    return tokens


def _one_statement(tokens: list[Token], request: Request) -> None:
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            error = request.wrong("the text holds more than one statement", "HR-152", fix="send them one by one")
            error.where = request.place_at(token.start, token.end + 1)
            raise error


def _too_large(request: Request) -> Exception:
    return request.wrong(f"the query has more than {MAX_TOKENS:,} words", "HR-150", fix="ask less at once")


def _not_sql(error: ParseError, request: Request) -> Exception:
    found = error.errors[0]
    wrong = request.wrong(
        f"this is not SQL that can be read: {(found.get('description') or 'unexpected word').rstrip('.')}",
        "HR-151",
        fix="mend the text at the mark",
    )
    word = found.get("highlight") or ""
    lines = request.sql.split("\n")
    line, column = found.get("line") or 1, found.get("col") or 1
    start = sum(len(text) + 1 for text in lines[: line - 1]) + max(0, column - len(word))
    wrong.where = request.place_at(min(start, len(request.sql)), start + max(1, len(word)))
    return wrong
