"""The SQL types of a function, from the annotations of its `def`: as text, or as the second part of `Annotated`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import duckdb
from duckdb.sqltypes import DuckDBPyType

from headrace.errors import ProjectError
from headrace.project.columns import canonical_type
from headrace.project.function import Argument
from headrace.project.pysource import Def, PySource

CODE = "HR-215"
_NULLABLE = re.compile(r"(.*\S)\s+NULL", re.IGNORECASE | re.DOTALL)
_TYPE_FIX = 'write its SQL type as text, as in `x: "DOUBLE"`; or `x: Annotated[pa.Array, "DOUBLE"]`'

# These lose values or their meaning on the way through Arrow, or have no form there. -> what to take instead.
INSTEAD: Mapping[str, str] = MappingProxyType(
    {
        "HUGEINT": "DECIMAL(38,0)",
        "UHUGEINT": "DECIMAL(38,0)",
        "BIGNUM": "VARCHAR",
        "UUID": "VARCHAR",
        "JSON": "VARCHAR",
        "BIT": "VARCHAR",
        "ENUM": "VARCHAR",
        "VARIANT": "VARCHAR",
        "UNION": "STRUCT",
        "TIME WITH TIME ZONE": "TIME",
        "TIME_NS": "TIME",
    }
)


def signature(node: Def, source: PySource) -> tuple[tuple[Argument, ...], str, list[ProjectError]]:
    """The arguments, the result's type, and what is wrong with them."""
    problems = list(_shape(node, source))
    arguments = [_argument(one, source, problems) for one in (*node.args.posonlyargs, *node.args.args)]
    result, nulls = _type(node.returns, node, f"the result of {node.name}()", source, problems)
    if nulls:
        what = f"the result of {node.name}() may always hold NULLs"
        problems.append(_problem(what, node.returns or node, source, "leave NULL out of the type of the result"))
    return tuple(arguments), result, problems


def _shape(node: Def, source: PySource) -> Iterator[ProjectError]:
    """SQL hands over a fixed number of columns, by their place."""
    if isinstance(node, ast.AsyncFunctionDef):
        yield _problem(f"{node.name}() is asynchronous", node, source, "write `def`: SQL waits for its answer")
    taken = node.args
    for star in (taken.vararg, taken.kwarg):
        if star is not None:
            what = f"{node.name}() takes any number of arguments in `{star.arg}`"
            yield _problem(what, star, source, "name each argument, with its type")
    if taken.defaults:
        what = f"{node.name}() has an argument with a default value, and SQL always hands over all of them"
        fix = "leave the value out, or put a * before the argument: SQL does not see it then"
        yield _problem(what, taken.defaults[0], source, fix)
    for one, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        if default is None:
            yield _problem(f"SQL hands over arguments by their place, not as `{one.arg}=`", one, source, "move the *")
    if not (taken.posonlyargs or taken.args or taken.vararg):
        fix = "give it an argument, or begin its name with _"
        yield _problem(f"{node.name}() takes no argument, so it has no rows to answer", node, source, fix)


def _argument(one: ast.arg, source: PySource, problems: list[ProjectError]) -> Argument:
    kind, nulls = _type(one.annotation, one, f"argument `{one.arg}`", source, problems)
    return Argument(one.arg, kind, nulls)


def _type(
    annotation: ast.expr | None, at: ast.AST, called: str, source: PySource, problems: list[ProjectError]
) -> tuple[str, bool]:
    if annotation is None:
        fix = _TYPE_FIX if isinstance(at, ast.arg) else 'write it after the arguments, as in `-> "DOUBLE":`'
        problems.append(_problem(f"{called} has no type", at, source, fix))
        return "", False
    text = _text(annotation)
    if text is None:
        problems.append(_problem(f"the type of {called} is not a text", annotation, source, _TYPE_FIX))
        return "", False
    nullable = _NULLABLE.fullmatch(text.strip())
    try:
        kind = canonical_type(nullable[1] if nullable else text)
        refused = next(_refused(duckdb.sqltype(kind)), "")
    except ValueError as error:
        problems.append(_problem(f"{text!r} is not a type: {error}", annotation, source, _TYPE_FIX))
        return "", False
    if refused:
        fix = f"declare {INSTEAD[refused]}, and cast in SQL where that is not done by itself"
        problems.append(_problem(f"{refused} does not go through Arrow as it is", annotation, source, fix))
    return kind, nullable is not None


def _text(annotation: ast.expr) -> str | None:
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).split(".")[-1] == "Annotated":
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
        annotation = parts[1] if len(parts) > 1 else annotation
    return annotation.value if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str) else None


def _refused(kind: DuckDBPyType) -> Iterator[str]:
    name = str(kind).partition("(")[0]
    if name in INSTEAD:
        yield name
    elif kind.id in {"list", "array", "struct", "map"}:
        for _, part in kind.children:
            if isinstance(part, DuckDBPyType):
                yield from _refused(part)


def _problem(what: str, at: ast.AST, source: PySource, fix: str) -> ProjectError:
    return ProjectError(what, code=CODE, where=source.place(at), fix=fix)
