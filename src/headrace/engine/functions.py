"""The project's functions as DuckDB calls them: a vector of rows at a time, in Arrow.

DuckDB's own handling of NULLs is not used: it takes a NULL that a function answers for an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import ARROW, SPECIAL

from headrace.errors import EngineError, Place
from headrace.project import Function, raised_at

# What a function does wrong leaves DuckDB as text within an error of DuckDB's own; behind this mark it is ours, as JSON.
_MARK = "headrace-function:"

_FAMILIES: tuple[tuple[Callable[[pa.DataType], bool], ...], ...] = (
    (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
    (pa.types.is_date,),
    (pa.types.is_time,),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is None,),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None,),
)


def register(connection: duckdb.DuckDBPyConnection, functions: Mapping[str, Function]) -> None:
    """Make functions known to a database and all its connections; outside a transaction, with the time zone set.

    Raises:
        EngineError: HR-609, DuckDB does not take one.
    """
    for function in functions.values():
        try:
            _register(connection, function)
        except duckdb.Error as error:
            what = f"DuckDB does not take {function.name}(): {str(error).splitlines()[0]}"
            fix = "rename it, or mend its signature; numpy has to be installed"
            state = "nothing was run"
            raise EngineError(what, code="HR-609", where=function.where, state=state, fix=fix) from error


def _register(connection: duckdb.DuckDBPyConnection, function: Function) -> None:
    takes: list[Any] = [argument.type for argument in function.arguments]
    types = [_arrow(connection, kind) for kind in (*takes, function.result)]
    connection.create_function(
        function.name,
        _vectorised(function, types[:-1], types[-1]),
        takes,
        function.result,
        type=ARROW,
        null_handling=SPECIAL,
    )


def function_error(error: duckdb.Error, doing: str, state: str) -> EngineError | None:
    """What one of the project's functions did wrong, if that is behind ``error``."""
    start = str(error).find(_MARK)
    if start < 0:
        return None
    told = json.JSONDecoder().raw_decode(str(error), start + len(_MARK))[0]
    path, line, column, excerpt = told["where"]
    where = Place(Path(path), line, column, excerpt)
    return EngineError(f"{told['what']} (while {doing})", code=told["code"], where=where, state=state, fix=told["fix"])


class _Failed(Exception):  # noqa: N818  # it never meets anybody: DuckDB makes an error of its own of it
    def __init__(self, what: str, code: str, where: Place, fix: str) -> None:
        place = [str(where.path), where.line, where.column, where.excerpt]
        super().__init__(_MARK + json.dumps({"what": what, "code": code, "where": place, "fix": fix}))


def _arrow(connection: duckdb.DuckDBPyConnection, kind: str) -> pa.DataType:
    return connection.execute(f"SELECT NULL::{kind} AS x").to_arrow_table().schema.field("x").type


def _vectorised(
    function: Function, takes: Sequence[pa.DataType], gives: pa.DataType
) -> Callable[..., pa.Array | pa.ChunkedArray]:
    strict = [i for i, argument in enumerate(function.arguments) if not argument.nulls]

    def call(*columns: pa.ChunkedArray) -> pa.Array:
        arrays = [_array(column, kind) for column, kind in zip(columns, takes, strict=True)]
        holed = [arrays[i] for i in strict if arrays[i].null_count]
        if not holed:
            return _answer(function, arrays, gives)
        there = reduce(pc.and_, (array.is_valid() for array in holed))
        kept = [array.filter(there) for array in arrays]
        if not len(kept[0]):
            return pa.nulls(len(there), gives)
        return _answer(function, kept, gives).take(_positions(there))

    # DuckDB counts a function's parameters.
    places = [Parameter(f"c{i}", Parameter.POSITIONAL_ONLY) for i in range(len(takes))]
    call.__signature__ = Signature(places)  # type: ignore[attr-defined]
    return call


def _array(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    """As the function's author knows the type, whatever form of it the connection asks of DuckDB."""
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if array.type == kind:
        return array
    return (array.storage if isinstance(array, pa.ExtensionArray) else array).cast(kind)


def _positions(there: pa.BooleanArray) -> pa.Array:
    """For each row the place of its answer among those of the rows that were asked about, or NULL."""
    places = pc.subtract(pc.cumulative_sum(there.cast(pa.int64())), 1)
    return pc.if_else(there, places, pa.scalar(None, pa.int64()))


def _answer(function: Function, arrays: Sequence[pa.Array], gives: pa.DataType) -> pa.Array:
    try:
        found = function.call(*arrays)
    except (Exception, SystemExit) as error:
        raise _raised(function, error) from error
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    if not isinstance(found, pa.Array):
        fix = "give an Arrow array; pa.array(values) makes one of other values"
        raise _wrong(function, f"gave {_article(found)}, not an Arrow array", fix)
    if len(found) != len(arrays[0]):
        fix = "give one value for each row it is handed, in their order"
        raise _wrong(function, f"gave {len(found):,} values for {len(arrays[0]):,} rows", fix)
    return found if found.type == gives else _cast(function, found, gives)


def _cast(function: Function, found: pa.Array, gives: pa.DataType) -> pa.Array:
    """Widths may differ, and numbers of a kind, as long as no value changes; kinds may not."""
    if pa.types.is_dictionary(found.type):
        found = found.dictionary_decode()
    if not _alike(found.type, gives):
        fix = f"convert what it gives, or declare what that is: {function.result} is {gives} in Arrow"
        raise _wrong(function, f"gave {found.type}, and declares {function.result}", fix)
    try:
        return found.cast(gives)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        fix = f"round or bound what it gives, or declare a wider type than {function.result}"
        raise _wrong(function, f"gave a value that is none of {function.result}: {error}", fix) from error


def _alike(one: pa.DataType, other: pa.DataType) -> bool:
    if pa.types.is_null(one) or one == other:
        return True
    if pa.types.is_nested(one) and pa.types.is_nested(other):
        if one.num_fields != other.num_fields or pa.types.is_struct(one) != pa.types.is_struct(other):
            return False
        parts = [(one.field(i), other.field(i)) for i in range(one.num_fields)]
        named = not pa.types.is_struct(one) or all(a.name == b.name for a, b in parts)
        return named and all(_alike(a.type, b.type) for a, b in parts)
    return any(any(is_(one) for is_ in family) and any(is_(other) for is_ in family) for family in _FAMILIES)


def _raised(function: Function, error: BaseException) -> _Failed:
    return _Failed(
        f"{function.name}() failed: {type(error).__name__}: {error}",
        "HR-607",
        raised_at(error, function.where.path) or function.where,
        "correct the function, or let it give NULL where it has no answer; then run again",
    )


def _wrong(function: Function, what: str, fix: str) -> _Failed:
    return _Failed(f"{function.name}() {what}", "HR-608", function.where, fix)


def _article(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
