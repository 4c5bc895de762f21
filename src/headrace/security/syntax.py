"""Which syntax a query may use: data. A class of tree node that is not named here is refused.

Everything here reads, computes or shapes a result. Absent, and so refused, is the rest of what sqlglot can parse
today or will parse tomorrow: every statement but a query, SELECT INTO, locks, hints, time travel, DESCRIBE and
SHOW in FROM, pivots over values found while running (DuckDB makes a type for those), types that users make, and
operators that are looked up by name.
"""

from __future__ import annotations

from sqlglot import exp


def _words(text: str) -> list[str]:
    return text.split()


def _classes(text: str) -> frozenset[type[exp.Expr]]:
    return frozenset(getattr(exp, name) for name in _words(text))


CLAUSES = _classes(
    """
    CTE Cube Distinct Except From Group GroupingSets Having Intersect Join Lateral Limit LimitOptions Offset Order
    Ordered Pivot PivotAlias Qualify Rollup Select Subquery Table TableAlias TableSample Union Unnest
    UnpivotColumns Values Where With
    """
)

NAMES = _classes("Alias Column Columns Dot Identifier PositionalColumn Star")

VALUES = _classes(
    """
    Array Boolean Interval Literal Map Null Placeholder PropertyEQ RawString Struct ToMap Tuple Var
    """
)

OPERATORS = _classes(
    """
    Add All And Any ArrayContainedBy ArrayContainsAll ArrayOverlaps AtTimeZone Between BitwiseAnd
    BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift Bracket Case Collate Comprehension DPipe Distance Div
    EQ Escape Exists GT GTE Glob ILike If In IntDiv Is JSONExtract JSONExtractScalar LT LTE Lambda Like Mod Mul
    NEQ Neg Not NullSafeEQ NullSafeNEQ Or Paren Pow RegexpFullMatch SimilarTo Slice StartsWith Sub
    """
)

CALLS = _classes(
    """
    Anonymous Cast CurrentDate CurrentTime CurrentTimestamp Extract Filter IgnoreNulls Localtime Localtimestamp
    ParseJSON RespectNulls StrPosition Substring Trim TryCast Window WindowSpec WithinGroup
    """
)
"""`Anonymous` is any call by name: functions.py judges the name."""

NODES = CLAUSES | NAMES | VALUES | OPERATORS | CALLS | _classes("ColumnDef DataType DataTypeParam")

TYPES = frozenset(
    map(
        exp.DType.__getitem__,
        _words(
            """
            ARRAY BIGINT BIGNUM BIT BOOLEAN DATE DECIMAL DOUBLE ENUM FLOAT INT INT128 INTERVAL JSON LIST MAP NVARCHAR
            SMALLINT STRUCT TEXT TIME TIMESTAMP TIMESTAMPNTZ TIMESTAMPTZ TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TIMETZ
            TIME_NS TINYINT UBIGINT UINT UINT128 UNION USMALLINT UTINYINT UUID VARBINARY VARCHAR VARIANT
            """
        ),
    )
)
"""The types a value may be cast to: DuckDB's own, never a type by a name that someone could define."""

TABLE_PARTS = frozenset({"this", "db", "alias", "joins", "pivots", "sample", "ordinality"})
"""What may stand at a table in FROM: no catalog, no `AT (VERSION => …)`, no `ONLY`, no `ROWS FROM`."""
