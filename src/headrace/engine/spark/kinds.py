"""Types.

| DuckDB | Spark | |
| --- | --- | --- |
| HUGEINT | DECIMAL(38, 0) | 38 digits: a value beyond them is an error, not another value |
| VARCHAR | STRING | both compare by code point |
| TIMESTAMP | TIMESTAMP_NTZ | |
| TIMESTAMP WITH TIME ZONE | TIMESTAMP | the session's time zone is UTC |
| JSON | STRING | DuckDB compares it as the text that it is |
| UTINYINT, USMALLINT, UINTEGER, UBIGINT | SMALLINT, INT, BIGINT, DECIMAL(20, 0) | they are compared and counted there; DuckDB computes with them |
| STRUCT, lists | STRUCT, ARRAY | of types in this table; DuckDB orders lists |

BOOLEAN, signed integers, DECIMAL, FLOAT, DOUBLE and DATE mean the same. What is not here is refused: BLOB, TIME, INTERVAL, UUID, ENUM, MAP,
UNION, BIT, arrays of fixed length.
"""

from __future__ import annotations

from functools import cache

from sqlglot import exp

from headrace.engine.spark.refusal import Unfaithful

T = exp.DType
INTEGERS = {T.TINYINT: 3, T.SMALLINT: 5, T.INT: 10, T.BIGINT: 19, T.INT128: 38}
FLOATS = {T.FLOAT, T.DOUBLE}
TIMES = {T.DATE, T.TIMESTAMPNTZ, T.TIMESTAMPTZ}
_SAME = {T.BOOLEAN, T.TINYINT, T.SMALLINT, T.INT, T.BIGINT, T.FLOAT, T.DOUBLE, T.DATE, T.TIMESTAMPNTZ, T.TIMESTAMPTZ}
# In Spark, and as DuckDB hands it over in Arrow.
_WIDER = {
    T.INT128: "DECIMAL(38, 0)",
    T.UBIGINT: "DECIMAL(20, 0)",
    T.UINT: "BIGINT",
    T.USMALLINT: "INT",
    T.UTINYINT: "SMALLINT",
}
_NAMED = {T.VARCHAR: "STRING", T.TEXT: "STRING", T.JSON: "STRING", **_WIDER}
NESTED = {T.STRUCT, T.LIST, T.ARRAY}
NOTHING = '"NULL"'


@cache
def parsed(kind: str) -> exp.DataType:
    """A type text of DuckDB's."""
    if kind == NOTHING:
        return exp.DataType(this=T.NULL)
    return exp.DataType.build(kind, dialect="duckdb", udt=True)


def spark_type(kind: exp.DataType) -> exp.DataType:
    """The type in Spark that holds the same values.

    Raises:
        Unfaithful: there is none.
    """
    if kind.this in _SAME or kind.this is T.DECIMAL:
        return kind.copy()
    if kind.this in _NAMED:
        return exp.DataType.build(_NAMED[kind.this], dialect="spark")
    if kind.this is T.STRUCT:
        if any(not isinstance(field, exp.ColumnDef) for field in kind.expressions):
            raise Unfaithful(f"the type {kind.sql('duckdb')}, whose fields have no names,")
        fields = [exp.ColumnDef(this=f.this.copy(), kind=spark_type(f.kind)) for f in kind.expressions]
        return exp.DataType(this=T.STRUCT, expressions=fields, nested=True)
    if _is_list(kind):
        return exp.DataType(this=T.ARRAY, expressions=[spark_type(kind.expressions[0])], nested=True)
    raise Unfaithful(f"the type {kind.sql('duckdb')}")


def arrow_type(kind: exp.DataType) -> exp.DataType:
    """The type in DuckDB that goes to Arrow as Spark has it."""
    if kind.this in _WIDER or kind.this is T.JSON:
        return exp.DataType.build(_WIDER.get(kind.this, "VARCHAR"), dialect="duckdb")
    made = kind.copy()
    if kind.this is T.STRUCT:
        made.set("expressions", [exp.ColumnDef(this=f.this.copy(), kind=arrow_type(f.kind)) for f in kind.expressions])
    elif _is_list(kind):
        made.set("expressions", [arrow_type(kind.expressions[0])])
    return made


def _is_list(kind: exp.DataType) -> bool:
    return kind.this in {T.LIST, T.ARRAY} and len(kind.expressions) == 1 and not kind.args.get("values")


def spark_name(kind: str) -> str:
    """The type of a column, for CREATE TABLE; of a column that is always NULL, DuckDB's tables have INTEGER."""
    return "INT" if kind == NOTHING else spark_type(parsed(kind)).sql("spark")


def is_number(kind: exp.DataType) -> bool:
    return is_exact(kind) or kind.this in FLOATS


def is_exact(kind: exp.DataType) -> bool:
    return kind.this in INTEGERS or kind.this is T.DECIMAL


def is_text(kind: exp.DataType) -> bool:
    return kind.this in {T.VARCHAR, T.TEXT}


def same(one: exp.DataType, other: exp.DataType) -> bool:
    return one.sql("duckdb") == other.sql("duckdb")
